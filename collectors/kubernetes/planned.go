package kubernetes

import (
	"context"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// manifestCluster stands for the cluster in facts of manifests.
const manifestCluster = "manifests"

// Manifests are the collectors that see in manifests what the others see in a cluster. What only a cluster knows is missed,
// with a word of what it is.
func Manifests(all []Manifest) []collector.Any {
	c := New()
	return []collector.Any{
		planned(all, workloads(), map[string]string{
			fact.TopicNodeImages: "how big images are", fact.TopicVulnerabilities: "what scanners have found",
			fact.TopicRevisions: "earlier revisions", fact.TopicClaims: "whether claims have volumes",
			fact.TopicStorage: "storage classes and volumes", fact.TopicBackupSchedules: "whether backups succeed",
			fact.TopicReferences: "what is in the cluster already", fact.TopicRollout: "how a rollout goes",
		}),
		planned(all, ingressGathering(), map[string]string{fact.TopicCertificates: "certificates"}),
		planned(all, c.configurations(), nil),
		planned(all, authorizations(), nil),
		untold(fact.Clusters(), "nodes and the API server"),
		untold(fact.Components(), "what else runs in the cluster"),
		untold(fact.HelmReleases(), "Helm releases"),
		untold(fact.Issuers(), "whether issuers are ready"),
		untold(fact.Secrets(), "when Secrets were changed"),
		untold(fact.Services(), "which pods are ready"),
		untold(fact.BackupSchedules(), "whether backups succeed"),
		untold(fact.Namespaces(), "what in the cluster uses what"),
		untold(fact.Stagings(), "what runs in staging"),
	}
}

type plannedTarget struct{}

func onePlanned(*system.System) []plannedTarget { return []plannedTarget{{}} }

// planned makes a collector of what a gathering sees in manifests. Topics that manifests tell nothing of are missed.
func planned[F any](all []Manifest, g gathering[F], untold map[string]string) collector.Any {
	return collector.Collector[plannedTarget, F]{
		Name: g.name, Summary: g.summary, Kind: g.kind, Schedule: "@every 1h", Timeout: time.Minute,
		Targets: onePlanned,
		Target:  func(plannedTarget) string { return manifestCluster },
		Look: func(context.Context, plannedTarget) (batch fact.Batch[F], err error) {
			s := &sight{
				target: Target{Cluster: system.Cluster{Name: manifestCluster, SecretValues: true}}, selector: labels.Everything(),
				now: time.Now(), planned: true, held: make(map[string]held),
			}
			for topic, what := range untold {
				s.lacks = append(s.lacks, topic)
				missed := notTold(what)
				missed.Topic = topic
				batch.Missed = append(batch.Missed, missed)
			}
			slices.Sort(s.lacks)
			for _, p := range g.parts {
				if _, known := s.held[p.key()]; known || untold[p.topic] != "" {
					continue
				}
				held, failed := fill(p.source, all)
				s.held[p.key()] = held
				for _, err := range failed {
					batch.Missed = append(batch.Missed, fact.Miss(manifestCluster, fact.Errorf(fact.ReasonInvalid, "read manifest: %w", err)))
				}
			}
			batch.Facts = g.see(s)
			return batch, nil
		},
	}
}

// untold makes a collector of facts that manifests tell nothing of.
func untold[F any](kind fact.Kind[F], what string) collector.Any {
	return collector.Collector[plannedTarget, F]{
		Name: "manifest_" + kind.Name, Summary: "What no manifest tells: " + what + ".", Kind: kind, Schedule: "@every 1h", Timeout: time.Minute,
		Targets: onePlanned,
		Target:  func(plannedTarget) string { return manifestCluster },
		Look: func(context.Context, plannedTarget) (fact.Batch[F], error) {
			return fact.Batch[F]{Missed: []fact.Missed{notTold(what)}}, nil
		},
	}
}

// NotTold begins what is said of a thing that no manifest tells.
const NotTold = "manifests do not tell: "

func notTold(what string) fact.Missed {
	return fact.Miss(manifestCluster, fact.Errorf(fact.ReasonUnsupported, NotTold+"%s", what))
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
		scaler.Active, scaler.Trouble, scaler.Current = true, "", max(n, scaler.Minimum)
		f.Autoscaler = &scaler
	}
	for i := range f.Budgets {
		count(&f.Budgets[i], n)
	}
}

// count does what the controller of budgets does, when all pods are healthy.
func count(b *fact.DisruptionBudget, pods int) {
	b.Counted, b.Expected, b.Healthy = true, pods, pods
	switch {
	case b.MaxUnavailable != "":
		limit := intstr.Parse(b.MaxUnavailable)
		b.Needed = max(0, pods-scaled(&limit, 0, pods, true))
	case b.MinAvailable != "":
		limit := intstr.Parse(b.MinAvailable)
		b.Needed = scaled(&limit, 0, pods, true)
	default:
		b.Needed = 1
	}
	b.Allowed = max(0, b.Healthy-b.Needed)
}
