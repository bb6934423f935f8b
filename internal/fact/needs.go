package fact

import "slices"

// A Partial fact is joined from several things, of which some may be unavailable.
type Partial interface {
	// Lacks gives the topics of what could not be collected.
	Lacks() []string
}

// Topics say what of each kind of fact, by its name, is asked for: nil topics are all that a kind has. A kind that is
// not in the map is not asked for; nil is everything of every kind.
type Topics map[string][]string

// Add asks for topics of a kind; nil: all.
func (t Topics) Add(kind string, topics []string) {
	known, there := t[kind]
	switch {
	case topics == nil, there && known == nil:
		t[kind] = nil
	default:
		all := append(append([]string{}, known...), topics...)
		slices.Sort(all)
		t[kind] = slices.Compact(all)
	}
}

// Of gives the topics of a kind that are asked for, and whether it is asked for at all.
func (t Topics) Of(kind string) (topics []string, asked bool) {
	if t == nil {
		return nil, true
	}
	topics, asked = t[kind]
	return topics, asked
}

// Needs tells whether a topic of a kind is asked for; what makes the fact at all, the empty topic, is with any.
func (t Topics) Needs(kind, topic string) bool {
	topics, asked := t.Of(kind)
	return asked && (topic == "" || topics == nil || slices.Contains(topics, topic))
}

// Only gives what is asked of these kinds.
func (t Topics) Only(kinds []Any) Topics {
	if t == nil {
		return nil
	}
	only := make(Topics)
	for _, kind := range kinds {
		if topics, asked := t.Of(kind.KindName()); asked {
			only[kind.KindName()] = topics
		}
	}
	return only
}

// Covers tells whether whoever asked for these topics has what others ask for.
func (t Topics) Covers(others Topics) bool {
	if t == nil {
		return true
	}
	if others == nil {
		return false
	}
	for kind, topics := range others {
		if own, asked := t.Of(kind); !asked || !covers(own, topics) {
			return false
		}
	}
	return true
}

// covers tells whether topics hold others; nil: all there are.
func covers(topics, others []string) bool {
	if topics == nil {
		return true
	}
	return others != nil && !slices.ContainsFunc(others, func(topic string) bool { return !slices.Contains(topics, topic) })
}

// Needs are what the items of a checklist ask for.
type Needs struct {
	Topics   Topics
	Requests []Request // each once
}

// A Request is what an item asks to be collected beyond what the system description names, such as the answer to a
// query. Each distinct one is a target of the collector that knows its type; it is compared by value.
type Request interface {
	// FactKind is the name of the kind of fact that answers it.
	FactKind() string
}

// Add notes what an item asks for.
func (n *Needs) Add(kind string, topics []string) {
	if n.Topics == nil {
		n.Topics = make(Topics)
	}
	n.Topics.Add(kind, topics)
}

// Request notes a request, once.
func (n *Needs) Request(requests ...Request) {
	for _, request := range requests {
		if !slices.Contains(n.Requests, request) {
			n.Requests = append(n.Requests, request)
		}
	}
}
