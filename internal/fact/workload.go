package fact

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Workload is a Deployment, StatefulSet or DaemonSet of a Kubernetes cluster, or a Rollout of Argo, with what belongs to it.
type Workload struct {
	Cluster   string            `json:"cluster"`
	Namespace string            `json:"namespace"`
	Kind      string            `json:"kind"`
	Name      string            `json:"name"`
	Labels    map[string]string `json:"labels"`
	// Revisions are the names that its labels and annotations give to what it runs: a version, a commit.
	Revisions []string `json:"revisions,omitempty"`
	// Planned: it comes from manifests, and nothing of it has run. What only a cluster knows is as if all went well.
	Planned bool `json:"planned,omitempty"`
	// Missing are the topics of what could not be seen of it; what belongs to them says nothing then.
	Missing []string `json:"missing,omitempty"`

	Replicas Replicas `json:"replicas"`
	// Observed tells whether its controller has seen the newest specification; else Replicas are those of an older one.
	Observed   bool        `json:"observed"`
	Rollout    Rollout     `json:"rollout"`
	Containers []Container `json:"containers"` // with those sidecars that are restarted init containers
	// PodRequests and PodLimits are those of a pod as a whole, which its containers share; 0 where nothing is said.
	PodRequests Resources `json:"pod_requests,omitzero"`
	PodLimits   Resources `json:"pod_limits,omitzero"`
	// InitContainers are those that run to their end before: of each the name, the image and the variables.
	InitContainers []Container `json:"init_containers,omitempty"`
	// HostNamespaces are those of the node that its pods share: network, pid, ipc.
	HostNamespaces []string `json:"host_namespaces"`
	// Database is the one that it runs, by the names of its images: postgresql, mysql, …; empty where it runs none.
	Database string `json:"database"`
	// SpreadRules keep its pods apart, in words: "required anti-affinity by kubernetes.io/hostname".
	SpreadRules []string           `json:"spread_rules"`
	Volumes     []Volume           `json:"volumes"`
	Pods        Pods               `json:"pods"`
	Budgets     []DisruptionBudget `json:"budgets"` // those that cover its pods
	Autoscaler  *Autoscaler        `json:"autoscaler"`
	Policies    []NetworkPolicy    `json:"policies"` // those that select its pods
	// DefaultDeny: a policy of its namespace isolates every pod for what comes in.
	DefaultDeny bool `json:"default_deny"`
	// UnreadPolicies may select its pods too: what they let in is not read.
	UnreadPolicies []UnreadPolicy `json:"unread_policies,omitempty"`

	Services []Outlet  `json:"services"` // those that select its pods
	Routes   []string  `json:"routes"`   // Ingresses and routes that lead to those services: Ingress/shop
	Monitors []Monitor `json:"monitors"` // of those services and pods
	// Previous is the revision that a rollback would go back to; nil where none is kept.
	Previous *Revision `json:"previous"`
	// Unresolved are the Secrets, ConfigMaps and service accounts that it refers to and that do not exist.
	Unresolved []Reference `json:"unresolved"`
}

// The topics of workloads: what is joined to them, and takes a permission of its own to see.
const (
	TopicPods            = "pods"
	TopicBudgets         = "disruption_budgets"
	TopicAutoscalers     = "autoscalers"
	TopicNetworkPolicies = "network_policies"
	TopicServices        = "services"
	TopicMonitors        = "monitors"
	TopicRevisions       = "revisions"
	TopicReferences      = "references"
	TopicVulnerabilities = "vulnerabilities"
	TopicNodeImages      = "node_images"
	TopicRoutes          = "routes"
	TopicClaims          = "claims"
	TopicStorage         = "storage"
	TopicBackupSchedules = "backup_schedules"
	TopicRollout         = "rollout" // how the newest one has gone: manifests do not tell
)

// Lacks gives the topics of what could not be seen.
func (w *Workload) Lacks() []string { return w.Missing }

