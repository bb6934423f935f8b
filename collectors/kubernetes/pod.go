package kubernetes

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
	"unique"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// A pod is what is kept of a Pod.
type pod struct {
	owner         owner
	node          unique.Handle[string] // "" before it has one
	made          int64                 // in seconds since 1970
	ready         int64                 // since when, in seconds since 1970; 0 while it is not
	going         bool                  // it is on its way out
	unschedulable bool
	images        []containerImage
	waiting       []containerReason // containers that cannot start, with the reason
	restarted     *restart          // nil where no container has been started again
	uses          *consumer         // of a pod that nothing has the template of
	claims        []mountedClaim    // of a pod of a StatefulSet, which has its own
	given         []containerGift
}

type containerImage struct{ container, id unique.Handle[string] }

// A containerGift is what a container was given as its pod was made: with the defaults of its namespace.
type containerGift struct {
	container unique.Handle[string]
	resources unique.Handle[containerResources]
}

type containerResources struct{ requests, limits fact.Resources }

// A mountedClaim is a claim, and the volume of the pod by which it is mounted.
type mountedClaim struct{ volume, claim unique.Handle[string] }

type containerReason struct{ container, reason unique.Handle[string] }

type restart struct {
	containerReason
	at int64 // in seconds since 1970
}

func keepPod(p *corev1.Pod) pod {
	keep := pod{
		owner: ownerOf(p), node: intern(p.Spec.NodeName), made: p.CreationTimestamp.Unix(), going: p.DeletionTimestamp != nil,
		ready: readySince(p), unschedulable: unschedulable(p), uses: usedBy(p),
	}
	for _, statuses := range [][]corev1.ContainerStatus{p.Status.InitContainerStatuses, p.Status.ContainerStatuses} {
		for i := range statuses {
			keep.note(&statuses[i])
		}
	}
	for _, containers := range [][]corev1.Container{p.Spec.InitContainers, p.Spec.Containers} {
		for i := range containers {
			c := &containers[i]
			given := unique.Make(containerResources{resourcesOf(c.Resources.Requests), resourcesOf(c.Resources.Limits)})
			keep.given = append(keep.given, containerGift{intern(c.Name), given})
		}
	}
	if controller := metav1.GetControllerOfNoCopy(p); controller != nil && controller.Kind == fact.KindStatefulSet {
		for _, volume := range volumes(&p.Spec) {
			if volume.Type == volumeClaim {
				keep.claims = append(keep.claims, mountedClaim{intern(volume.Name), intern(volume.Claim)})
			}
		}
	}
	return keep
}

// readySince is when the pod became ready, in seconds since 1970; 0 while it is not.
func readySince(p *corev1.Pod) int64 {
	for i := range p.Status.Conditions {
		if c := &p.Status.Conditions[i]; c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
			return c.LastTransitionTime.Unix()
		}
	}
	return 0
}

// unschedulable tells that no node takes the pod.
func unschedulable(p *corev1.Pod) bool {
	return slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable
	})
}

// note keeps the trouble that a container's status reports.
func (p *pod) note(status *corev1.ContainerStatus) {
	name := intern(status.Name)
	if status.ImageID != "" {
		p.images = append(p.images, containerImage{name, intern(status.ImageID)})
	}
	if waiting := status.State.Waiting; waiting != nil && !starting(waiting.Reason) {
		p.waiting = append(p.waiting, containerReason{name, intern(waiting.Reason)})
	}
	ended := status.LastTerminationState.Terminated
	if status.RestartCount == 0 || ended == nil {
		return
	}
	if at := ended.FinishedAt.Unix(); p.restarted == nil || at > p.restarted.at {
		p.restarted = &restart{containerReason{name, intern(ended.Reason)}, at}
	}
}

// starting tells the reasons that containers wait for as they should.
func starting(reason string) bool {
	return slices.Contains([]string{"", "ContainerCreating", "PodInitializing"}, reason)
}

// A tally adds up the pods of one workload.
type tally struct {
	running       int
	unschedulable int
	nodes         map[unique.Handle[string]]struct{}
	newest        int64
	ready         int64 // since when the last is that became so
	waiting       map[containerReason]int
	restarted     *restart
	imagesOf      int64 // when the pod was made that images are of
	images        []containerImage
	givenOf       int64 // when the pod was made that given is of
	given         []containerGift
	claims        []mountedClaim
}

// tallyOf puts pods together. It is not changed afterwards: several runs share it.
func tallyOf(pods []pod) *tally {
	t := &tally{nodes: make(map[unique.Handle[string]]struct{})}
	for _, p := range pods {
		t.add(p)
	}
	return t
}

// and adds up two tallies; nil is of no pod.
func (t *tally) and(other *tally) *tally {
	if t == nil {
		return other
	}
	both := *t
	both.running, both.unschedulable = t.running+other.running, t.unschedulable+other.unschedulable
	both.newest, both.ready = max(t.newest, other.newest), max(t.ready, other.ready)
	both.nodes = maps.Clone(t.nodes)
	maps.Copy(both.nodes, other.nodes)
	both.waiting = maps.Clone(t.waiting)
	for each, count := range other.waiting {
		if both.waiting == nil {
			both.waiting = make(map[containerReason]int)
		}
		both.waiting[each] += count
	}
	if later(t.restarted, other.restarted) {
		both.restarted = other.restarted
	}
	if newerImages(t.imagesOf, t.images, other.imagesOf, other.images) {
		both.imagesOf, both.images = other.imagesOf, other.images
	}
	if other.givenOf > t.givenOf {
		both.givenOf, both.given = other.givenOf, other.given
	}
	both.claims = slices.Concat(t.claims, other.claims)
	return &both
}

