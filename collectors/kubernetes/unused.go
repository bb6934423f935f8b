package kubernetes

import (
	"cmp"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// namespaces are joined from claims, Services, ConfigMaps, Secrets, Jobs and workloads, as far as nobody uses them.
func namespaces() join[fact.Namespace] {
	return join[fact.Namespace]{
		kind: fact.Namespaces(),
		place: func(cluster, namespace string) fact.Namespace {
			return fact.Namespace{Cluster: cluster, Name: namespace}
		},
		parts: slices.Concat(workloadParts(), []part{
			{"", cronJobs()}, {"", jobs()}, {"", pods()}, {"", serviceAccounts()}, {"", ingresses()}, {"", scaledObjects()},
			{"", claims()}, {"", services()}, {"", endpointSlices()}, {"", writtenSecrets()}, {"", configMapNames()},
		}),
		add: joinNamespaces,
	}
}

// A consumer is what is kept of an object whose pods use others.
type consumer struct {
	uses   []fact.Reference
	claims []string
	// idle is, in words, why the object itself is of no use any more; empty where it is.
	idle string
}

func consumerOf(spec *corev1.PodSpec) consumer {
	return consumer{uses: references(spec), claims: mounted(spec)}
}

func cronJobs() watch.Resource[consumer] {
	return watch.Resource[consumer]{
		GroupVersionResource: batchv1.SchemeGroupVersion.WithResource("cronjobs"), Example: &batchv1.CronJob{}, Variant: " by use",
		Keep: func(object any) consumer {
			return consumerOf(&object.(*batchv1.CronJob).Spec.JobTemplate.Spec.Template.Spec)
		},
	}
}

// jobs that have ended, that no CronJob removes and that no time of life is set for, stay for ever.
func jobs() watch.Resource[consumer] {
	return watch.Resource[consumer]{
		GroupVersionResource: batchv1.SchemeGroupVersion.WithResource("jobs"), Example: &batchv1.Job{},
		Keep: func(object any) consumer {
			j := object.(*batchv1.Job)
			if j.Status.CompletionTime == nil && !failedJob(j) {
				return consumerOf(&j.Spec.Template.Spec)
			}
			if len(j.OwnerReferences) > 0 || j.Spec.TTLSecondsAfterFinished != nil {
				return consumer{}
			}
			return consumer{idle: "it has ended"}
		},
	}
}

func failedJob(j *batchv1.Job) bool {
	return slices.ContainsFunc(j.Status.Conditions, func(c batchv1.JobCondition) bool {
		return c.Type == batchv1.JobFailed && c.Status == corev1.ConditionTrue
	})
}

// usedBy is what a pod uses of which nothing else that is watched has the template; nil of other pods.
func usedBy(p *corev1.Pod) *consumer {
	for _, owner := range p.OwnerReferences {
		if slices.Contains([]string{"ReplicaSet", "StatefulSet", "DaemonSet", "Job"}, owner.Kind) {
			return nil
		}
	}
	uses := consumerOf(&p.Spec)
	return &uses
}

func serviceAccounts() watch.Resource[consumer] {
	return watch.Resource[consumer]{
		GroupVersionResource: corev1.SchemeGroupVersion.WithResource("serviceaccounts"), Example: &corev1.ServiceAccount{},
		Keep: func(object any) (keep consumer) {
			a := object.(*corev1.ServiceAccount)
			for _, secret := range a.Secrets {
				keep.uses = append(keep.uses, fact.Reference{Kind: kindSecret, Name: secret.Name})
			}
			for _, secret := range a.ImagePullSecrets {
				keep.uses = append(keep.uses, fact.Reference{Kind: kindSecret, Name: secret.Name})
			}
			return keep
		},
	}
}

// A usage is what of a scope is used, and what is left over.
type usage struct {
	*snapshot
	used  map[types.NamespacedName]map[string]bool // by the object, and its kind
	found map[string]*fact.Namespace
}

func joinNamespaces(s *snapshot, set *fact.Set[fact.Namespace]) {
	u := usage{s, make(map[types.NamespacedName]map[string]bool), make(map[string]*fact.Namespace)}
	u.workloads()
	for _, r := range []watch.Resource[consumer]{cronJobs(), jobs(), serviceAccounts()} {
		stored(s, r).Each(func(name types.NamespacedName, c consumer) { u.consumes(name.Namespace, c.uses, c.claims) })
	}
	stored(s, pods()).Each(func(name types.NamespacedName, p pod) {
		if p.uses != nil {
			u.consumes(name.Namespace, p.uses.uses, p.uses.claims)
		}
	})
	stored(s, ingresses()).Each(func(name types.NamespacedName, r route) {
		for _, entry := range r.tls {
			u.use(name.Namespace, kindSecret, entry.secret.Name)
		}
	})
	stored(s, jobs()).Each(func(name types.NamespacedName, c consumer) { u.count(name, "Job", c.idle) })
	u.objects()
	for _, each := range u.found {
		slices.SortFunc(each.Unused, func(a, b fact.Leftover) int {
			return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Name, b.Name))
		})
		set.Add(*each)
	}
}

