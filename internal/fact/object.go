package fact

import (
	"encoding/json"
	"time"
)

// An Object is one of a Kubernetes cluster, of a resource that the system description names for expressions of its own.
type Object struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"` // empty for what is in none
	Group     string `json:"group"`     // of the API; empty for the core
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	// Object is the whole of it, for expressions alone: it can hold secrets anywhere, and is never shown.
	Object map[string]any `json:"object"`
	MadeAt time.Time      `json:"made_at"`
}

// MarshalJSON leaves out the object itself.
func (o Object) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Cluster   string    `json:"cluster"`
		Namespace string    `json:"namespace"`
		Group     string    `json:"group"`
		Kind      string    `json:"kind"`
		Name      string    `json:"name"`
		MadeAt    time.Time `json:"made_at"`
	}{o.Cluster, o.Namespace, o.Group, o.Kind, o.Name, o.MadeAt})
}

// Subject names the object.
func (o *Object) Subject() string {
	if o.Namespace == "" {
		return o.Cluster + "/" + o.Kind + "/" + o.Name
	}
	return o.Cluster + "/" + o.Namespace + "/" + o.Kind + "/" + o.Name
}

// Objects describes the facts of objects.
func Objects() *Kind[Object] {
	return &Kind[Object]{
		Name:    "object",
		Help:    "An object of a Kubernetes cluster, of a resource that the system description names for expressions of its own.",
		Subject: (*Object).Subject,
		Labels: []Label[Object]{
			{Name: "kubernetes_cluster", Value: func(o *Object) string { return o.Cluster }},
			{Name: "kubernetes_namespace", Value: func(o *Object) string { return o.Namespace }},
			{Name: "group", Value: func(o *Object) string { return o.Group }},
			{Name: "kind", Value: func(o *Object) string { return o.Kind }},
			{Name: "name", Value: func(o *Object) string { return o.Name }},
		},
		Gauges: []Gauge[Object]{{
			Name:  "object_created_timestamp_seconds",
			Help:  "When an object was made, of a resource that the system description names.",
			Value: func(o *Object) (float64, bool) { return Timestamp(o.MadeAt) },
		}},
	}
}
