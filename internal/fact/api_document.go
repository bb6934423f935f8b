package fact

// An APIDocument is one that describes an API, as a repository has it and as it is served.
type APIDocument struct {
	Name     string `json:"name"`
	Searched string `json:"searched,omitempty"` // where it was sought, in words; empty: nowhere but at URL
	URL      string `json:"url,omitempty"`      // where it is served; empty: that is not declared
	// MustBeKept: it is declared in which repository it is.
	MustBeKept bool `json:"must_be_kept,omitempty"`
	// Kept is the one of a repository; nil: there is none.
	Kept *APIDescription `json:"kept,omitempty"`
	// Served is the one at URL; nil: there is no URL, or it is unavailable.
	Served *APIDescription `json:"served,omitempty"`
	// Differences are those between the two, by parts of the document; where one of them cannot be read, there are none.
	Differences []APIDifferences `json:"differences,omitempty"`

	lacks []string
}

// An APIDescription is what a document says of an API.
type APIDescription struct {
	Place string `json:"place"` // the path in a repository, or the address
	// Unreadable says why it is no document that describes an API; empty: it is one.
	Unreadable string `json:"unreadable,omitempty"`
	Format     string `json:"format,omitempty"` // "OpenAPI 3.0.3"
	Title      string `json:"title,omitempty"`
	Version    string `json:"version,omitempty"` // of the API
	Operations int    `json:"operations"`
	// Faults are the first that make it invalid; MoreFaults counts the others.
	Faults     []string `json:"faults,omitempty"`
	MoreFaults int      `json:"more_faults,omitempty"`
	// External is the first reference to another document, for which it is not validated; empty: there is none.
	External string `json:"external,omitempty"`
}

// APIDifferences are where two documents differ within one part of them, without values.
type APIDifferences struct {
	Part     string   `json:"part"` // contract, servers, descriptions or extensions
	Count    int      `json:"count"`
	Pointers []string `json:"pointers"` // the first (RFC 6901)
}

// TopicServed is the document that is served.
const TopicServed = "served document"

// Lack notes that a topic could not be collected.
func (d *APIDocument) Lack(topic string) { d.lacks = append(d.lacks, topic) }

// Lacks gives the topics of what could not be collected.
func (d *APIDocument) Lacks() []string { return d.lacks }

// APIDocuments describes the facts of documents that describe APIs. They export nothing: what is wrong the item tells.
func APIDocuments() *Kind[APIDocument] {
	return &Kind[APIDocument]{
		Name:    "api_document",
		Help:    "A document that describes an API (OpenAPI, Swagger), as a repository has it and as it is served, without its content.",
		Subject: func(d *APIDocument) string { return d.Name },
	}
}
