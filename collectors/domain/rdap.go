package domain

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/httpclient"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

const (
	// maximumAnswer bounds what is read of an answer, in bytes; the list of IANA has 60 KB.
	maximumAnswer = 4 << 20
	// listLife is for how long a list of servers is kept.
	listLife = 24 * time.Hour
	// longestText is how much of a name that a server gives is kept, in bytes, and mostValues how many there are.
	longestText, mostValues = 255, 64
)

// A list says which servers know which domains (RFC 9224, 3).
type list struct {
	Services  [][][]string `json:"services"` // of each the domains, and the URLs of its servers
	fetchedAt time.Time
}

// server is where a domain is asked for: that of the longest of its endings which the list has, by HTTPS where there is a choice.
func (l *list) server(domain string) (string, bool) {
	best, url := -1, ""
	for _, service := range l.Services {
		if len(service) < 2 {
			continue
		}
		for _, ending := range service[0] {
			ending = strings.ToLower(strings.Trim(ending, "."))
			if ending != domain && !strings.HasSuffix(domain, "."+ending) || len(ending) <= best {
				continue
			}
			if at := slices.IndexFunc(service[1], isHTTPS); at >= 0 {
				best, url = len(ending), service[1][at]
			} else if len(service[1]) > 0 {
				best, url = len(ending), service[1][0]
			}
		}
	}
	return url, best >= 0
}

func isHTTPS(text string) bool { return strings.HasPrefix(text, "https://") }

// A domainObject is what an RDAP server answers for a domain (RFC 9083, 5.3), as far as it is of use.
type domainObject struct {
	ObjectClassName string   `json:"objectClassName"`
	LDHName         string   `json:"ldhName"`
	Status          []string `json:"status"`
	Events          []struct {
		Action string `json:"eventAction"`
		Date   string `json:"eventDate"`
	} `json:"events"`
	NameServers []struct {
		LDHName string `json:"ldhName"`
	} `json:"nameservers"`
	Entities []struct {
		Roles  []string `json:"roles"`
		VCards []any    `json:"vcardArray"`
	} `json:"entities"`
}

// collect asks for the registration of a domain.
func (p *prober) collect(ctx context.Context, t Target) (*fact.Registration, error) {
	if t.WHOIS != "" {
		return askWHOIS(ctx, new(net.Dialer), t.WHOIS, t.Domain)
	}
	client, err := p.client(t)
	if err != nil {
		return nil, err
	}
	at := t.Server
	if at == "" {
		known, err := p.list(ctx, client, t.List)
		if err != nil {
			return nil, err
		}
		named, there := known.server(t.Domain)
		if !there {
			return p.byWHOIS(ctx, t.Domain)
		}
		at = named
	}
	address, err := url.Parse(at)
	if err != nil || address.Host == "" {
		return nil, fact.Errorf(fact.ReasonInvalid, "the RDAP server of %s has no address that can be read", t.Domain)
	}
	var found domainObject
	registered, err := get(ctx, client, address.JoinPath("domain", t.Domain), &found)
	if err != nil {
		return nil, fmt.Errorf("ask %s for %s: %w", address.Host, t.Domain, err)
	}
	if !registered {
		return &fact.Registration{Domain: t.Domain}, nil
	}
	return found.describe(t.Domain)
}

// list is the list at an address: the one that is kept, also beyond its time where it cannot be had anew.
func (p *prober) list(ctx context.Context, client *http.Client, at string) (*list, error) {
	p.mu.Lock()
	kept := p.lists[at]
	p.mu.Unlock()
	if kept != nil && p.now().Sub(kept.fetchedAt) < listLife {
		return kept, nil
	}
	address, err := url.Parse(at)
	if err != nil {
		return nil, fact.Errorf(fact.ReasonInvalid, "read the address of the list of RDAP servers: %w", err)
	}
	fetched := &list{fetchedAt: p.now()}
	there, err := get(ctx, client, address, fetched)
	if err == nil && (!there || len(fetched.Services) == 0) {
		err = fact.Errorf(fact.ReasonInvalid, "there is no such list")
	}
	switch {
	case err != nil && kept != nil:
		return kept, nil // Servers move rarely: what was fetched before is better than none.
	case err != nil:
		return nil, fmt.Errorf("get the list of RDAP servers at %s: %w", address.Host, err)
	}
	p.mu.Lock()
	p.lists[at] = fetched
	p.mu.Unlock()
	return fetched, nil
}

