package kubernetes

import (
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// A rollout is what is kept of Argo's Rollout: it is a workload, or runs the pods of a Deployment, which is scaled down meanwhile
// (https://argo-rollouts.readthedocs.io/en/stable/migrating/#reference-deployment-from-rollout).
type rollout struct {
	id         owner
	name       string
	labels     labels.Set
	own        *workload // nil: it has no template of its own
	deployment string    // that it runs the pods of; empty: of none
	unread     string    // why its template is not known, in words; empty where it is
	replicas   fact.Replicas
	counted    bool // its controller has counted its pods
	inProgress bool
	stalled    bool
	paused     bool
	trouble    string
}

func rollouts() watch.Resource[rollout] {
	return watch.Resource[rollout]{
		GroupVersionResource: schema.GroupVersionResource{Group: "argoproj.io", Resource: "rollouts"},
		Keep:                 func(object any) rollout { return keepRollout(object.(*unstructured.Unstructured)) },
	}
}

func keepRollout(u *unstructured.Unstructured) rollout {
	keep := rollout{id: intern(u.GetUID()), name: u.GetName(), labels: u.GetLabels()}
	count := func(field string) int {
		n, there := numberAt(u, "status", field)
		keep.counted = keep.counted || there
		return n
	}
	keep.replicas = fact.Replicas{
		Desired: 1, Ready: count("readyReplicas"), Available: count("availableReplicas"), Updated: count("updatedReplicas"),
	}
	if n, declared := numberAt(u, "spec", "replicas"); declared {
		keep.replicas.Desired = n
	}
	phase := textAt(u, "status", "phase")
	keep.inProgress, keep.stalled, keep.paused = phase == "Progressing", phase == "Degraded", phase == "Paused"
	if failure := conditionOf(u, "ReplicaFailure"); failure.status == "True" {
		keep.trouble = failure.reason
	}
	switch kind := textAt(u, "spec", "workloadRef", "kind"); kind {
	case "":
		if err := keep.keepOwn(u); err != nil {
			keep.unread = err.Error()
		}
	case fact.KindDeployment:
		keep.deployment = textAt(u, "spec", "workloadRef", "name")
	default:
		keep.unread = "its template is that of the " + kind + " " + textAt(u, "spec", "workloadRef", "name") + ", which is not read"
	}
	return keep
}

func rolloutsOf(s *snapshot) map[types.NamespacedName]rollout {
	found := make(map[types.NamespacedName]rollout)
	stored(s, rollouts()).Each(func(name types.NamespacedName, r rollout) {
		of := types.NamespacedName{Namespace: name.Namespace, Name: r.deployment}
		if other, there := found[of]; r.deployment != "" && (!there || r.id.Value() < other.id.Value()) { // Of several, always the same one.
			found[of] = r
		}
	})
	return found
}

// run adds to a Deployment what the rollout runs in its place, by its ReplicaSets where its own controller has not counted.
func (r rollout) run(f *fact.Workload, sets []replicaSet) {
	own := r.replicas
	if !r.counted {
		for _, set := range sets {
			own.Ready, own.Available = own.Ready+set.pods.Ready, own.Available+set.pods.Available
		}
		own.Updated = own.Ready
	}
	f.Replicas = fact.Replicas{
		Desired: f.Replicas.Desired + own.Desired, Ready: f.Replicas.Ready + own.Ready, Available: f.Replicas.Available + own.Available,
		Updated: f.Replicas.Updated + own.Updated, Unavailable: f.Replicas.Unavailable + max(0, own.Desired-own.Available),
	}
	f.Rollout.InProgress, f.Rollout.Stalled, f.Rollout.Paused = r.inProgress, r.stalled, r.paused
	f.Rollout.EndedAt = time.Time{} // What the Deployment notes is of before.
	if r.trouble != "" {
		f.Rollout.Trouble = r.trouble
	}
}
