package kubernetes

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// manifestCluster stands for the cluster in facts of manifests.
const manifestCluster = "manifests"

// A plannedTarget stands for all the manifests.
type plannedTarget struct{}

// Manifests makes the collectors for manifests: one that finds in them what the others find in a cluster. What only a
// cluster reports is unavailable, for fact.ReasonManifest.
func Manifests(all []Manifest) []collector.Any {
	joined := append(joins(), New().configurations())
	all = measured(scaledAs(limited(all)))
	made := collector.Collector[plannedTarget]{
		Name: "kubernetes", Summary: "Manifests: what a cluster would hold if they were applied to it, and nothing else.",
		Schedule: "@every 1h", Timeout: time.Minute,
		Targets: func(*system.System) []plannedTarget { return []plannedTarget{{}} },
		Target:  func(plannedTarget) string { return manifestCluster },
		Collect: func(context.Context, plannedTarget, fact.Topics) ([]fact.AnySet, error) {
			sets := []fact.AnySet{staging(), images()}
			for _, join := range joined {
				sets = append(sets, join.plan(all, unreported(join.about().KindName())))
			}
			return sets, nil
		},
	}
	for _, join := range joined {
		made.Yields = append(made.Yields, join.about())
	}
	made.Yields = append(made.Yields, fact.Stagings(), fact.Images())
	return []collector.Any{made}
}

// unreported is what manifests do not report of a kind, in words, by topic; "" is all of the kind.
func unreported(kind string) map[string]string {
	return map[string]map[string]string{
		fact.Workloads().Name: {
			fact.TopicNodeImages: "how large images are", fact.TopicVulnerabilities: "what scanners have found",
			fact.TopicRevisions: "earlier revisions", fact.TopicClaims: "whether claims have volumes",
			fact.TopicStorage: "storage classes and volumes", fact.TopicBackupSchedules: "whether backups succeed",
			fact.TopicReferences: "what is in the cluster already", fact.TopicRollout: "how a rollout proceeds",
		},
		fact.Ingresses().Name:       {fact.TopicCertificates: "certificates"},
		fact.Clusters().Name:        {"": "nodes and the API server"},
		fact.Components().Name:      {"": "what else runs in the cluster"},
		fact.HelmReleases().Name:    {"": "Helm releases"},
		fact.Issuers().Name:         {"": "whether issuers are ready"},
		fact.Secrets().Name:         {"": "when Secrets were changed"},
		fact.Services().Name:        {"": "which pods are ready"},
		fact.BackupSchedules().Name: {"": "whether backups succeed"},
		fact.Namespaces().Name:      {"": "which objects of the cluster use which"},
		fact.PolicyResults().Name:   {"": "what policy engines and scanners have found"},
	}[kind]
}

// staging is the comparison that manifests do not report.
func staging() fact.AnySet {
	return fact.Stagings().Set(&fact.Set[fact.Staging]{Unavailable: []fact.Unavailable[fact.Staging]{
		onlyInCluster(fact.Staging{}, "", "what runs in staging"),
	}})
}

// images are what manifests do not report of the images that they name.
func images() fact.AnySet {
	return fact.Images().Set(&fact.Set[fact.Image]{Unavailable: []fact.Unavailable[fact.Image]{{
		Subject: manifestCluster, Known: fact.Image{Discovered: true}, Reason: fact.ReasonManifest,
		Detail: "manifests do not report what registries hold of images",
	}}})
}

// onlyInCluster is what manifests do not report.
func onlyInCluster[F any](known F, topic, what string) fact.Unavailable[F] {
	return fact.Unavailable[F]{
		Subject: manifestCluster, Known: known, Reason: fact.ReasonManifest, Topic: topic,
		Detail: fmt.Sprintf("manifests do not report %s; only a cluster does", what),
	}
}

// plan joins what manifests hold.
func (j join[F]) plan(all []Manifest, unreported map[string]string) fact.AnySet {
	// Which of the declared clusters the manifests are meant for is not known: what is unavailable is of each.
	set, known := &fact.Set[F]{}, j.place("", "")
	s := &snapshot{
		target: Target{Cluster: system.Cluster{Name: manifestCluster}}, selector: labels.Everything(),
		now: time.Now(), planned: true, manifests: all, stores: make(map[string]watch.Stored),
	}
	for _, topic := range slices.Sorted(maps.Keys(unreported)) {
		set.Unavailable = append(set.Unavailable, onlyInCluster(known, topic, unreported[topic]))
		if topic != "" {
			s.lacks = append(s.lacks, topic)
		}
	}
	if unreported[""] != "" && j.proven == nil {
		return j.kind.Set(set)
	}
	for _, p := range j.parts {
		if _, filled := s.stores[p.Key()]; filled || p.topic != "" && unreported[p.topic] != "" {
			continue
		}
		store, err := fill(p.Source, all)
		if err != nil {
			set.Lack(known, manifestCluster, fact.Errorf(fact.ReasonInvalid, "read manifest: %w", err))
			continue
		}
		s.stores[p.Key()] = store
	}
	j.add(s, set)
	if unreported[""] != "" {
		set.Facts = j.proven(set.Facts)
	}
	return j.kind.Set(j.sorted(set))
}

// asIfWell completes a workload of a manifest by what a cluster adds to it when all goes well.
func asIfWell(f *fact.Workload) {
	n := f.Replicas.Desired
	if f.Kind == fact.KindDaemonSet {
		n = 1
	}
	f.Replicas = fact.Replicas{Desired: n, Ready: n, Available: n, Updated: n}
	f.Observed, f.Rollout.InProgress = true, false
	f.Pods = fact.Pods{Running: n, Nodes: n}
	if f.Autoscaler != nil {
		scaler := *f.Autoscaler
		scaler.Current = n
		if !scaler.Paused && !strings.HasPrefix(scaler.Trouble, unmeasured) {
			scaler.Active, scaler.Trouble = true, ""
		}
		f.Autoscaler = &scaler
	}
	for i := range f.Budgets {
		count(&f.Budgets[i], n)
	}
}

// count does what the controller of budgets does, when all pods are healthy.
func count(b *fact.DisruptionBudget, pods int) {
	b.Counted, b.Expected, b.Healthy, b.Needed = true, pods, pods, b.NeededOf(pods)
	b.Allowed = max(0, b.Healthy-b.Needed)
}

// JudgedTogether tells the objects that facts are made of all together, and not each by itself.
func (m Manifest) JudgedTogether() bool { return m.object.GroupVersionKind().Group == rbacv1.GroupName }

// Supports tells the objects that are read for what others are judged by, and those of which there is nothing to judge.
func (m Manifest) Supports() bool {
	return slices.Contains([]string{
		"Service", "NetworkPolicy", "PodDisruptionBudget", "HorizontalPodAutoscaler", "ScaledObject.keda.sh",
		"Rollout.argoproj.io", "ServiceMonitor." + monitoringGroup, "PodMonitor." + monitoringGroup, "Gateway", "GatewayClass",
		"PersistentVolumeClaim", "LimitRange",
		"Namespace", "ServiceAccount", "IngressClass", "PriorityClass", "StorageClass", "CustomResourceDefinition",
	}, m.Kind())
}

// suspendedAlone are the schedules of manifests, where none of them makes backups as they stand.
func suspendedAlone(all []*fact.BackupSchedule) []*fact.BackupSchedule {
	if slices.ContainsFunc(all, func(s *fact.BackupSchedule) bool { return !s.Suspended }) {
		return nil
	}
	return all
}
