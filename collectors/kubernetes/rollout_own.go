package kubernetes

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

const (
	// rolloutRevision numbers the ReplicaSets of a Rollout.
	rolloutRevision = "rollout.argoproj.io/revision"
	// rolloutHash is the label by which the controller of Rollouts has a Service select the pods of one revision, and no template has.
	rolloutHash = "rollouts-pod-template-hash"
)

// apart marks a resource whose objects are facts of their own: while it is unavailable, so are those, and the facts of other
// resources stand.
type apart struct{ watch.Source }

// keepOwn reads a Rollout that has a template of its own, as a workload
// (https://argo-rollouts.readthedocs.io/en/stable/features/specification/).
func (r *rollout) keepOwn(u *unstructured.Unstructured) error {
	template, err := templateOfRollout(u)
	if err != nil {
		return err
	}
	meta := metav1.ObjectMeta{
		Namespace: u.GetNamespace(), Name: u.GetName(), UID: u.GetUID(), Labels: u.GetLabels(), Annotations: u.GetAnnotations(),
		Generation: u.GetGeneration(),
	}
	w := keepWorkload(fact.KindRollout, &meta, observedGeneration(u), template, r.replicas.Desired)
	w.fact.Replicas = r.replicas
	w.fact.Replicas.Unavailable = max(0, r.replicas.Desired-r.replicas.Available)
	w.fact.Rollout = fact.Rollout{
		Paused: boolAt(u, "spec", "paused") || r.paused, InProgress: r.inProgress, Stalled: r.stalled, Trouble: r.trouble,
	}
	if ready, there := numberAt(u, "spec", "minReadySeconds"); there {
		w.fact.Rollout.MinReady = seconds(int32(min(max(ready, 0), 1<<30)))
	}
	if kept, there := numberAt(u, "spec", "revisionHistoryLimit"); there {
		w.fact.Rollout.NoHistory = kept == 0
	}
	paceOfRollout(u, &w.fact)
	r.own = &w
	return nil
}

func templateOfRollout(u *unstructured.Unstructured) (*corev1.PodTemplateSpec, error) {
	content, _, _ := unstructured.NestedFieldNoCopy(u.Object, "spec", "template")
	declared, is := content.(map[string]any)
	if !is {
		return nil, errors.New("it has neither a template nor a workloadRef")
	}
	template := &corev1.PodTemplateSpec{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(declared, template); err != nil {
		return nil, fmt.Errorf("read its template: %w", err)
	}
	return template, nil
}

// observedGeneration is the newest generation that the controller of Rollouts has processed, which it writes as a text. Before its
// version 1.0 it wrote a digest, which tells nothing.
func observedGeneration(u *unstructured.Unstructured) int64 {
	observed := textAt(u, "status", "observedGeneration")
	if observed == "" {
		return u.GetGeneration() - 1
	}
	n, err := strconv.ParseInt(observed, 10, 64)
	if err != nil {
		return u.GetGeneration()
	}
	return n
}

// paceOfRollout reads how pods are replaced. Those that serve stay until the new ones do where traffic is routed between the two.
func paceOfRollout(u *unstructured.Unstructured, w *fact.Workload) {
	desired := w.Replicas.Desired
	if _, blueGreen, _ := unstructured.NestedFieldNoCopy(u.Object, "spec", "strategy", "blueGreen"); blueGreen {
		w.Rollout.Strategy, w.Rollout.MaxSurge = fact.StrategyBlueGreen, desired
		return
	}
	if _, canary, _ := unstructured.NestedFieldNoCopy(u.Object, "spec", "strategy", "canary"); !canary {
		return
	}
	w.Rollout.Strategy = fact.StrategyCanary
	_, routed, _ := unstructured.NestedFieldNoCopy(u.Object, "spec", "strategy", "canary", "trafficRouting")
	if routed && !boolAt(u, "spec", "strategy", "canary", "dynamicStableScale") {
		w.Rollout.MaxSurge = desired
		return
	}
	quarter := intstr.FromString("25%")
	rolling(w, limitAt(u, &quarter, "spec", "strategy", "canary", "maxSurge"),
		limitAt(u, &quarter, "spec", "strategy", "canary", "maxUnavailable"))
}

// limitAt gives a number or a percentage within an object.
func limitAt(u *unstructured.Unstructured, otherwise *intstr.IntOrString, path ...string) *intstr.IntOrString {
	if n, is := numberAt(u, path...); is {
		return &intstr.IntOrString{Type: intstr.Int, IntVal: int32(min(max(n, 0), 1<<30))}
	}
	if text := textAt(u, path...); text != "" {
		return &intstr.IntOrString{Type: intstr.String, StrVal: text}
	}
	return otherwise
}

// unreadRollouts adds those whose template is not known as unavailable.
func unreadRollouts(s *snapshot, set *fact.Set[fact.Workload]) {
	why := make(map[types.NamespacedName]string)
	stored(s, rollouts()).Each(func(name types.NamespacedName, r rollout) {
		if !s.includes(name.Namespace, r.labels) {
			return
		}
		if r.unread != "" {
			why[name] = r.unread
		} else if _, there := stored(s, deployments()).Get(name.Namespace, r.deployment); r.deployment != "" && !there {
			why[name] = "its workloadRef names the Deployment " + r.deployment + ", which does not exist"
		}
	})
	byName := func(a, b types.NamespacedName) int { return strings.Compare(a.String(), b.String()) }
	for _, name := range slices.SortedFunc(maps.Keys(why), byName) {
		set.Lack(fact.Workload{
			Cluster: s.target.Cluster.Name, Namespace: name.Namespace, Kind: fact.KindRollout, Name: name.Name,
		}, "", fact.Errorf(fact.ReasonUnsupported, "read Rollout %s: %s", name, why[name]))
	}
}