// use notes that an object is used.
func (u usage) use(namespace, kind, name string) {
	key := types.NamespacedName{Namespace: namespace, Name: name}
	if u.used[key] == nil {
		u.used[key] = make(map[string]bool)
	}
	u.used[key][kind] = true
}

func (u usage) consumes(namespace string, uses []fact.Reference, claims []string) {
	for _, each := range uses {
		u.use(namespace, each.Kind, each.Name)
	}
	for _, claim := range claims {
		u.use(namespace, kindClaim, claim)
	}
}

// count counts an object of the system and, where nobody uses it, notes the reason.
func (u usage) count(name types.NamespacedName, kind, reason string) {
	if !u.target.Cluster.Includes(name.Namespace) {
		return
	}
	if u.found[name.Namespace] == nil {
		u.found[name.Namespace] = &fact.Namespace{Cluster: u.target.Cluster.Name, Name: name.Namespace}
	}
	n := u.found[name.Namespace]
	n.Objects++
	if reason != "" {
		n.Unused = append(n.Unused, fact.Leftover{Kind: kind, Name: name.Name, Reason: reason})
	}
}

// workloads use what their templates name; those that are scaled to zero, and not by what scales them, are left over.
func (u usage) workloads() {
	scaled := scales(u.snapshot)
	join := workloadJoin{snapshot: u.snapshot}
	eachWorkload(u.snapshot, func(name types.NamespacedName, w workload) {
		f := w.fact
		f.Volumes = slices.Clone(f.Volumes)
		join.claimed(&f)
		var claims []string
		for _, claim := range f.Claims() {
			claims = append(claims, claim.Name)
		}
		u.consumes(name.Namespace, w.needs, claims)
		reason := ""
		if f.Kind != fact.KindDaemonSet && f.Replicas.Desired == 0 && scaled[name.Namespace][reference{f.Kind, f.Name}] == nil {
			reason = "it is scaled to zero"
		}
		u.count(name, f.Kind, reason)
	})
}

const kindClaim = "PersistentVolumeClaim"

// objects are counted once it is known what is used.
func (u usage) objects() {
	unless := func(used bool, reason string) string {
		if used {
			return ""
		}
		return reason
	}
	stored(u.snapshot, claims()).Each(func(name types.NamespacedName, _ claim) {
		u.count(name, kindClaim, unless(u.used[name][kindClaim], "no pod mounts it"))
	})
	answered := make(map[types.NamespacedName]bool)
	stored(u.snapshot, endpointSlices()).Each(func(name types.NamespacedName, e endpointSlice) {
		if e.all > 0 {
			answered[types.NamespacedName{Namespace: name.Namespace, Name: e.service}] = true
		}
	})
	stored(u.snapshot, services()).Each(func(name types.NamespacedName, s service) {
		u.count(name, "Service", unless(s.selector == nil || answered[name], "it selects no pod"))
	})
	stored(u.snapshot, writtenSecrets()).Each(func(name types.NamespacedName, p present) {
		u.count(name, kindSecret, unless(p.owned || u.used[name][kindSecret], "nothing refers to it"))
	})
	stored(u.snapshot, configMapNames()).Each(func(name types.NamespacedName, p present) {
		u.count(name, kindConfigMap, unless(madeByCluster(name.Name) || p.owned || u.used[name][kindConfigMap], "nothing refers to it"))
	})
}