// get reads a JSON answer into a value; false: there is no such thing.
func get(ctx context.Context, client *http.Client, address *url.URL, into any) (bool, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), http.NoBody)
	if err != nil {
		return false, err
	}
	request.Header.Set("Accept", "application/rdap+json, application/json")
	response, err := client.Do(request)
	if err != nil {
		return false, httpclient.Error(ctx, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maximumAnswer+1))
	if err != nil {
		return false, httpclient.Error(ctx, err)
	}
	isJSON := isJSON(response.Header.Get("Content-Type"))
	switch code := response.StatusCode; {
	case code == http.StatusNotFound && isJSON, code == http.StatusNotFound && len(body) == 0:
		return false, nil // RFC 7480, 5.3; a page of that code is somebody else's.
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusTooManyRequests:
		return false, fact.Errorf(fact.ReasonDenied, "it does not answer this machine, or not so often (status %d)", code)
	case code >= http.StatusInternalServerError:
		return false, fact.Errorf(fact.ReasonFailed, "it is out of order (status %d)", code)
	case code != http.StatusOK:
		return false, fact.Errorf(fact.ReasonInvalid, "it answers with status %d", code)
	case len(body) > maximumAnswer:
		return false, fact.Errorf(fact.ReasonInvalid, "the answer is longer than %d bytes", maximumAnswer)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return false, fact.Errorf(fact.ReasonInvalid, "the answer is no JSON of RDAP: %s", words.Excerpt(err.Error()))
	}
	return true, nil
}

func isJSON(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && (media == "application/rdap+json" || media == "application/json")
}

// describe makes the fact of what a registry answered. What is about something else is no answer.
func (d *domainObject) describe(domain string) (*fact.Registration, error) {
	if d.ObjectClassName != "domain" || !strings.EqualFold(strings.TrimSuffix(d.LDHName, "."), domain) {
		return nil, fact.Errorf(fact.ReasonInvalid, "the answer is not about the domain %s", domain)
	}
	found := &fact.Registration{Domain: domain, Registered: true, Registrar: d.registrar()}
	for _, event := range d.Events {
		if !strings.EqualFold(event.Action, "expiration") {
			continue // "registrar expiration" is what a registrar and its customer have agreed: the registry decides.
		}
		// Dates of RFC 3339 are expected (RFC 9083, 4.5), and some registries leave out the zone.
		if err := expire(found, words.Printable(event.Date, longestText)); err != nil {
			return nil, err
		}
	}
	for _, status := range d.Status {
		// Some have the statuses of EPP (RFC 8056 maps them): clientTransferProhibited.
		found.Statuses = append(found.Statuses, rdapStatus(words.Printable(strings.TrimSpace(status), longestText)))
	}
	for _, server := range d.NameServers {
		found.NameServers = append(found.NameServers, words.Printable(strings.ToLower(strings.TrimSuffix(server.LDHName, ".")), longestText))
	}
	tidy(found)
	return found, nil
}

// tidy has each status and name server once, sorted, and not more of them than any registry gives.
func tidy(r *fact.Registration) {
	for _, values := range []*[]string{&r.Statuses, &r.NameServers} {
		slices.Sort(*values)
		*values = slices.Compact(*values)
		*values = (*values)[:min(len(*values), mostValues)]
	}
}

// registrar is the name of the registrar: in its vCard (RFC 7095) the text of the property fn.
func (d *domainObject) registrar() string {
	for _, entity := range d.Entities {
		if !slices.Contains(entity.Roles, "registrar") || len(entity.VCards) < 2 {
			continue
		}
		properties, _ := entity.VCards[1].([]any)
		for _, property := range properties {
			parts, _ := property.([]any)
			if len(parts) < 4 || parts[0] != "fn" {
				continue
			}
			if name, is := parts[3].(string); is {
				return words.Printable(name, longestText)
			}
		}
	}
	return ""
}
