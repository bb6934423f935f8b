package kubernetes

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unique"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// An owner is the object that made another; the zero value is none.
type owner = watch.Owner

// A workload is what is kept of a Deployment, StatefulSet, DaemonSet or Rollout.
type workload struct {
	fact      fact.Workload // without what is joined to it
	id        owner
	labels    labels.Set // its own
	podLabels labels.Set
	needs     []fact.Reference  // Secrets and ConfigMaps
	revision  string            // of a Deployment or Rollout: the number of the newest one
	ordinal   int               // of a StatefulSet: that of its first pod
	notes     map[string]string // annotations of its pods that concern backups
	nodes     *nodeChoice       // those that its pods may run on; nil: any
}

// A replicaSet is what is kept of a ReplicaSet.
type replicaSet struct {
	id, owner owner
	pods      fact.Replicas // as far as its controller counts them
	name      string
	revision  string // the number that the Deployment or Rollout gave it
	made      int64  // in seconds since 1970
	images    []string
	needs     []fact.Reference
}

// revisionAnnotation numbers the ReplicaSets of a Deployment.
const revisionAnnotation = "deployment.kubernetes.io/revision"

func revisionOf(annotations map[string]string) string {
	return cmp.Or(annotations[revisionAnnotation], annotations[rolloutRevision])
}

func keepReplicaSet(r *appsv1.ReplicaSet) replicaSet {
	keep := replicaSet{
		id: intern(r.UID), owner: ownerOf(r), name: r.Name, revision: revisionOf(r.Annotations),
		made: r.CreationTimestamp.Unix(), needs: references(&r.Spec.Template.Spec),
		pods: fact.Replicas{Ready: int(r.Status.ReadyReplicas), Available: int(r.Status.AvailableReplicas)},
	}
	for i := range r.Spec.Template.Spec.Containers {
		keep.images = append(keep.images, intern(r.Spec.Template.Spec.Containers[i].Image).Value())
	}
	return keep
}

func ownerOf(object metav1.Object) owner {
	if controller := metav1.GetControllerOfNoCopy(object); controller != nil {
		return intern(controller.UID)
	}
	return owner{}
}

func keepWorkload(kind string, meta *metav1.ObjectMeta, observed int64, template *corev1.PodTemplateSpec, pods int) workload {
	running, first := containers(&template.Spec)
	requests, limits := ofPod(&template.Spec)
	return workload{
		id: intern(meta.UID), labels: meta.Labels, podLabels: template.Labels, notes: backupNotes(template.Annotations),
		needs: references(&template.Spec), revision: revisionOf(meta.Annotations), nodes: nodeChoiceOf(&template.Spec),
		fact: fact.Workload{
			Namespace: meta.Namespace, Kind: kind, Name: meta.Name, Labels: meta.Labels, Observed: observed >= meta.Generation,
			Revisions:  revisionNames(meta, &template.ObjectMeta),
			Containers: running, InitContainers: first, PodRequests: requests, PodLimits: limits,
			Database:       fact.DatabaseOf(running),
			HostNamespaces: hostNamespaces(&template.Spec),
			SpreadRules:    spreadRules(meta.Namespace, template, pods),
			Volumes:        volumes(&template.Spec),
		},
	}
}

func keepDeployment(d *appsv1.Deployment) workload {
	w := keepWorkload(fact.KindDeployment, &d.ObjectMeta, d.Status.ObservedGeneration, &d.Spec.Template, replicasOf(d.Spec.Replicas))
	w.fact.Replicas = fact.Replicas{
		Desired: replicasOf(d.Spec.Replicas), Ready: int(d.Status.ReadyReplicas), Available: int(d.Status.AvailableReplicas),
		Updated: int(d.Status.UpdatedReplicas), Unavailable: int(d.Status.UnavailableReplicas),
	}
	w.fact.Rollout = fact.Rollout{
		Strategy: string(d.Spec.Strategy.Type), MinReady: seconds(d.Spec.MinReadySeconds), Paused: d.Spec.Paused,
		NoHistory: d.Spec.RevisionHistoryLimit != nil && *d.Spec.RevisionHistoryLimit == 0,
	}
	if limits := d.Spec.Strategy.RollingUpdate; limits != nil && d.Spec.Strategy.Type == appsv1.RollingUpdateDeploymentStrategyType {
		rolling(&w.fact, limits.MaxSurge, limits.MaxUnavailable)
	}
	progressing(&w.fact, &d.Status)
	return w
}