// Least is how many pods the workload may be left with while there is work: the number that it wants or, where an autoscaler
// may want fewer, the minimum of that.
func (w *Workload) Least() int {
	switch scaler := w.Autoscaler; {
	case scaler == nil, scaler.Paused:
		return w.Replicas.Desired
	case w.Replicas.Desired > 0:
		return min(scaler.Minimum, w.Replicas.Desired)
	case w.RestsAtZero():
		return scaler.Minimum
	default:
		return 0
	}
}

// RolloutEnded tells whether the newest rollout is over, however well its pods do since.
func (w *Workload) RolloutEnded() bool {
	return w.Observed && !w.Rollout.InProgress && !w.Rollout.Stalled && !w.Rollout.EndedAt.IsZero()
}

// RestsAtZero tells whether no pod runs since there is nothing to do, as is meant.
func (w *Workload) RestsAtZero() bool {
	scaler := w.Autoscaler
	return w.Replicas.Desired == 0 && scaler != nil && !scaler.Paused && (scaler.IdlesAtZero || scaler.Minimum == 0)
}

// The kinds of workloads.
const (
	KindDeployment  = "Deployment"
	KindStatefulSet = "StatefulSet"
	KindDaemonSet   = "DaemonSet"
	KindRollout     = "Rollout"
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
	Strategy       string `json:"strategy"`        // RollingUpdate, Recreate, OnDelete, Canary or BlueGreen
	MaxUnavailable int    `json:"max_unavailable"` // pods, as the controller counts them for the desired number
	// MaxUnavailablePercent is what MaxUnavailable is of the desired number; 0 where it is declared as a number.
	MaxUnavailablePercent int `json:"max_unavailable_percent,omitempty"`

	MaxSurge   int           `json:"max_surge"` // pods, as the controller counts them for the desired number
	MinReady   time.Duration `json:"min_ready"`
	Paused     bool          `json:"paused"`
	NoHistory  bool          `json:"no_history,omitempty"` // of a Deployment or Rollout: no revision is kept but the newest
	InProgress bool          `json:"in_progress"`          // pods are being replaced, and no deadline of the workload's own has passed
	Stalled    bool          `json:"stalled"`              // its deadline has passed without progress
	// Partition is how many pods of a StatefulSet are held at the revision before.
	Partition int `json:"partition,omitempty"`
	// Trouble is why its controller cannot make pods, in its own words: exceeded quota; empty where it can.
	Trouble string    `json:"trouble,omitempty"`
	BeganAt time.Time `json:"began_at,omitzero"` // when the newest rollout began; zero where that is not known
	// EndedAt is when the newest rollout was complete, as the controller of a Deployment notes it; of all else, when the last pod that is
	// ready became so. Zero where that is not known.
	EndedAt time.Time `json:"ended_at,omitzero"`
}

// The strategies of Rollouts.
const (
	StrategyCanary    = "Canary"
	StrategyBlueGreen = "BlueGreen"
)

// UnavailableOf is how many of a number of pods a release may take away, as controllers count them: they round down, and where
// there may be no more pods than are desired, one goes at least.
func (r Rollout) UnavailableOf(pods int) int {
	n := r.MaxUnavailable
	if r.MaxUnavailablePercent > 0 {
		n = pods * r.MaxUnavailablePercent / 100
	}
	if n == 0 && r.MaxSurge == 0 {
		n = 1
	}
	return min(n, pods)
}

// Pods are what runs of a workload: pods that have a node and are not on their way out.
type Pods struct {
	Running  int       `json:"running"`
	Nodes    int       `json:"nodes"`              // distinct nodes that they are on
	NewestAt time.Time `json:"newest_at,omitzero"` // when the newest pod of the workload was made, running or not; zero without any
	// Unschedulable is how many have no node, since none takes them.
	Unschedulable int       `json:"unschedulable"`
	Waiting       []Waiting `json:"waiting"` // containers that cannot start
	// Restarted is the newest restart of a container; nil where none has been restarted.
	Restarted *Restart `json:"restarted"`
}

