package bench

import (
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func hosts(now time.Time) []fact.Host {
	var facts []fact.Host
	for i := range 5 {
		facts = append(facts, fact.Host{
			Name: fmt.Sprintf("node-%d", i), Kernel: "6.8.0", BootedAt: now.Add(-time.Hour),
			ID: "ubuntu", Version: "24.04", Codename: "noble", Title: "Ubuntu 24.04.2 LTS", LongTermSupport: true,
			SupportEnd: now.Add(3 * 365 * 24 * time.Hour), RebootKnown: true,
			Memory: 16 << 30, MemoryAvailable: 8 << 30, Cores: 8,
		})
	}
	return facts
}

func filesystems(now time.Time) []fact.Filesystem {
	var facts []fact.Filesystem
	for i := range 20 {
		available := uint64(60) << 30
		if i == 2 {
			available = 5 << 30
		}
		facts = append(facts, fact.Filesystem{
			Host: fmt.Sprintf("node-%d", i%5), Mountpoint: fmt.Sprintf("/srv/%d", i/5), Purpose: "data", Mounted: true,
			Device: "/dev/sda1", Type: "ext4", Size: 100 << 30, Free: available, Available: available,
			FullAt: now.Add(100 * 24 * time.Hour),
		})
	}
	return facts
}

func certificates(now time.Time) []fact.Certificate {
	var facts []fact.Certificate
	for i := range 20 {
		name := fmt.Sprintf("www-%d.example.com", i)
		leaf := fact.ChainCertificate{
			Subject: name, Issuer: "R3", SerialNumber: "0a", Fingerprint: "0b", KeyAlgorithm: "ecdsa", KeyBits: 256,
			NotBefore: now.Add(-60 * 24 * time.Hour), NotAfter: now.Add(30 * 24 * time.Hour),
		}
		if i == 3 {
			leaf.NotAfter = now.Add(2 * 24 * time.Hour)
		}
		facts = append(facts, fact.Certificate{
			CertificatePlace: fact.CertificatePlace{Source: fact.CertificateAtAddress, Name: name + ":443", ServerName: name, IP: "192.0.2.1"},
			Chain:            []fact.ChainCertificate{leaf}, Path: []fact.ChainCertificate{leaf}, Names: []string{name}, Trust: fact.TrustPublic,
		})
	}
	return facts
}

func backups(now time.Time) []fact.Backup {
	var facts []fact.Backup
	for i := range 10 {
		size := int64(1 << 30)
		facts = append(facts, fact.Backup{
			Name: fmt.Sprintf("database-%d", i), Place: "s3", Copies: 30, Newest: now.Add(-10 * time.Hour),
			OffSite: true, RecoveryPoint: 24 * time.Hour, Schedule: 24 * time.Hour,
			NewestName: "backup.dump", NewestBytes: &size, EarlierSizes: 29, MedianBytes: size,
			Oldest: now.Add(-30 * 24 * time.Hour), TotalBytes: &size, LongestGap: 25 * time.Hour, LongestGapEnd: now,
		})
	}
	return facts
}

// workloads are sound, but for one of ten, which has neither probes nor limits and runs on one node.
func workloads(now time.Time) []fact.Workload {
	var facts []fact.Workload
	for i := range 30 {
		name := fmt.Sprintf("service-%d", i)
		container := fact.Container{
			Name: "app", Image: "registry.example.com/" + name + ":1.0.0", ImageSize: 200 << 20,
			ImageID:   "registry.example.com/" + name + "@sha256:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945",
			Ports:     []fact.ContainerPort{{Name: "http", Number: 8080}},
			Requests:  fact.Resources{CPU: 0.1, Memory: 128 << 20},
			Limits:    fact.Resources{CPU: 1, Memory: 256 << 20},
			Readiness: &fact.Probe{How: fact.ProbeHTTP, Port: "http", Patience: 30 * time.Second},
			Liveness:  &fact.Probe{How: fact.ProbeTCP, Port: "http", Patience: time.Minute},
			Startup:   &fact.Probe{How: fact.ProbeTCP, Port: "http", Patience: 5 * time.Minute},
			Reports:   &fact.Vulnerabilities{At: now.Add(-time.Hour)},
		}
		nodes := 3
		if i%10 == 7 {
			container.Liveness, container.Limits, nodes = nil, fact.Resources{}, 1
		}
		facts = append(facts, fact.Workload{
			Cluster: "main", Namespace: "shop", Kind: fact.KindDeployment, Name: name, Observed: true,
			Labels: map[string]string{
				"app.kubernetes.io/name": name, "app.kubernetes.io/version": "1.0.0",
				"team": "platform", "cost-center": "42", "environment": "production",
			},
			Replicas:   fact.Replicas{Desired: 3, Ready: 3, Available: 3, Updated: 3},
			Rollout:    fact.Rollout{Strategy: "RollingUpdate", MaxSurge: 1, BeganAt: now.Add(-24 * time.Hour)},
			Containers: []fact.Container{container},
			Pods:       fact.Pods{Running: 3, Nodes: nodes, NewestAt: now.Add(-time.Hour)},
			Budgets: []fact.DisruptionBudget{{
				Name: name, MinAvailable: "2", Counted: true, Expected: 3, Healthy: 3, Needed: 2, Allowed: 1, Workloads: 1,
			}},
			SpreadRules: []string{"required anti-affinity by kubernetes.io/hostname"},
			Policies:    []fact.NetworkPolicy{{Name: name, Ingress: true}}, DefaultDeny: true,
			Services: []fact.Outlet{{Name: name, Type: "ClusterIP"}},
			Monitors: []fact.Monitor{{Kind: "ServiceMonitor", Name: name}},
			Previous: &fact.Revision{
				Name: name + "-1", MadeAt: now.Add(-7 * 24 * time.Hour), Images: []string{"registry.example.com/" + name + ":0.9.0"},
			},
		})
	}
	return facts
}