// rolling counts by how many pods a release may exceed the desired number, and fall short of it.
func rolling(w *fact.Workload, surge, unavailable *intstr.IntOrString) {
	desired := w.Replicas.Desired
	w.Rollout.MaxSurge = scaled(surge, 0, desired, true)
	w.Rollout.MaxUnavailable = min(scaled(unavailable, 0, desired, false), desired)
	w.Rollout.MaxUnavailablePercent = percentOf(unavailable)
	if w.Rollout.MaxSurge == 0 && w.Rollout.MaxUnavailable == 0 {
		w.Rollout.MaxUnavailable = min(1, desired) // Or nothing could move, as its controller counts.
	}
}

// progressing reads how the rollout of a Deployment goes from the condition that its controller keeps; it keeps none
// where the Deployment has no deadline.
func progressing(w *fact.Workload, status *appsv1.DeploymentStatus) {
	for _, condition := range status.Conditions {
		if condition.Type == appsv1.DeploymentReplicaFailure && condition.Status == corev1.ConditionTrue {
			w.Rollout.Trouble = cmp.Or(condition.Message, condition.Reason)
		}
	}
	for _, condition := range status.Conditions {
		if condition.Type == appsv1.DeploymentProgressing {
			w.Rollout.InProgress = condition.Status == corev1.ConditionTrue && condition.Reason != "NewReplicaSetAvailable"
			w.Rollout.Stalled = condition.Status == corev1.ConditionFalse && condition.Reason == "ProgressDeadlineExceeded"
			if condition.Status == corev1.ConditionTrue && !w.Rollout.InProgress {
				w.Rollout.EndedAt = condition.LastUpdateTime.UTC() // It changes with the reason alone.
			}
			return
		}
	}
	w.Rollout.InProgress = !w.Rollout.Paused && (w.Replicas.Updated < w.Replicas.Desired || status.Replicas > status.UpdatedReplicas)
}

func keepStatefulSet(s *appsv1.StatefulSet) workload {
	w := keepWorkload(fact.KindStatefulSet, &s.ObjectMeta, s.Status.ObservedGeneration, &s.Spec.Template, replicasOf(s.Spec.Replicas))
	w.podLabels = withPodName(w.podLabels, s.Name)
	for i := range s.Spec.VolumeClaimTemplates {
		name := s.Spec.VolumeClaimTemplates[i].Name
		w.fact.Volumes = append(w.fact.Volumes, fact.Volume{Name: name, Type: volumeClaim, Claim: name, Template: true})
	}
	if s.Spec.Ordinals != nil {
		w.ordinal = int(s.Spec.Ordinals.Start)
	}
	desired := replicasOf(s.Spec.Replicas)
	w.fact.Replicas = fact.Replicas{
		Desired: desired, Ready: int(s.Status.ReadyReplicas), Available: int(s.Status.AvailableReplicas),
		Updated: int(s.Status.UpdatedReplicas), Unavailable: max(0, desired-int(s.Status.AvailableReplicas)),
	}
	w.fact.Rollout = fact.Rollout{Strategy: string(s.Spec.UpdateStrategy.Type), MinReady: seconds(s.Spec.MinReadySeconds)}
	if s.Spec.UpdateStrategy.Type != appsv1.RollingUpdateStatefulSetStrategyType {
		return w
	}
	var maxUnavailable *intstr.IntOrString
	partition := 0 // The pods below it keep the old revision.
	if rolling := s.Spec.UpdateStrategy.RollingUpdate; rolling != nil {
		maxUnavailable = rolling.MaxUnavailable
		if rolling.Partition != nil {
			partition = max(0, int(*rolling.Partition)-w.ordinal) // It is an ordinal.
		}
	}
	w.fact.Rollout.Partition = min(partition, desired)
	w.fact.Rollout.MaxUnavailable = max(1, scaled(maxUnavailable, 1, desired, false))
	w.fact.Rollout.MaxUnavailablePercent = percentOf(maxUnavailable)
	w.fact.Rollout.InProgress = w.fact.Replicas.Updated < desired-partition ||
		partition == 0 && s.Status.UpdateRevision != s.Status.CurrentRevision
	return w
}