// A Waiting tells of containers that cannot start.
type Waiting struct {
	Container string `json:"container"`
	Reason    string `json:"reason"` // as the kubelet says: CreateContainerConfigError, ImagePullBackOff, …
	Pods      int    `json:"pods"`
}

// A Restart tells of a container that ended and was started again.
type Restart struct {
	Container string    `json:"container"`
	Reason    string    `json:"reason"` // as the kubelet says: OOMKilled, Error, Completed
	At        time.Time `json:"at"`
}

// A Volume is one of the pods of a workload.
type Volume struct {
	Name     string `json:"name"`
	Type     string `json:"type"`     // persistentVolumeClaim, emptyDir, hostPath, ephemeral; others hold no data and are left out
	Claim    string `json:"claim"`    // name of the claim, or of its template
	Path     string `json:"path"`     // of a hostPath
	Template bool   `json:"template"` // it is a template, of which each pod has a claim of its own
	// Claims are the claim, or those that were made of the template, one for each pod.
	Claims []Claim `json:"claims"`
}

// An Autoscaler changes how many pods a workload has.
type Autoscaler struct {
	Kind    string `json:"kind"` // HorizontalPodAutoscaler, ScaledObject
	Name    string `json:"name"`
	Minimum int    `json:"minimum"`
	Maximum int    `json:"maximum"`
	Current int    `json:"current"`
	// IdlesAtZero: while there is nothing to do no pod runs at all, whatever the minimum.
	IdlesAtZero bool `json:"idles_at_zero,omitempty"`
	// Paused: the number of pods stays what it is.
	Paused  bool   `json:"paused,omitempty"`
	Active  bool   `json:"active"`  // it can read its metrics and scale
	Trouble string `json:"trouble"` // why it is not active, in its controller's word: FailedGetResourceMetric
	// AtMaximumSince is when it began to want more than the maximum; zero while it does not.
	AtMaximumSince time.Time `json:"at_maximum_since,omitzero"`
	ScaledAt       time.Time `json:"scaled_at,omitzero"` // when it last changed the number; zero where it never has
}

// A NetworkPolicy is one that selects the pods of a workload.
type NetworkPolicy struct {
	Name    string `json:"name"`
	Ingress bool   `json:"ingress"` // it isolates them for what comes in
	Egress  bool   `json:"egress"`  // it isolates them for what goes out
	// Admits are the widest peers that it lets in to every port, AdmitsToPorts those to some ports alone; empty: nobody.
	Admits        Peers `json:"admits,omitempty"`
	AdmitsToPorts Peers `json:"admits_to_ports,omitempty"`
}

// An UnreadPolicy is one of a network plugin, or of the administrators of the cluster.
type UnreadPolicy struct {
	Kind string `json:"kind"` // CiliumNetworkPolicy, AdminNetworkPolicy, …
	Name string `json:"name"`
	// After: it only decides where no NetworkPolicy does, and lets in nothing that one keeps out.
	After bool `json:"after,omitempty"`
}

// Peers say how many may connect.
type Peers string

// The peers that a policy can let in, from few to many.
const (
	PeersNone      Peers = ""          // nobody
	PeersSome      Peers = "some"      // those that a selector or a block of addresses names
	PeersNamespace Peers = "namespace" // every pod of the same namespace
	PeersCluster   Peers = "cluster"   // every pod of the cluster
	PeersAny       Peers = "any"       // whoever can reach the pod
)

// A Monitor is a ServiceMonitor or PodMonitor that selects the services or the pods of a workload.
type Monitor struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	// UnknownPorts are those that it names and that the service or the pods do not have.
	UnknownPorts []string `json:"unknown_ports"`
}

// A Revision is an earlier state of a workload that is kept to go back to.
type Revision struct {
	Name       string      `json:"name"`
	MadeAt     time.Time   `json:"made_at"`
	Images     []string    `json:"images"`
	Unresolved []Reference `json:"unresolved"`
}

