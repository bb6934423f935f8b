package fact

import (
	"slices"
	"time"
)

// A Registration is a domain as its registry has it.
type Registration struct {
	Domain string `json:"domain"` // example.com
	// Registered: the registry has such a domain.
	Registered bool `json:"registered"`
	// ExpiresAt is when its registration ends, as the registry has it; zero where the registry does not publish that.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	// Statuses are those of RDAP, in lower case and sorted: "client transfer prohibited", "redemption period" (RFC 8056).
	Statuses    []string `json:"statuses,omitempty"`
	Registrar   string   `json:"registrar,omitempty"`
	NameServers []string `json:"name_servers,omitempty"` // to which the registry delegates it, sorted
}

// Has tells whether it has a status of RDAP.
func (r *Registration) Has(status string) bool { return slices.Contains(r.Statuses, status) }

// Urgent tells whether the registration has ended, or ends before anybody comes to work.
func (r *Registration) Urgent(now time.Time) bool {
	return !r.ExpiresAt.IsZero() && r.ExpiresAt.Sub(now) < urgentLife
}

// Registrations describes the facts of registered domains.
func Registrations() *Kind[Registration] {
	return &Kind[Registration]{
		Name:    "registration",
		Help:    "A domain as its registry has it.",
		Subject: func(r *Registration) string { return r.Domain },
		Labels:  []Label[Registration]{{Name: "domain", Value: func(r *Registration) string { return r.Domain }}},
		Gauges: []Gauge[Registration]{{
			Name: "domain_expiration_timestamp_seconds",
			Help: "When the registration of the domain ends; only where its registry publishes that.",
			Value: func(r *Registration) (float64, bool) {
				return Timestamp(r.ExpiresAt)
			},
		}},
	}
}
