package fact

// A Staging is a namespace of production, compared with the one in which the same application is tried before.
type Staging struct {
	Cluster     string       `json:"cluster"`
	Namespace   string       `json:"namespace"`
	With        string       `json:"with"`     // what it is compared with: "namespace shop-staging of cluster main"
	Compared    int          `json:"compared"` // objects of production
	Differences []Difference `json:"differences"`
	// Images are those that run in production.
	Images []StagedImage `json:"images"`
	// CompareValues: the values of Secrets were compared. SameValues are those that are the same in both, as Secret/name key.
	CompareValues bool     `json:"compare_values"`
	Values        int      `json:"values"` // how many credentials were compared
	SameValues    []string `json:"same_values"`
}

// A Difference is what differs between production and staging.
type Difference struct {
	Object     string `json:"object"`     // Deployment/api
	Aspect     string `json:"aspect"`     // container api: image; empty where one of both is missing
	Production string `json:"production"` // empty: not there
	Staging    string `json:"staging"`    // empty: not there
}

// A StagedImage is an image of production.
type StagedImage struct {
	Object string `json:"object"` // Deployment/api
	Image  string `json:"image"`
	Staged bool   `json:"staged"` // it runs in staging, or a revision that is kept there had it
}

// Subject names the namespace of production.
func (s *Staging) Subject() string { return s.Cluster + "/" + s.Namespace }

// Stagings describes the facts of comparisons with staging.
func Stagings() *Kind[Staging] {
	return &Kind[Staging]{
		Name:    "staging",
		Help:    "A namespace of production, compared with the one in which the same application is tried before.",
		Subject: (*Staging).Subject,
		Labels: []Label[Staging]{
			{Name: "kubernetes_cluster", Value: func(s *Staging) string { return s.Cluster }},
			{Name: "kubernetes_namespace", Value: func(s *Staging) string { return s.Namespace }},
		},
		Gauges: []Gauge[Staging]{{
			Name:  "staging_differences",
			Help:  "In how many ways production differs from staging.",
			Value: func(s *Staging) (float64, bool) { return float64(len(s.Differences)), true },
		}},
	}
}