// A Reference is to an object that a workload needs.
type Reference struct {
	Kind string `json:"kind"` // Secret, ConfigMap
	Name string `json:"name"`
	From string `json:"from"` // what needs it: "env DB_PASSWORD of container api", "volume config", "imagePullSecrets"
	// Optional: pods start without it.
	Optional bool `json:"optional,omitempty"`
}

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

// NeededOf is how many of a number of pods must stay healthy, as the controller of budgets counts them: it rounds up.
func (b DisruptionBudget) NeededOf(pods int) int {
	part := func(declared string) int {
		percent, is := strings.CutSuffix(declared, "%")
		n, err := strconv.Atoi(percent)
		switch {
		case err != nil:
			return 0
		case is:
			return (pods*n + 99) / 100
		default:
			return n
		}
	}
	switch {
	case b.MaxUnavailable != "":
		return max(0, pods-part(b.MaxUnavailable))
	case b.MinAvailable != "":
		return max(0, part(b.MinAvailable))
	default:
		return 1
	}
}

// Subject names the workload: cluster, namespace, kind and name.
func (w *Workload) Subject() string {
	return w.Cluster + "/" + w.Namespace + "/" + w.Kind + "/" + w.Name
}

// HasRevisions tells the kinds of workloads of which ReplicaSets are kept to go back to, and whose rollouts have a deadline.
func (w *Workload) HasRevisions() bool { return w.Kind == KindDeployment || w.Kind == KindRollout }

// Workloads describes the facts of workloads.
func Workloads() *Kind[Workload] {
	return &Kind[Workload]{
		Name:    "workload",
		Help:    "A Deployment, StatefulSet, DaemonSet or Argo Rollout of a Kubernetes cluster, with its pods and disruption budgets.",
		Subject: (*Workload).Subject,
		Labels: []Label[Workload]{
			{Name: "kubernetes_cluster", Value: func(w *Workload) string { return w.Cluster }},
			{Name: "kubernetes_namespace", Value: func(w *Workload) string { return w.Namespace }},
			{Name: "kind", Value: func(w *Workload) string { return w.Kind }},
			{Name: "name", Value: func(w *Workload) string { return w.Name }},
		},
		Gauges: []Gauge[Workload]{
			{
				Name:  "workload_replicas_desired",
				Help:  "How many pods of the workload are desired.",
				Value: func(w *Workload) (float64, bool) { return float64(w.Replicas.Desired), true },
			},
			{
				Name:  "workload_replicas_least",
				Help:  "How many pods the workload's autoscaler may leave it with; absent where that is as many as are desired.",
				Value: (*Workload).fewer,
			},
			{
				Name:  "workload_replicas_available",
				Help:  "How many pods of the workload are available.",
				Value: func(w *Workload) (float64, bool) { return float64(w.Replicas.Available), true },
			},
			{
				Name: "workload_nodes",
				Help: "How many nodes the pods of the workload run on; absent while they are being replaced, or are not known.",
				Value: func(w *Workload) (float64, bool) {
					return float64(w.Pods.Nodes), !w.Rollout.InProgress && !slices.Contains(w.Missing, TopicPods)
				},
			},
			{
				Name:  "workload_disruptions_allowed",
				Help:  "How many pods of the workload may be disrupted now, by the strictest of its budgets; absent without one.",
				Value: (*Workload).disruptionsAllowed,
			},
			{
				Name:  "workload_rollout_in_progress",
				Help:  "1 while the pods of the workload are being replaced; absent otherwise.",
				Value: func(w *Workload) (float64, bool) { return 1, w.Rollout.InProgress },
			},
		},
	}
}

// fewer is how many pods may be left of those that are desired now, while there is work.
func (w *Workload) fewer() (float64, bool) {
	least := w.Least()
	return float64(least), least != w.Replicas.Desired
}

func (w *Workload) disruptionsAllowed() (float64, bool) {
	if len(w.Budgets) == 0 {
		return 0, false
	}
	strictest := w.Budgets[0].Allowed
	for _, budget := range w.Budgets[1:] {
		strictest = min(strictest, budget.Allowed)
	}
	return float64(strictest), true
}