func keepDaemonSet(d *appsv1.DaemonSet) workload {
	w := keepWorkload(fact.KindDaemonSet, &d.ObjectMeta, d.Status.ObservedGeneration, &d.Spec.Template, 0)
	desired := int(d.Status.DesiredNumberScheduled)
	w.fact.Replicas = fact.Replicas{
		Desired: desired, Ready: int(d.Status.NumberReady), Available: int(d.Status.NumberAvailable),
		Updated: int(d.Status.UpdatedNumberScheduled), Unavailable: int(d.Status.NumberUnavailable),
	}
	w.fact.Rollout = fact.Rollout{Strategy: string(d.Spec.UpdateStrategy.Type), MinReady: seconds(d.Spec.MinReadySeconds)}
	if rolling := d.Spec.UpdateStrategy.RollingUpdate; rolling != nil {
		w.fact.Rollout.MaxSurge = scaled(rolling.MaxSurge, 0, desired, true)
		w.fact.Rollout.MaxUnavailable = scaled(rolling.MaxUnavailable, 1, desired, true)
	}
	w.fact.Rollout.InProgress = d.Spec.UpdateStrategy.Type == appsv1.RollingUpdateDaemonSetStrategyType &&
		w.fact.Replicas.Updated < desired
	return w
}

// ofPod are the resources of a pod as a whole.
func ofPod(spec *corev1.PodSpec) (requests, limits fact.Resources) {
	if spec.Resources == nil {
		return requests, limits
	}
	return resourcesOf(spec.Resources.Requests), resourcesOf(spec.Resources.Limits)
}

const (
	// versionLabel is the one that Kubernetes recommends for the version of what runs.
	versionLabel = "app.kubernetes.io/version"
	// longestRevision is how long the name of a revision may be in an annotation.
	longestRevision = 100
)

// revisionNames are what labels and annotations of a workload and of its pods call what runs: its version as Kubernetes recommends to
// label it, and annotations whose name says that they have a version, a revision or a commit. Those of Kubernetes count its rollouts.
func revisionNames(metas ...*metav1.ObjectMeta) (names []string) {
	for _, meta := range metas {
		if version := meta.Labels[versionLabel]; version != "" {
			names = append(names, version)
		}
		for key, value := range meta.Annotations {
			domain, name, _ := strings.Cut(key, "/")
			if name == "" {
				name, domain = domain, ""
			}
			own := strings.HasSuffix(domain, "kubernetes.io") || strings.HasSuffix(domain, "k8s.io") || strings.HasPrefix(domain, "rollout.argoproj")
			if value == "" || len(value) > longestRevision || strings.ContainsAny(value, " \n\t{}") || own && key != versionLabel {
				continue
			}
			parts := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return strings.ContainsRune("-_.", r) })
			if slices.ContainsFunc(parts, isOfRevision) {
				names = append(names, value)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func isOfRevision(word string) bool {
	return slices.Contains([]string{"revision", "version", "commit", "sha"}, word)
}

// backupNotes are the annotations of pods by which they tell Velero what to copy.
func backupNotes(all map[string]string) (notes map[string]string) {
	for _, key := range []string{veleroOptedIn, veleroOptedOut} {
		if value, there := all[key]; there {
			if notes == nil {
				notes = make(map[string]string)
			}
			notes[key] = value
		}
	}
	return notes
}

// replicasOf is the desired number; Kubernetes wants one pod where nothing is declared.
func replicasOf(replicas *int32) int {
	if replicas == nil {
		return 1
	}
	return int(*replicas)
}

// intern gives a handle that equal texts share, for those that stand in thousands of objects.
func intern[T ~string](text T) unique.Handle[T] { return unique.Make(text) }

func seconds(n int32) time.Duration { return time.Duration(n) * time.Second }

// scaled is a number, or a percentage of the whole, as controllers count it; what makes no sense to them is none.
func scaled(value *intstr.IntOrString, otherwise, whole int, up bool) int {
	if value == nil {
		return otherwise
	}
	n, err := intstr.GetScaledValueFromIntOrPercent(value, whole, up)
	if err != nil {
		return 0
	}
	return max(0, n)
}

// percentOf is a percentage as a number; 0 of what is none.
func percentOf(value *intstr.IntOrString) int {
	if value == nil || value.Type == intstr.Int {
		return 0
	}
	return scaled(value, 0, 100, false)
}
