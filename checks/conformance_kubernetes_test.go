package checks_test

import (
	"slices"
	"time"

	"github.com/readiness-exporter/readiness-exporter/checks/workload"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// inMain is a system with the cluster main, in which what is wanted of a cluster is expected.
func inMain() *system.System {
	return &system.System{Name: "shop", Environment: "production", Kubernetes: []system.Cluster{{Name: "main"}}}
}

// goodWorkload passes every check on workloads.
func goodWorkload() fact.Workload {
	probe := &fact.Probe{How: fact.ProbeHTTP, Port: "http", Patience: time.Minute}
	some := fact.Resources{CPU: 0.1, Memory: 64e6}
	return fact.Workload{
		Cluster: "main", Namespace: "shop", Kind: fact.KindDeployment, Name: "api", Observed: true,
		Labels:   map[string]string{"app.kubernetes.io/part-of": "shop"},
		Replicas: fact.Replicas{Desired: 3, Ready: 3, Available: 3, Updated: 3},
		Rollout:  fact.Rollout{Strategy: "RollingUpdate", MaxSurge: 1, BeganAt: now.Add(-2 * day), EndedAt: now.Add(-2 * day)},
		Containers: []fact.Container{{
			Name: "api", Image: "shop/api:1", ImageSize: 1e6, Ports: []fact.ContainerPort{{Name: "http", Number: 8080}},
			Readiness: probe, Liveness: probe, Requests: some, Limits: some, Reports: &fact.Vulnerabilities{At: now.Add(-day)},
		}},
		SpreadRules: []string{"spread by kubernetes.io/hostname"},
		Pods:        fact.Pods{Running: 3, Nodes: 3, NewestAt: now.Add(-day)},
		Budgets: []fact.DisruptionBudget{{
			Name: "api", MaxUnavailable: "1", Counted: true, Expected: 3, Healthy: 3, Needed: 2, Allowed: 1, Workloads: 1,
		}},
		Autoscaler:  &fact.Autoscaler{Kind: "HorizontalPodAutoscaler", Name: "api", Minimum: 3, Maximum: 9, Active: true},
		Monitors:    []fact.Monitor{{Kind: "ServiceMonitor", Name: "api"}},
		Previous:    &fact.Revision{Name: "api-1"},
		DefaultDeny: true,
	}
}

// badWorkload passes none of them.
func badWorkload() fact.Workload {
	missing := []fact.Reference{{Kind: "Secret", Name: "gone", From: "volume keys"}}
	return fact.Workload{
		Cluster: "main", Namespace: "shop", Kind: fact.KindDeployment, Name: "web", Observed: true,
		Replicas: fact.Replicas{Desired: 1},
		Rollout:  fact.Rollout{Strategy: "Recreate", Stalled: true, BeganAt: now.Add(-time.Hour)},
		Containers: []fact.Container{{
			Name: "web", Image: "shop/web:1", ImageSize: 9e9, Ports: []fact.ContainerPort{{Name: "http", Number: 8080}},
			Variables: []fact.Variable{{Name: "PASSWORD", PlainSecret: true}},
		}},
		Pods:       fact.Pods{Running: 1, Nodes: 1, Waiting: []fact.Waiting{{Container: "web", Reason: "CrashLoopBackOff", Pods: 1}}},
		Unresolved: missing,
	}
}

// ofWorkloads is the world of a kind whose good and bad workloads are as the edit changes them.
func ofWorkloads(edit func(good, bad *fact.Workload)) world {
	good, bad := goodWorkload(), badWorkload()
	edit(&good, &bad)
	return world{good: []fact.AnySet{facts(fact.Workloads(), good)}, bad: []fact.AnySet{facts(fact.Workloads(), bad)}}
}

func workloadWorlds() map[string]world {
	all := map[string]world{
		"database_exposure": ofWorkloads(func(good, bad *fact.Workload) {
			good.Database, bad.Database = "postgresql", "postgresql"
			bad.Routes = []string{"Ingress/database"}
		}),
	}
	for _, kind := range []string{
		"workload_replicas", "workload_disruption_budget", "workload_spread", "workload_rolling_update", "workload_probes",
		"workload_resources", "container_health", "container_environment", "image_size", "image_vulnerabilities", "workload_labels",
		"workload_autoscaling", "service_monitor", "rollback_readiness", "rollout_health", "rollout_age", "network_policies",
		"required_configuration",
	} {
		all[kind] = ofWorkloads(func(*fact.Workload, *fact.Workload) {})
	}
	for _, kind := range []string{"workload_disruption_budget", "workload_spread"} { // Of one pod they only say what follows.
		all[kind] = ofWorkloads(func(_, bad *fact.Workload) { bad.Replicas.Desired = 2 })
	}
	window := ofWorkloads(func(*fact.Workload, *fact.Workload) {})
	window.tune = func(parameters any) {
		opens := workload.MaintenanceWindow{Duration: quantity.Duration(time.Hour)}
		if err := opens.Cron.UnmarshalText([]byte("0 12 20 11 *")); err != nil { // when the rollout of the good one began
			panic(err)
		}
		parameters.(*workload.MaintenanceWindowParameters).Windows = []workload.MaintenanceWindow{opens}
	}
	all["maintenance_window"] = window
	return all
}

func storageWorlds() map[string]world {
	works := fact.BackupSchedule{Cluster: "main", Namespace: "shop", Kind: "CronJob", Name: "dump", SucceededAt: now.Add(-time.Hour)}
	suspended := works
	suspended.Name, suspended.Suspended = "files", true
	stateful := ofWorkloads(func(good, bad *fact.Workload) {
		for _, w := range []*fact.Workload{good, bad} {
			claim := fact.Claim{Name: "data-" + w.Name, Phase: "Bound", Class: "fast"}
			if w == good {
				claim.ClassKnown, claim.Expandable, claim.ReclaimPolicy = true, true, "Retain"
				claim.Schedules = []fact.BackupSchedule{works}
			}
			w.Kind, w.Database = fact.KindStatefulSet, "postgresql"
			w.Volumes = []fact.Volume{{Name: "data", Type: "persistentVolumeClaim", Claims: []fact.Claim{claim}}}
		}
	})
	return map[string]world{
		"persistent_volume_claims": {
			good: stateful.good,
			bad:  ofWorkloads(func(_, bad *fact.Workload) { bad.Database = "postgresql" }).bad,
		},
		"storage_class":          stateful,
		"volume_backup_schedule": stateful,
		"backup_automation": {
			declared: inMain(),
			good:     []fact.AnySet{facts(fact.BackupSchedules(), works, suspended)},
			bad:      []fact.AnySet{facts(fact.BackupSchedules(), suspended)},
		},
	}
}

func clusterWorlds() map[string]world {
	node := fact.Node{
		Name: "a", Ready: true, Kubelet: "v1.35.2", Allocatable: fact.Resources{CPU: 4, Memory: 8e9}, Requested: fact.Resources{CPU: 1, Memory: 1e9},
	}
	healthy := fact.Cluster{
		Name: "main", Version: "v1.35.2", SupportEnd: now.Add(100 * day), CredentialsEnd: now.Add(100 * day), Nodes: []fact.Node{node, node, node},
	}
	old := fact.Cluster{
		Name: "old", Version: "v1.25.0", SupportEnd: now.Add(-day), CredentialsEnd: now.Add(day), Unschedulable: 3, Nodes: []fact.Node{node},
	}
	clusters := world{good: []fact.AnySet{facts(fact.Clusters(), healthy)}, bad: []fact.AnySet{facts(fact.Clusters(), old)}}

	part := func(role fact.ComponentRole, name string, available int) fact.Component {
		return fact.Component{
			Cluster: "main", Role: role, Part: name, Namespace: "system", Kind: "Deployment", Name: name, Desired: 2, Available: available,
			Classes: []string{"nginx"}, Serves: []string{"certificates"}, OnNodes: available == 2,
		}
	}
	controllers := world{
		declared: inMain(),
		good:     []fact.AnySet{facts(fact.Components(), part(fact.RoleIngressController, "ingress-nginx", 2))},
		bad:      []fact.AnySet{facts(fact.Components(), part(fact.RoleIngressController, "traefik", 1))},
	}
	issuer := fact.Issuer{Cluster: "main", Kind: "ClusterIssuer", Name: "letsencrypt", Ready: true}
	broken := fact.Issuer{Cluster: "main", Kind: "ClusterIssuer", Name: "staging"}
	release := fact.HelmRelease{Cluster: "main", Namespace: "shop", Name: "shop", Revision: 2, Status: "deployed"}
	failed := fact.HelmRelease{Cluster: "main", Namespace: "shop", Name: "web", Revision: 1, Status: "failed"}
	grants := []fact.Grant{{Subject: "ServiceAccount shop/api", Role: "ClusterRole cluster-admin", Binding: "ClusterRoleBinding x", Risk: "all"}}
	lookedUp := func(unknown int) fact.AnySet {
		return facts(fact.ClusterDNSs(), fact.ClusterDNS{Cluster: "main", Server: "10.96.0.10", Lookups: []fact.ClusterLookup{
			{Name: "kubernetes.default.svc.cluster.local", Asked: 6, Unknown: unknown, Slowest: time.Second},
		}})
	}
	return map[string]world{
		"kubernetes_health": clusters, "kubernetes_api_access": clusters, "node_capacity": clusters,
		"cluster_dns": {
			declared: inMain(),
			good:     []fact.AnySet{lookedUp(0), facts(fact.Components(), part(fact.RoleDNS, "coredns", 2))},
			bad:      []fact.AnySet{lookedUp(6), facts(fact.Components(), part(fact.RoleDNS, "coredns", 1))},
		},
		"ingress_controller": controllers, "ingress_exposure": controllers,
		"cluster_public_address": {
			declared: inMain(),
			good: []fact.AnySet{
				facts(fact.Clusters(), fact.Cluster{Name: "main", Nodes: []fact.Node{{Name: "a", External: []string{"192.0.43.8"}}}}), fact.Components().NoFacts(),
			},
			bad: []fact.AnySet{facts(fact.Clusters(), fact.Cluster{Name: "other"}), fact.Components().NoFacts()},
		},
		"cert_manager": {
			declared: inMain(),
			good: []fact.AnySet{facts(fact.Components(), part(fact.RoleCertManager, "cert-manager", 2),
				part(fact.RoleCertManager, "webhook", 2), part(fact.RoleCertManager, "cainjector", 2))},
			bad: []fact.AnySet{facts(fact.Components(), part(fact.RoleCertManager, "cert-manager", 0))},
		},
		"cluster_issuer": {
			declared: inMain(), good: []fact.AnySet{facts(fact.Issuers(), issuer)}, bad: []fact.AnySet{facts(fact.Issuers(), broken)},
		},
		"helm_releases": {good: []fact.AnySet{facts(fact.HelmReleases(), release)}, bad: []fact.AnySet{facts(fact.HelmReleases(), failed)}},
		"kubernetes_authorization": {
			good: []fact.AnySet{facts(fact.Authorizations(), fact.Authorization{Cluster: "main"})},
			bad:  []fact.AnySet{facts(fact.Authorizations(), fact.Authorization{Cluster: "other", Grants: grants})},
		},
	}
}

func requestWorlds() map[string]world {
	leads := func(name string, trouble fact.HostTrouble) fact.Ingress {
		return fact.Ingress{
			Cluster: "main", Namespace: "shop", Kind: "Ingress", Name: name, Hosts: []fact.IngressHost{{Name: name, Trouble: trouble}},
		}
	}
	ingresses := world{
		good: []fact.AnySet{facts(fact.Ingresses(), leads("shop.contoso.com", "")), facts(fact.Certificates(), fact.Certificate{})},
		bad:  []fact.AnySet{facts(fact.Ingresses(), leads("shop.example.com", fact.HostExpired)), facts(fact.Certificates(), fact.Certificate{})},
	}
	return map[string]world{
		"ingress_hosts": ingresses, "ingress_tls": ingresses,
		"service_endpoints": {
			good: []fact.AnySet{facts(fact.Services(), fact.Service{Cluster: "main", Namespace: "shop", Name: "api", Ready: 2, Endpoints: 2})},
			bad:  []fact.AnySet{facts(fact.Services(), fact.Service{Cluster: "main", Namespace: "shop", Name: "web", Endpoints: 2})},
		},
	}
}

func configurationWorlds() map[string]world {
	configured := func(name string, value fact.ConfiguredValue) []fact.AnySet {
		return []fact.AnySet{facts(fact.Configurations(), fact.Configuration{
			Cluster: "main", Namespace: "shop", Kind: "Secret", Name: name, Values: []fact.ConfiguredValue{value},
		})}
	}
	values := world{
		good: configured("database", fact.ConfiguredValue{Key: "PASSWORD", Credential: true, AtLeast: 32, Strength: 4}),
		bad:  configured("web", fact.ConfiguredValue{Key: "PASSWORD", Credential: true, AtLeast: 8, Development: "it leads to localhost"}),
	}
	like := fact.Staging{
		Cluster: "main", Namespace: "shop", With: "namespace shop-staging of cluster main", CompareValues: true, Values: 2,
		Images: []fact.StagedImage{{Object: "Deployment/api", Image: "shop/api:1", Staged: true}},
	}
	unlike := like
	unlike.Namespace, unlike.SameValues = "web", []string{"Secret/database PASSWORD"}
	unlike.Images = slices.Clone(like.Images)
	unlike.Images[0].Staged = false
	unlike.Differences = []fact.Difference{{Object: "Deployment/web", Production: "there"}}
	stagings := world{good: []fact.AnySet{facts(fact.Stagings(), like)}, bad: []fact.AnySet{facts(fact.Stagings(), unlike)}}
	changed := func(name string, age time.Duration) []fact.AnySet {
		return []fact.AnySet{facts(fact.Secrets(), fact.Secret{Cluster: "main", Namespace: "shop", Name: name, ChangedAt: now.Add(-age)})}
	}
	left := []fact.Leftover{{Kind: "ConfigMap", Name: "old", Reason: "no reference found"}}
	return map[string]world{
		"credential_strength": values, "production_configuration": values,
		"environment_parity": stagings, "staged_images": stagings, "secret_reuse": stagings,
		"secret_rotation": {good: changed("database", day), bad: changed("web", 999*day)},
		"unused_resources": {
			good: []fact.AnySet{facts(fact.Namespaces(), fact.Namespace{Cluster: "main", Name: "shop", Objects: 9})},
			bad:  []fact.AnySet{facts(fact.Namespaces(), fact.Namespace{Cluster: "main", Name: "web", Objects: 9, Unused: left})}, badIs: check.Warn,
		},
	}
}
