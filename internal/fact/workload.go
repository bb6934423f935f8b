package fact

import (
	"iter"
	"time"
)

// A Workload is a Deployment, StatefulSet or DaemonSet of a Kubernetes cluster, with its pods and disruption budgets.
type Workload struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	Kind      string `json:"kind"`
	Name      string `json:"name"`

	Replicas Replicas `json:"replicas"`
	// Observed tells whether its controller has seen the newest specification; else Replicas are those of an older one.
	Observed   bool        `json:"observed"`
	Rollout    Rollout     `json:"rollout"`
	Containers []Container `json:"containers"` // with those sidecars that are restarted init containers
	// SpreadRules keep its pods apart, in words: "required anti-affinity by kubernetes.io/hostname".
	SpreadRules []string           `json:"spread_rules"`
	Pods        Pods               `json:"pods"`
	Budgets     []DisruptionBudget `json:"budgets"` // those that cover its pods
}

// The kinds of workloads.
const (
	KindDeployment  = "Deployment"
	KindStatefulSet = "StatefulSet"
	KindDaemonSet   = "DaemonSet"
)

// Replicas count the pods of a workload as its controller does.
type Replicas struct {
	Desired     int `json:"desired"`
	Ready       int `json:"ready"`
	Available   int `json:"available"`
	Updated     int `json:"updated"`
	Unavailable int `json:"unavailable"`
}

// A Rollout says how a workload's pods are replaced, and how that goes.
type Rollout struct {
	Strategy       string        `json:"strategy"`        // RollingUpdate, Recreate or OnDelete
	MaxUnavailable int           `json:"max_unavailable"` // pods, as the controller counts them for the desired number
	MaxSurge       int           `json:"max_surge"`       // pods, as the controller counts them for the desired number
	MinReady       time.Duration `json:"min_ready"`
	Paused         bool          `json:"paused"`
	InProgress     bool          `json:"in_progress"` // pods are being replaced, and no deadline of the workload's own has passed
	Stalled        bool          `json:"stalled"`     // its deadline has passed without progress
}

// Pods are what runs of a workload: pods that have a node and are not on their way out.
type Pods struct {
	Running  int       `json:"running"`
	Nodes    int       `json:"nodes"`              // distinct nodes that they are on
	NewestAt time.Time `json:"newest_at,omitzero"` // when the newest pod of the workload was made, running or not; zero without any
}

// A Container is one container of a workload's pods.
type Container struct {
	Name      string          `json:"name"`
	Ports     []ContainerPort `json:"ports"`
	Readiness *Probe          `json:"readiness"`
	Liveness  *Probe          `json:"liveness"`
	Startup   *Probe          `json:"startup"` // nil where there is none
	// SameProbes: liveness and readiness ask exactly the same. The questions themselves can hold secrets, and are not kept.
	SameProbes bool `json:"same_probes"`
}

// A ContainerPort is a port that a container declares.
type ContainerPort struct {
	Name   string `json:"name"`
	Number int    `json:"number"`
}

// A Probe asks a container how it is.
type Probe struct {
	How      ProbeHow      `json:"how"`
	Port     string        `json:"port"` // name or number; empty for a command
	Patience time.Duration `json:"patience"`
}

// A ProbeHow is the way in which a probe asks.
type ProbeHow string

// The ways of probes.
const (
	ProbeHTTP ProbeHow = "http"
	ProbeTCP  ProbeHow = "tcp"
	ProbeGRPC ProbeHow = "grpc"
	ProbeExec ProbeHow = "exec"
)

// A DisruptionBudget is a PodDisruptionBudget that covers the pods of a workload.
type DisruptionBudget struct {
	Name           string `json:"name"`
	MinAvailable   string `json:"min_available"`   // as declared: 2, 50%; empty where it is not
	MaxUnavailable string `json:"max_unavailable"` // as declared; empty where it is not
	Counted        bool   `json:"counted"`         // its controller has counted the pods for the newest specification
	Expected       int    `json:"expected"`        // pods it covers, of all its workloads
	Healthy        int    `json:"healthy"`
	Needed         int    `json:"needed"`    // pods that must stay healthy
	Allowed        int    `json:"allowed"`   // pods that may be disrupted just now
	Workloads      int    `json:"workloads"` // how many workloads it covers
}

// Subject names the workload: cluster, namespace, kind and name.
func (w Workload) Subject() string {
	return w.Cluster + "/" + w.Namespace + "/" + w.Kind + "/" + w.Name
}

// Serving tells whether the container declares a port, so that somebody sends it requests.
func (c Container) Serving() bool { return len(c.Ports) > 0 }

// Workloads describes the facts of workloads.
func Workloads() Kind[Workload] {
	return Kind[Workload]{
		Name:    "workload",
		Help:    "A Deployment, StatefulSet or DaemonSet of a Kubernetes cluster, with its pods and disruption budgets.",
		Subject: Workload.Subject,
		Labels: []Label[Workload]{
			{Name: "cluster", Value: func(w Workload) string { return w.Cluster }},
			{Name: "namespace", Value: func(w Workload) string { return w.Namespace }},
			{Name: "kind", Value: func(w Workload) string { return w.Kind }},
			{Name: "name", Value: func(w Workload) string { return w.Name }},
		},
		Gauges: []Gauge[Workload]{
			{
				Name:   "workload_replicas",
				Help:   "How many pods of the workload are desired, ready, available, updated and unavailable.",
				By:     "state",
				Values: func(w Workload) iter.Seq2[string, float64] { return w.Replicas.byState },
			},
			{
				Name:  "workload_nodes",
				Help:  "How many nodes the pods of the workload run on.",
				Value: func(w Workload) (float64, bool) { return float64(w.Pods.Nodes), true },
			},
			{
				Name:  "workload_disruptions_allowed",
				Help:  "How many pods of the workload may be disrupted now, by the strictest of its budgets; absent without one.",
				Value: Workload.disruptionsAllowed,
			},
			{
				Name:  "workload_rollout_in_progress",
				Help:  "Whether the pods of the workload are being replaced, 1 or 0.",
				Value: func(w Workload) (float64, bool) { return Bool(w.Rollout.InProgress), true },
			},
		},
	}
}

func (r Replicas) byState(yield func(string, float64) bool) {
	_ = yield("desired", float64(r.Desired)) && yield("ready", float64(r.Ready)) &&
		yield("available", float64(r.Available)) && yield("updated", float64(r.Updated)) &&
		yield("unavailable", float64(r.Unavailable))
}

func (w Workload) disruptionsAllowed() (float64, bool) {
	if len(w.Budgets) == 0 {
		return 0, false
	}
	strictest := w.Budgets[0].Allowed
	for _, budget := range w.Budgets[1:] {
		strictest = min(strictest, budget.Allowed)
	}
	return float64(strictest), true
}
