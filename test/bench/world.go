// Package bench measures what the exporter costs: a scrape against client_golang's own way, judging, publishing, and the
// memory that it holds at rest.
package bench

import (
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/checks"
	"github.com/readiness-exporter/readiness-exporter/collectors"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/engine"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// systems is how many systems the measured world has: each with the production checklist and its 216 items.
const systems = 50

// A world is many systems as they were seen at one time.
type world struct {
	collectors []collector.Any
	plans      []*assess.Plan
	looks      [][]fact.Look // of each plan
	now        time.Time
}

// newWorld makes plans as the configuration does, and facts as a middling system has them: some of them wrong.
func newWorld(systems int) (*world, error) {
	all, closeAll := collectors.All(collectors.Options{RootFS: "/"})
	closeAll() // only their kinds of fact are of use here
	w := &world{collectors: all, now: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)}
	described := make([]*system.System, systems)
	for i := range described {
		described[i] = &system.System{Name: fmt.Sprintf("system-%03d", i), Environment: "production", Owner: "platform"}
	}
	loaded, err := config.For(described, config.Options{
		Kinds: checks.All(), Collectors: all, CheckSchedule: engine.CheckSchedule,
	})
	if err != nil {
		return nil, err
	}
	w.plans = loaded.Plans
	for range w.plans {
		w.looks = append(w.looks, w.look())
	}
	return w, nil
}

// look gives what every collector saw of one system.
func (w *world) look() []fact.Look {
	facts := map[string][]any{
		fact.Hosts().Name: hosts(w.now), fact.Filesystems().Name: filesystems(w.now),
		fact.Certificates().Name: certificates(w.now), fact.Workloads().Name: workloads(w.now),
		fact.Backups().Name: backups(w.now),
	}
	var looks []fact.Look
	for _, each := range w.collectors {
		described := each.Describe()
		looks = append(looks, fact.Look{
			Collector: described.Name, Target: described.Name, Kind: described.Kind, Interval: time.Minute,
			SeenAt: w.now, TriedAt: w.now, Facts: facts[described.Kind.KindName()],
		})
		delete(facts, described.Kind.KindName()) // another collector of the same kind sees other things
	}
	return looks
}

// assess judges every system at a time.
func (w *world) assess(previous []*assess.Assessment, now time.Time) []*assess.Assessment {
	assessments := make([]*assess.Assessment, len(w.plans))
	for i, plan := range w.plans {
		var before *assess.Assessment
		if previous != nil {
			before = previous[i]
		}
		assessments[i] = plan.Assess(w.looks[i], now, before)
	}
	return assessments
}

// assessOne judges the first system at another time, and leaves the others as they were.
func (w *world) assessOne(previous []*assess.Assessment, now time.Time) []*assess.Assessment {
	assessments := append([]*assess.Assessment(nil), previous...)
	assessments[0] = w.plans[0].Assess(w.looks[0], now, previous[0])
	return assessments
}

func hosts(now time.Time) []any {
	var facts []any
	for i := range 5 {
		facts = append(facts, fact.Host{
			Name: fmt.Sprintf("node-%d", i), Kernel: "6.1.0", BootedAt: now.Add(-time.Hour),
			Memory: 16 << 30, MemoryAvailable: 8 << 30, Cores: 8,
		})
	}
	return facts
}

func filesystems(now time.Time) []any {
	var facts []any
	for i := range 20 {
		facts = append(facts, fact.Filesystem{
			Host: fmt.Sprintf("node-%d", i%5), Mountpoint: fmt.Sprintf("/srv/%d", i/5), Purpose: "data", Mounted: true,
			Device: "/dev/sda1", Type: "ext4", Size: 100 << 30, Free: 20 << 30, Available: uint64(i) << 30,
			FullAt: now.Add(100 * 24 * time.Hour),
		})
	}
	return facts
}

func certificates(now time.Time) []any {
	var facts []any
	for i := range 20 {
		name := fmt.Sprintf("www-%d.example.com", i)
		leaf := fact.ChainCertificate{
			Subject: name, Issuer: "R3", SerialNumber: "0a", Fingerprint: "0b", KeyAlgorithm: "ecdsa", KeyBits: 256,
			NotBefore: now.Add(-60 * 24 * time.Hour), NotAfter: now.Add(time.Duration(i) * 24 * time.Hour),
		}
		facts = append(facts, fact.Certificate{
			CertificatePlace: fact.CertificatePlace{Source: fact.CertificateAtAddress, Name: name + ":443", ServerName: name, IP: "192.0.2.1"},
			Chain:            []fact.ChainCertificate{leaf}, Path: []fact.ChainCertificate{leaf}, Names: []string{name}, Trust: fact.TrustPublic,
		})
	}
	return facts
}

func backups(now time.Time) []any {
	var facts []any
	for i := range 10 {
		size := int64(1 << 30)
		facts = append(facts, fact.Backup{
			Name: fmt.Sprintf("database-%d", i), Place: "s3", Copies: 30, Newest: now.Add(time.Duration(-i) * 10 * time.Hour),
			NewestName: "backup.dump", NewestBytes: &size, EarlierSizes: 29, MedianBytes: size,
			Oldest: now.Add(-30 * 24 * time.Hour), TotalBytes: &size, LongestGap: 25 * time.Hour, LongestGapEnd: now,
		})
	}
	return facts
}

func workloads(now time.Time) []any {
	var facts []any
	for i := range 30 {
		container := fact.Container{Name: "app", Ports: []fact.ContainerPort{{Name: "http", Number: 8080}}}
		if i%3 > 0 {
			container.Readiness = &fact.Probe{How: fact.ProbeHTTP, Port: "http", Patience: 30 * time.Second}
			container.Liveness = &fact.Probe{How: fact.ProbeTCP, Port: "http", Patience: time.Minute}
		}
		facts = append(facts, fact.Workload{
			Cluster: "main", Namespace: "shop", Kind: fact.KindDeployment, Name: fmt.Sprintf("service-%d", i), Observed: true,
			Replicas:   fact.Replicas{Desired: 3, Ready: 3, Available: 3, Updated: 3},
			Rollout:    fact.Rollout{Strategy: "RollingUpdate", MaxSurge: 1},
			Containers: []fact.Container{container}, Pods: fact.Pods{Running: 3, Nodes: 1 + i%3, NewestAt: now.Add(-time.Hour)},
		})
	}
	return facts
}
