package fact

import "time"

// An ExternalLinksRequest asks whether the links of a document to other servers are alive.
type ExternalLinksRequest DocumentRequest

// FactKind is the kind of fact that answers it.
func (ExternalLinksRequest) FactKind() string { return "external_links" }

// ExternalLinks are the links of a document to other servers.
type ExternalLinks struct {
	Document string `json:"document"`          // the name by which it is asked for
	Place    string `json:"place"`             // where it is; empty: there is none
	Asked    int    `json:"asked"`             // how many were asked at least once
	Waiting  int    `json:"waiting,omitempty"` // how many were not yet
	// Failing are those that did not answer as they should when they were last asked.
	Failing []FailingLink `json:"failing,omitempty"`
}

// A FailingLink is one that did not answer as it should.
type FailingLink struct {
	Line   int       `json:"line"`
	Link   string    `json:"link"` // without what stands behind ? in it
	Detail string    `json:"detail"`
	Since  time.Time `json:"since"` // when it first did not
	Times  int       `json:"times"` // how often in a row
}

// AllExternalLinks describes the facts of links to other servers. They export nothing: how many are dead the item tells.
func AllExternalLinks() *Kind[ExternalLinks] {
	return &Kind[ExternalLinks]{
		Name:    "external_links",
		Help:    "Whether the links of a document to other servers are alive, where an item asks for that.",
		Subject: func(l *ExternalLinks) string { return l.Document },
	}
}