// later tells whether the second restart counts, since it is the later one; of two at once always the same one does.
func later(a, b *restart) bool {
	if a == nil || b == nil {
		return b != nil
	}
	return cmp.Or(cmp.Compare(b.at, a.at), strings.Compare(a.container.Value(), b.container.Value()),
		strings.Compare(a.reason.Value(), b.reason.Value())) > 0
}

// newerImages tells whether the second images count, since they are of the newer pod; of two pods that were made at once always
// the same one's do.
func newerImages(madeA int64, a []containerImage, madeB int64, b []containerImage) bool {
	switch {
	case len(b) == 0 || madeB < madeA:
		return false
	case len(a) == 0 || madeB > madeA:
		return true
	}
	return slices.CompareFunc(b, a, func(b, a containerImage) int { return strings.Compare(b.id.Value(), a.id.Value()) }) < 0
}

func (t *tally) add(p pod) {
	t.newest = max(t.newest, p.made)
	t.claims = append(t.claims, p.claims...)
	if p.made > t.givenOf {
		t.givenOf, t.given = p.made, p.given
	}
	if p.going {
		return
	}
	t.ready = max(t.ready, p.ready)
	if p.unschedulable {
		t.unschedulable++
	}
	for _, waiting := range p.waiting {
		if t.waiting == nil {
			t.waiting = make(map[containerReason]int)
		}
		t.waiting[waiting]++
	}
	if later(t.restarted, p.restarted) {
		t.restarted = p.restarted
	}
	if p.node != intern("") {
		t.running++
		t.nodes[p.node] = struct{}{}
		if newerImages(t.imagesOf, t.images, p.made, p.images) {
			t.imagesOf, t.images = p.made, p.images
		}
	}
}

func (t *tally) pods() fact.Pods {
	pods := fact.Pods{
		Running: t.running, Nodes: len(t.nodes), NewestAt: time.Unix(t.newest, 0).UTC(), Unschedulable: t.unschedulable,
	}
	for each, count := range maps.All(t.waiting) {
		pods.Waiting = append(pods.Waiting, fact.Waiting{Container: each.container.Value(), Reason: each.reason.Value(), Pods: count})
	}
	slices.SortFunc(pods.Waiting, func(a, b fact.Waiting) int {
		return cmp.Or(strings.Compare(a.Container, b.Container), strings.Compare(a.Reason, b.Reason))
	})
	if t.restarted != nil {
		pods.Restarted = &fact.Restart{
			Container: t.restarted.container.Value(), Reason: t.restarted.reason.Value(), At: time.Unix(t.restarted.at, 0).UTC(),
		}
	}
	return pods
}

// imageID is that of a container in the newest pod that runs; empty where none does.
func (t *tally) imageID(container string) string {
	for _, image := range t.images {
		if image.container.Value() == container {
			return image.id.Value()
		}
	}
	return ""
}

// givenTo is what a container was given in the newest pod. Pods of one second differ only while a rollout begins.
func (t *tally) givenTo(container string) containerResources {
	for _, each := range t.given {
		if each.container.Value() == container {
			return each.resources.Value()
		}
	}
	return containerResources{}
}

// requestsOf is what the scheduler reserves for a pod: what is requested for it as a whole, or else all containers together, or
// the greediest init container.
func requestsOf(spec *corev1.PodSpec) fact.Resources {
	var sum fact.Resources
	for i := range spec.Containers {
		own := resourcesOf(spec.Containers[i].Resources.Requests)
		sum.CPU, sum.Memory = sum.CPU+own.CPU, sum.Memory+own.Memory
	}
	var sidecars, greediest fact.Resources
	for i := range spec.InitContainers {
		own := resourcesOf(spec.InitContainers[i].Resources.Requests)
		if restarts(&spec.InitContainers[i]) {
			sidecars.CPU, sidecars.Memory = sidecars.CPU+own.CPU, sidecars.Memory+own.Memory
			own = fact.Resources{}
		}
		greediest.CPU = max(greediest.CPU, own.CPU+sidecars.CPU)
		greediest.Memory = max(greediest.Memory, own.Memory+sidecars.Memory)
	}
	overhead := resourcesOf(spec.Overhead)
	reserved := fact.Resources{CPU: max(sum.CPU+sidecars.CPU, greediest.CPU), Memory: max(sum.Memory+sidecars.Memory, greediest.Memory)}
	if whole := spec.Resources; whole != nil {
		if _, set := whole.Requests[corev1.ResourceCPU]; set {
			reserved.CPU = whole.Requests.Cpu().AsApproximateFloat64()
		}
		if _, set := whole.Requests[corev1.ResourceMemory]; set {
			reserved.Memory = whole.Requests.Memory().Value()
		}
	}
	return reserved.Plus(overhead)
}

func resourcesOf(list corev1.ResourceList) fact.Resources {
	r := fact.Resources{CPU: list.Cpu().AsApproximateFloat64()}
	if memory := list.Memory(); memory.CmpInt64(1) >= 0 { // 128m is an eighth of a byte, which would be rounded up to one.
		r.Memory = memory.Value()
	}
	return r
}

// restarts tells init containers that run as long as the pod does.
func restarts(c *corev1.Container) bool {
	return c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
}
