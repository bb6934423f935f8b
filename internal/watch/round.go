package watch

import "context"

// A Scope is a part of the cluster that is watched as one: a namespace, or "" for all of them.
type Scope string

// A Round lists again what one user watches. It is for one goroutine.
type Round struct {
	connection *Connection
	user       string
	needed     map[storeKey]bool
	asked      bool // what the API server serves
	served     Served
	unknown    error // why it is not known
}

// Begin begins a round of a user.
func (c *Connection) Begin(user string) *Round {
	return &Round{connection: c, user: user, needed: make(map[storeKey]bool)}
}

// Watch gives the store of a resource, which is watched until a round in which it is not. Where the API server has no
// such resource, there is neither a store nor an error.
func (r *Round) Watch(ctx context.Context, source Source, in Scope) (Stored, error) {
	if source.custom() {
		if !r.asked {
			r.served, r.unknown = r.connection.Discover(ctx)
			r.asked = true
		}
		if r.unknown != nil {
			return nil, r.unknown
		}
		if there, err := r.served.serves(source.Named().GroupResource()); !there {
			return nil, err
		}
	}
	key := storeKey{source.Key(), source.In(in)}
	r.needed[key] = true
	return r.connection.store(r.user, source, key), nil
}

// End ends what the user watched before and has not in this round, unless others need it.
func (r *Round) End() { r.connection.keep(r.user, r.needed) }
