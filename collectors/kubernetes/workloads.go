package kubernetes

import (
	"cmp"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// workloads are joined from Deployments, StatefulSets, DaemonSets and Rollouts, with what belongs to them.
func workloads() join[fact.Workload] {
	return join[fact.Workload]{
		kind: fact.Workloads(),
		place: func(cluster, namespace string) fact.Workload {
			return fact.Workload{Cluster: cluster, Namespace: namespace}
		},
		parts: slices.Concat([]part{{"", deployments()}, {"", statefulSets()}, {"", daemonSets()}, {"", apart{rollouts()}}}, []part{
			{fact.TopicPods, pods()}, {fact.TopicPods, replicaSets()}, {fact.TopicPods, rollouts()},
			{fact.TopicBudgets, budgets()},
			{fact.TopicAutoscalers, horizontalPodAutoscalers()}, {fact.TopicAutoscalers, scaledObjects()},
			{fact.TopicServices, services()},
			{fact.TopicMonitors, services()}, {fact.TopicMonitors, serviceMonitors()}, {fact.TopicMonitors, podMonitors()},
			{fact.TopicRevisions, replicaSets()},
			{fact.TopicReferences, secretNames()}, {fact.TopicReferences, configMapNames()},
			{fact.TopicVulnerabilities, replicaSets()}, {fact.TopicVulnerabilities, vulnerabilityReports()},
			{fact.TopicNodeImages, pods()}, {fact.TopicNodeImages, nodeImages()},
			{fact.TopicRoutes, services()}, {fact.TopicRoutes, ingresses()}, {fact.TopicRoutes, httpRoutes()},
			{fact.TopicClaims, claims()}, {fact.TopicClaims, pods()},
			{fact.TopicStorage, claims()}, {fact.TopicStorage, pods()},
			{fact.TopicStorage, storageClasses()}, {fact.TopicStorage, persistentVolumes()},
			{fact.TopicBackupSchedules, claims()}, {fact.TopicBackupSchedules, services()}, {fact.TopicBackupSchedules, pods()},
			{fact.TopicBackupSchedules, persistentVolumes()},
		}, policyParts(fact.TopicNetworkPolicies), scheduleParts(fact.TopicBackupSchedules)),
		reads: []reading{policyReading(fact.TopicBackupSchedules)},
		ask:   askPolicies,
		add:   joinWorkloads,
	}
}

// nodeImages are what nodes report of the images that they have.
func nodeImages() watch.Resource[[]imageSize] {
	return watch.Resource[[]imageSize]{
		GroupVersionResource: corev1.SchemeGroupVersion.WithResource("nodes"), Example: &corev1.Node{}, Everywhere: true, Variant: " for images",
		Keep: func(object any) (images []imageSize) {
			for _, image := range object.(*corev1.Node).Status.Images {
				images = append(images, imageSize{image.Names, image.SizeBytes})
			}
			return images
		},
	}
}

// A workloadJoin holds what is joined to workloads, each found by what joins it.
type workloadJoin struct {
	*snapshot
	tallies   map[owner]*tally
	coverage  coverage
	scales    map[string]map[reference]*fact.Autoscaler
	policies  policyIndex
	unread    unreadIndex // of policies
	services  serviceIndex
	routes    routeIndex
	schedules []backupSchedule
	revisions map[owner][]replicaSet
	reports   map[containerOf]fact.Vulnerabilities
	sizes     map[string]int64
	rollouts  map[types.NamespacedName]rollout // by the Deployment that they run the pods of
}

func joinWorkloads(s *snapshot, set *fact.Set[fact.Workload]) {
	join := workloadJoin{
		snapshot: s, coverage: coverageOf(stored(s, budgets())), scales: scales(s), policies: policiesOf(s), unread: unreadPolicies(s),
		services: servicesIn(stored(s, services())), routes: routesOf(s), schedules: schedulesOf(s),
		revisions: revisionsOf(s), reports: reportsOf(s), sizes: sizesOf(s), rollouts: rolloutsOf(s),
	}
	join.tallies = join.tally()
	var facts []fact.Workload
	var budgets [][]*budget
	eachWorkload(s, func(_ types.NamespacedName, w workload) {
		covering := join.coverage.of(w.fact.Namespace, w.podLabels) // Counts even what belongs to another system.
		if s.includes(w.fact.Namespace, w.labels) {
			facts = append(facts, join.of(w))
			budgets = append(budgets, covering)
		}
	})
	for i := range facts { // Only now is it known how many workloads each budget covers.
		for _, b := range budgets[i] {
			facts[i].Budgets = append(facts[i].Budgets, b.fact)
		}
		if s.planned {
			asIfWell(&facts[i])
		}
	}
	set.Add(facts...)
	unreadRollouts(s, set)
}

// of joins what belongs to one workload, but its budgets.
func (j workloadJoin) of(w workload) fact.Workload {
	f := w.fact
	f.Cluster, f.Missing, f.Planned = j.target.Cluster.Name, j.lacks, j.planned
	f.Containers, f.Volumes = slices.Clone(f.Containers), slices.Clone(f.Volumes) // What is kept stays as it is.
	j.claimed(&f, w)
	t := j.tallies[w.id]
	f.Autoscaler = j.scales[f.Namespace][reference{f.Kind, f.Name}]
	if r, there := j.rollouts[types.NamespacedName{Namespace: f.Namespace, Name: f.Name}]; there && f.Kind == fact.KindDeployment {
		r.run(&f, j.revisions[r.id])
		t = t.and(j.tallies[r.id])
		f.Autoscaler = cmp.Or(f.Autoscaler, j.scales[f.Namespace][reference{fact.KindRollout, r.name}])
	}
	if t != nil {
		f.Pods = t.pods()
	}
	f.Policies = j.policies.of(f.Namespace, w.podLabels)
	f.DefaultDeny = slices.ContainsFunc(j.policies[f.Namespace], policy.defaultDeny)
	f.UnreadPolicies = j.unread.of(f.Namespace)
	selecting := j.services.of(f.Namespace, w.podLabels)
	for _, each := range selecting {
		f.Services = append(f.Services, each.outlet())
		f.Routes = append(f.Routes, j.routes[types.NamespacedName{Namespace: f.Namespace, Name: each.name}]...)
	}
	f.Monitors = monitorsOf(j.snapshot, &w, selecting)
	f.Unresolved = unresolved(j.snapshot, f.Namespace, w.needs)
	newest, previous := j.newest(w)
	if previous != nil {
		f.Previous = &fact.Revision{
			Name: previous.name, MadeAt: unix(previous.made), Images: previous.images,
			Unresolved: unresolved(j.snapshot, f.Namespace, previous.needs),
		}
	}
	reported := reference{f.Kind, f.Name}
	if newest != nil {
		f.Rollout.BeganAt, reported = unix(newest.made), reference{"ReplicaSet", newest.name}
	}
	if f.Rollout.EndedAt.IsZero() && t != nil && t.ready > 0 {
		f.Rollout.EndedAt = unix(t.ready)
	}
	for i := range f.Containers {
		c := &f.Containers[i]
		if t != nil {
			c.ImageID = t.imageID(c.Name)
			withDefaults(c, t.givenTo(c.Name))
		}
		c.ImageSize = sizeOf(j.sizes, c.Image, c.ImageID)
		if found, there := j.reports[containerOf{f.Namespace, reported, c.Name}]; there {
			c.Reports = &found
		}
	}
	return f
}

// withDefaults adds to a container what its template leaves open, and its pods were given as they were made.
func withDefaults(c *fact.Container, given containerResources) {
	c.Requests.CPU, c.Requests.Memory = cmp.Or(c.Requests.CPU, given.requests.CPU), cmp.Or(c.Requests.Memory, given.requests.Memory)
	c.Limits.CPU, c.Limits.Memory = cmp.Or(c.Limits.CPU, given.limits.CPU), cmp.Or(c.Limits.Memory, given.limits.Memory)
}

// tally puts together the pods by what owns them; where that is a ReplicaSet, by what owns the ReplicaSet.
func (j workloadJoin) tally() map[owner]*tally {
	above := make(map[owner]owner)
	stored(j.snapshot, replicaSets()).Each(func(_ types.NamespacedName, r replicaSet) { above[r.id] = r.owner })
	tallies := make(map[owner]*tally)
	for of, t := range watch.Aggregates(stored(j.snapshot, pods()), tallyOf) {
		if deployment, known := above[of]; known {
			of = deployment
		}
		tallies[of] = tallies[of].and(t)
	}
	return tallies
}

func revisionsOf(s *snapshot) map[owner][]replicaSet {
	found := make(map[owner][]replicaSet)
	stored(s, replicaSets()).Each(func(_ types.NamespacedName, r replicaSet) {
		found[r.owner] = append(found[r.owner], r)
	})
	return found
}

// newest gives the ReplicaSets of the newest revision of a Deployment or Rollout, and of the one before it; nil where there is none.
func (j workloadJoin) newest(w workload) (newest, previous *replicaSet) {
	for _, each := range j.revisions[w.id] {
		switch {
		case each.revision == w.revision:
			newest = &each
		case previous == nil || cmp.Compare(number(each.revision), number(previous.revision)) > 0:
			previous = &each
		}
	}
	return newest, previous
}

func number(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}
