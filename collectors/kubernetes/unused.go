package kubernetes

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"

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
			{"", cronJobs()}, {"", jobs()}, {"", pods()}, {"", serviceAccounts()}, {"", ingressReferences()},
			{"", certManagerReferences("certificates")}, {"", certManagerReferences("issuers")}, {"", certManagerReferences("clusterissuers")},
			{"", policyReferences()}, {"", scaledObjects()},
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

// ingressReferences are the Secrets and ConfigMaps that Ingresses name: for TLS, and in annotations of their controllers, such
// as nginx.ingress.kubernetes.io/auth-secret.
func ingressReferences() watch.Resource[consumer] {
	return watch.Resource[consumer]{
		GroupVersionResource: networkingv1.SchemeGroupVersion.WithResource("ingresses"), Example: &networkingv1.Ingress{},
		Variant: " by reference",
		Keep: func(object any) (keep consumer) {
			i := object.(*networkingv1.Ingress)
			for _, each := range i.Spec.TLS {
				keep.uses = append(keep.uses, fact.Reference{Kind: kindSecret, Name: each.SecretName})
			}
			for _, value := range i.Annotations {
				namespace, name, qualified := strings.Cut(value, "/")
				if !qualified {
					namespace, name = i.Namespace, value
				}
				if namespace == i.Namespace && len(validation.IsDNS1123Subdomain(name)) == 0 {
					keep.uses = append(keep.uses, fact.Reference{Kind: kindSecret, Name: name}, fact.Reference{Kind: kindConfigMap, Name: name})
				}
			}
			return keep
		},
	}
}

// policyReferences are the ConfigMaps with volume policies that schedules of Velero name.
func policyReferences() watch.Resource[consumer] {
	return watch.Resource[consumer]{
		GroupVersionResource: veleroSchedules().GroupVersionResource, Variant: " by reference",
		Keep: func(object any) (keep consumer) {
			if policy := veleroSchedules().Keep(object).velero.policy; policy != "" {
				keep.uses = append(keep.uses, fact.Reference{Kind: kindConfigMap, Name: policy})
			}
			return keep
		},
	}
}

// A usage is what of a scope is used, and what is left over.
type usage struct {
	*snapshot
	used      map[types.NamespacedName]map[string]bool // by the object, and its kind
	templates map[types.NamespacedName]bool            // of claims, by what their names begin with
	pods      map[string][]labels.Set                  // of templates, by namespace
	found     map[string]*fact.Namespace
}

func joinNamespaces(s *snapshot, set *fact.Set[fact.Namespace]) {
	u := usage{
		s, make(map[types.NamespacedName]map[string]bool), make(map[types.NamespacedName]bool), make(map[string][]labels.Set),
		make(map[string]*fact.Namespace),
	}
	u.workloads()
	for _, r := range []watch.Resource[consumer]{
		cronJobs(), jobs(), serviceAccounts(), ingressReferences(), policyReferences(),
		certManagerReferences("certificates"), certManagerReferences("issuers"), certManagerReferences("clusterissuers"),
	} {
		stored(s, r).Each(func(name types.NamespacedName, c consumer) { u.consumes(name.Namespace, c.uses, c.claims) })
	}
	stored(s, pods()).Each(func(name types.NamespacedName, p pod) {
		if p.uses != nil {
			u.consumes(name.Namespace, p.uses.uses, p.uses.claims)
		}
		for _, each := range p.claims {
			u.use(name.Namespace, kindClaim, each.claim.Value())
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

// names tells whether an object is used: in its namespace or, as by what is in none and does not say which it means, in any.
func (u usage) names(name types.NamespacedName, kind string) bool {
	return u.used[name][kind] || u.used[types.NamespacedName{Name: name.Name}][kind]
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

// workloads use what their templates name; those that are scaled to zero, and neither by what scales them nor since another
// runs their pods, are left over.
func (u usage) workloads() {
	scaled, rolledOut := scales(u.snapshot), rolloutsOf(u.snapshot)
	eachWorkload(u.snapshot, func(name types.NamespacedName, w workload) {
		f := w.fact
		u.consumes(name.Namespace, w.needs, nil)
		for _, volume := range f.Volumes {
			switch {
			case volume.Type != volumeClaim:
			case volume.Template:
				u.templates[types.NamespacedName{Namespace: name.Namespace, Name: volume.Claim + "-" + f.Name}] = true
			default:
				u.use(name.Namespace, kindClaim, volume.Claim)
			}
		}
		if len(w.podLabels) > 0 {
			u.pods[name.Namespace] = append(u.pods[name.Namespace], w.podLabels)
		}
		_, others := rolledOut[name]
		reason := ""
		if f.Kind != fact.KindDaemonSet && f.Replicas.Desired == 0 && scaled[name.Namespace][reference{f.Kind, f.Name}] == nil &&
			(!others || f.Kind != fact.KindDeployment) {
			reason = "it is scaled to zero"
		}
		u.count(name, f.Kind, reason)
	})
}

// ofTemplate tells the claims that a StatefulSet's template has made, or would make: it keeps those of pods that it does not
// want just now.
func (u usage) ofTemplate(claim types.NamespacedName) bool {
	at := strings.LastIndex(claim.Name, "-")
	if at < 0 {
		return false
	}
	_, err := strconv.Atoi(claim.Name[at+1:])
	return err == nil && u.templates[types.NamespacedName{Namespace: claim.Namespace, Name: claim.Name[:at]}]
}

const kindClaim = "PersistentVolumeClaim"

const noReference = "no reference found"

// objects are counted once it is known what is used.
func (u usage) objects() {
	unless := func(used bool, reason string) string {
		if used {
			return ""
		}
		return reason
	}
	stored(u.snapshot, claims()).Each(func(name types.NamespacedName, c claim) {
		reason := "no pod or workload mounts it"
		if c.phase == string(corev1.ClaimBound) {
			reason += ", and it has a volume with data"
		}
		u.count(name, kindClaim, unless(c.owned || u.used[name][kindClaim] || u.ofTemplate(name), reason))
	})
	answered := make(map[types.NamespacedName]bool)
	stored(u.snapshot, endpointSlices()).Each(func(name types.NamespacedName, e endpointSlice) {
		if e.all > 0 {
			answered[types.NamespacedName{Namespace: name.Namespace, Name: e.service}] = true
		}
	})
	stored(u.snapshot, services()).Each(func(name types.NamespacedName, s service) {
		selects := func(pods labels.Set) bool { return s.selector.Matches(pods) } // They may not have an address yet.
		u.count(name, "Service", unless(s.selector == nil || answered[name] || slices.ContainsFunc(u.pods[name.Namespace], selects),
			"it selects neither a pod nor those of a workload"))
	})
	stored(u.snapshot, writtenSecrets()).Each(func(name types.NamespacedName, p present) {
		u.count(name, kindSecret, unless(p.owned || p.byLabel || u.names(name, kindSecret), noReference))
	})
	stored(u.snapshot, configMapNames()).Each(func(name types.NamespacedName, p present) {
		used := madeByCluster(name.Name) || p.owned || p.byLabel || u.used[name][kindConfigMap]
		u.count(name, kindConfigMap, unless(used, noReference))
	})
}
