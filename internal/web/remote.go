package web

import (
	"fmt"
	"net/http"
	"strings"
)

// A Remote is a system of the configuration that another shard has: all that is known of it here is its description.
type Remote struct {
	Name, Environment, Owner string
	Shard                    int
	// Address is where browsers reach that shard; empty where nobody said.
	Address string
}

// Link is the page of the system at its own shard; empty where that has no address.
func (s *Remote) Link() string { return s.linkTo(systemPath(s.Name, s.Environment)) }

// linkTo is a path at the shard of the system.
func (s *Remote) linkTo(path string) string {
	if s.Address == "" {
		return ""
	}
	return s.Address + path
}

// remote gives those systems of other shards that are wanted, in the order of the configuration.
func (o Options) remote(wanted func(*Remote) bool) (found []*Remote) {
	if o.Remote == nil {
		return nil
	}
	all := o.Remote()
	for i := range all {
		if wanted(&all[i]) {
			found = append(found, &all[i])
		}
	}
	return found
}

// elsewhere gives the systems of other shards that a path names; without an environment, those in any.
func (o Options) elsewhere(r *http.Request) []*Remote {
	return o.remote(func(s *Remote) bool {
		return s.Name == r.PathValue("system") && is(r.PathValue("environment"), s.Environment)
	})
}

// A shardedOverview is the overview with those systems of other shards that its filter lets through.
type shardedOverview struct {
	overview
	Remote  []*Remote
	Started bool // every target has been tried once
}

// withRemote narrows the systems of other shards as the filter of an overview narrows its own; whether they are ready is not
// known here.
func (h *handler) withRemote(o overview) shardedOverview {
	remote := h.remote(func(s *Remote) bool {
		o.Environments, o.Teams = append(o.Environments, s.Environment), append(o.Teams, s.Owner)
		return is(o.Environment, s.Environment) && is(o.Team, s.Owner) &&
			strings.Contains(strings.ToLower(s.Name), strings.ToLower(o.Name))
	})
	o.Environments, o.Teams = choices(o.Environments), choices(o.Teams)
	return shardedOverview{o, remote, h.Ready()}
}

// missingSystem tells that the system of a path is not here, and links to the same path at the shards that have it.
func (h *handler) missingSystem(w http.ResponseWriter, r *http.Request, message string) {
	content := refusal{Title: "Not found", Message: message}
	for _, each := range h.elsewhere(r) {
		content.Title, content.Message = "On another shard", "This shard does not have the system."
		content.Links = append(content.Links, link{
			Text: fmt.Sprintf("%s in %s is on shard %d", each.Name, each.Environment, each.Shard),
			Path: each.linkTo(r.URL.RequestURI()),
		})
	}
	h.refuse(w, http.StatusNotFound, content)
}

// noSystem says that the system of a path is not here, and where else it is.
func (h *handler) noSystem(r *http.Request) string {
	message := fmt.Sprintf("no system %q in environment %q", r.PathValue("system"), r.PathValue("environment"))
	for _, each := range h.elsewhere(r) {
		message += fmt.Sprintf(" on this shard: it is on shard %d", each.Shard)
		if each.Address != "" {
			message += ", " + each.Address
		}
	}
	return message
}
