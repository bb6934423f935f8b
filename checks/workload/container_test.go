package workload_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/workload"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func resources(requests, limits fact.Resources) func(*fact.Workload) {
	return container(func(c *fact.Container) { c.Requests, c.Limits = requests, limits })
}

func TestResources(t *testing.T) {
	some, none := fact.Resources{CPU: 0.1, Memory: 64 << 20}, fact.Resources{}
	v := verdicts(t, workload.Resources())
	v.Finds("a request and a limit", api(resources(some, some)))
	v.Finds("a limit is a request too", api(resources(none, some)))
	v.Finds("no limit", api(resources(some, none)),
		"fail no_limit: The container api has no memory limit.")
	v.Finds("neither", api(resources(none, none)),
		"fail no_limit: The container api has no memory limit.",
		"fail no_request: The container api requests no memory.")
	v.Finds("another resource is no memory", api(resources(fact.Resources{CPU: 1}, some)))
}

func pod(edit func(*fact.Pods)) func(*fact.Workload) { return func(w *fact.Workload) { edit(&w.Pods) } }

func waiting(reason string) func(*fact.Workload) {
	return pod(func(p *fact.Pods) { p.Waiting = []fact.Waiting{{Container: "api", Reason: reason, Pods: 2}} })
}

func TestContainerHealth(t *testing.T) {
	restarted := func(age time.Duration) func(*fact.Workload) {
		return pod(func(p *fact.Pods) {
			p.Restarted = &fact.Restart{Container: "api", Reason: "OOMKilled", At: checktest.Now().Add(-age)}
		})
	}
	v := verdicts(t, workload.ContainerHealth())
	v.Finds("probes, and no restart", api())
	v.Finds("a restart exactly an hour ago", api(restarted(time.Hour)))
	v.Finds("a restart less than an hour ago", api(restarted(59*time.Minute)),
		"fail restarted: The container api was restarted 59 min ago (OOMKilled); at least 1 h without a restart are wanted.")
	v.Finds("a container that cannot start", api(waiting("CrashLoopBackOff")),
		"fail cannot_start: The container api cannot start in 2 pods: CrashLoopBackOff.")
	v.Finds("no probe", api(container(func(c *fact.Container) { c.Readiness, c.Liveness = nil, nil })),
		"fail no_probe: The workload has 1 container and no probe.")
}

func TestContainerEnvironment(t *testing.T) {
	kind := workload.ContainerEnvironment()
	kind.Defaults.RequiredVariables = []string{"LOG_LEVEL"}
	variables := func(all ...fact.Variable) func(*fact.Workload) {
		return container(func(c *fact.Container) { c.Variables = all })
	}
	first := func(all ...fact.Variable) func(*fact.Workload) {
		return func(w *fact.Workload) { w.InitContainers = []fact.Container{{Name: "migrate", Variables: all}} }
	}
	level := fact.Variable{Name: "LOG_LEVEL"}
	v := verdicts(t, kind)
	v.Finds("what is required is set", api(variables(level)))
	v.Finds("a container waits for its configuration", api(variables(level), waiting("CreateContainerConfigError")),
		"fail configuration_error: The container api waits for its configuration in 2 pods: CreateContainerConfigError.")
	v.Finds("a container waits for something else", api(variables(level), waiting("ImagePullBackOff")))
	v.Finds("a secret stands there", api(variables(level, fact.Variable{Name: "DB_PASSWORD", PlainSecret: true})),
		"fail plain_secret: The container api has the variable DB_PASSWORD as plain text.")
	v.Finds("a secret stands in an init container", api(variables(level), first(fact.Variable{Name: "PGPASSWORD", PlainSecret: true})),
		"fail plain_secret: The container migrate has the variable PGPASSWORD as plain text.")
	v.Finds("what is required is set by an init container alone", api(first(level)),
		"fail variable_not_set: No container sets the variable LOG_LEVEL by its name.")
	v.Finds("what is required is not set", api(),
		"fail variable_not_set: No container sets the variable LOG_LEVEL by its name.")
	v.Finds("what is required is empty", api(variables(fact.Variable{Name: "LOG_LEVEL", Empty: true})),
		"fail variable_not_set: No container sets the variable LOG_LEVEL by its name.")
}

func TestImageSize(t *testing.T) {
	size := func(bytes int64) func(*fact.Workload) {
		return container(func(c *fact.Container) { c.Image, c.ImageSize = "shop/api:1", bytes })
	}
	v := verdicts(t, workload.ImageSize())
	v.Finds("just below", api(size(499_999_999)))
	v.Finds("exactly as big as it may not be", api(size(500_000_000)),
		"fail too_big: The image shop/api:1 has 500 MB; less than 500 MB is wanted.")
	v.Finds("no node reports it", api(size(0)),
		"unknown size_unknown: Neither its registry nor a node reports the size of the image shop/api:1.")
	held := func(edits ...func(*fact.Image)) fact.AnySet {
		i := fact.Image{Reference: "shop/api:1", Discovered: true, Builds: []fact.ImageBuild{{Platform: "linux/amd64", Unpacked: 600e6}}}
		for _, edit := range edits {
			edit(&i)
		}
		return checktest.Facts(fact.Images(), i)
	}
	for _, c := range []struct {
		name     string
		workload fact.Workload
		image    fact.AnySet
		want     []checktest.Finding
	}{
		{
			"the registry knows better than the node", api(size(200e6)), held(),
			checktest.One("too_big", check.Fail, "The image shop/api:1 has 600 MB; less than 500 MB is wanted."),
		},
		{"one that the registry tells nothing of is as the node reports", api(size(200e6)), held(func(i *fact.Image) { i.Builds = nil }), nil},
		{"another image says nothing", api(size(200e6)), held(func(i *fact.Image) { i.Reference = "shop/web:1" }), nil},
		{
			"one that is declared is judged without a workload", api(size(200e6)), held(func(i *fact.Image) { i.Reference, i.Discovered = "blog:1", false }),
			checktest.One("too_big", check.Fail, "The image blog:1 has 600 MB; less than 500 MB is wanted."),
		},
	} {
		asked := checktest.Case{Kind: workload.ImageSize(), Now: time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC), Sets: []fact.AnySet{checktest.Facts(fact.Workloads(), c.workload), c.image}}
		require.Equal(t, c.want, asked.Judge(t), c.name)
	}
	v.Finds("nothing runs", api(size(0), pod(func(p *fact.Pods) { p.Running = 0 })), leftOut)
}

func TestLabels(t *testing.T) {
	kind := workload.Labels()
	kind.Defaults.Required = []string{"team", "cost-center"}
	labels := func(all map[string]string) func(*fact.Workload) { return func(w *fact.Workload) { w.Labels = all } }
	v := verdicts(t, kind)
	v.Finds("the labels are there", api(labels(map[string]string{"team": "shop", "cost-center": "4711"})))
	v.Finds("the labels are not there", api(),
		"fail missing: The labels team and cost-center are missing or empty.")
	v.Finds("one label is empty", api(labels(map[string]string{"team": "", "cost-center": "4711"})),
		"fail missing: The label team is missing or empty.")
}

func TestNetworkPolicies(t *testing.T) {
	policies := func(deny bool, all ...fact.NetworkPolicy) fact.Workload {
		return api(func(w *fact.Workload) { w.DefaultDeny, w.Policies = deny, all })
	}
	v := verdicts(t, workload.NetworkPolicies())
	v.Finds("a default deny", policies(true, fact.NetworkPolicy{Name: "deny", Ingress: true}))
	v.Finds("a policy of its own", policies(false, fact.NetworkPolicy{Name: "api", Ingress: true}),
		"fail no_default_deny: The pods are isolated, but the namespace shop has no NetworkPolicy that isolates every pod: what is added to it is open.")
	own := policies(false, fact.NetworkPolicy{Name: "api", Ingress: true, Admits: fact.PeersSome})
	own.Planned = true
	v.Finds("a policy of its own, in manifests that do not tell what the namespace denies", own)
	v.Finds("a default isolation that lets the namespace in",
		policies(true, fact.NetworkPolicy{Name: "deny", Ingress: true, Admits: fact.PeersNamespace}))
	v.Finds("everybody to one port", policies(true, fact.NetworkPolicy{Name: "api", Ingress: true, AdmitsToPorts: fact.PeersAny}))
	v.Finds("a default deny, and a policy that lets everything in again", policies(true, fact.NetworkPolicy{Name: "deny", Ingress: true},
		fact.NetworkPolicy{Name: "open", Ingress: true, Admits: fact.PeersAny}),
		"fail admits_all: The NetworkPolicy open lets everybody in to every port.")
	v.Finds("a policy that lets all namespaces in", policies(true, fact.NetworkPolicy{Name: "open", Ingress: true, Admits: fact.PeersCluster}),
		"fail admits_all: The NetworkPolicy open lets every pod of the cluster in to every port.")
	onNode := policies(true)
	onNode.HostNamespaces = []string{"network"}
	v.Finds("pods in the network of their nodes", onNode,
		"warn host_network: The pods have hostNetwork: true, so that no NetworkPolicy restricts what reaches them.")
	v.Finds("a policy for what goes out", policies(false, fact.NetworkPolicy{Name: "api", Egress: true}),
		"fail not_selected: No NetworkPolicy of the namespace shop restricts what reaches the pods.")
	v.Finds("none", policies(false),
		"fail not_selected: No NetworkPolicy of the namespace shop restricts what reaches the pods.")
	beside := func(w fact.Workload, all ...fact.UnreadPolicy) fact.Workload {
		w.UnreadPolicies = all
		return w
	}
	cilium, baseline := fact.UnreadPolicy{Kind: "CiliumNetworkPolicy", Name: "api"}, fact.UnreadPolicy{
		Kind: "BaselineAdminNetworkPolicy", Name: "default", After: true,
	}
	v.Finds("none, but one of the network plugin", beside(policies(false), cilium),
		"unknown policies_not_read: No NetworkPolicy of the namespace shop restricts what reaches the pods. Whether others restrict "+
			"that is not known: the rules of the CiliumNetworkPolicy api are not read.")
	v.Finds("none, but a baseline", beside(policies(false), baseline),
		"unknown policies_not_read: No NetworkPolicy of the namespace shop restricts what reaches the pods. Whether others restrict "+
			"that is not known: the rules of the BaselineAdminNetworkPolicy default are not read.")
	v.Finds("a default deny, and one that goes before it",
		beside(policies(true, fact.NetworkPolicy{Name: "deny", Ingress: true}), fact.UnreadPolicy{Kind: "AdminNetworkPolicy", Name: "monitoring"}),
		"unknown policies_not_read: The NetworkPolicies of the namespace shop deny what they do not let in. Whether others let it in is not known: "+
			"the rules of the AdminNetworkPolicy monitoring are not read.")
	v.Finds("a default deny, and a baseline that comes after it",
		beside(policies(true, fact.NetworkPolicy{Name: "deny", Ingress: true}), baseline))
	v.Finds("everything let in by a policy, which no baseline comes to restrict",
		beside(policies(true, fact.NetworkPolicy{Name: "open", Ingress: true, Admits: fact.PeersAny}), baseline),
		"fail admits_all: The NetworkPolicy open lets everybody in to every port.")
}

func TestDatabaseExposure(t *testing.T) {
	reached := func(edit func(*fact.Workload)) fact.Workload {
		return api(kind(fact.KindStatefulSet), named("database"), func(w *fact.Workload) {
			w.Database, w.Containers = "postgresql", []fact.Container{{Name: "database"}}
		}, edit)
	}
	by := func(outlet fact.Outlet) fact.Workload {
		return reached(func(w *fact.Workload) { w.Services = []fact.Outlet{outlet} })
	}
	v := verdicts(t, workload.DatabaseExposure())
	v.Finds("by the cluster alone", by(fact.Outlet{Name: "database", Type: "ClusterIP"}))
	v.Finds("by node ports", by(fact.Outlet{Name: "database", Type: "NodePort", NodePorts: []int{30000}}),
		"fail exposed_by_service: The Service database of type NodePort makes the database reachable from outside.")
	v.Finds("by a load balancer without an address yet", by(fact.Outlet{Name: "database", Type: "LoadBalancer"}),
		"fail exposed_by_service: The Service database of type LoadBalancer makes the database reachable from outside.")
	v.Finds("by an external address", by(fact.Outlet{Name: "database", Type: "ClusterIP", Addresses: []string{"192.0.2.1"}}),
		"fail exposed_by_service: The Service database of type ClusterIP makes the database reachable from outside.")
	v.Finds("by its node", reached(func(w *fact.Workload) { w.Containers[0].Ports = []fact.ContainerPort{{Number: 5432, Node: 5432}} }),
		"fail exposed_on_node: The container database has a port of its node.")
	v.Finds("by the network of its node, whatever it says of ports", reached(func(w *fact.Workload) {
		w.HostNamespaces, w.Containers[0].Ports = []string{"network"}, []fact.ContainerPort{{Number: 5432, Node: 5432}}
	}), "fail exposed_on_node: The pods share the network of their node, with all ports that the database listens at.")
	v.Finds("a store in memory", reached(func(w *fact.Workload) {
		w.Database, w.Containers[0].Image = "", "docker.io/bitnami/redis:7.4"
		w.Services = []fact.Outlet{{Name: "redis", Type: "LoadBalancer"}}
	}), "fail exposed_by_service: The Service redis of type LoadBalancer makes the database reachable from outside.")
	v.Finds("by an Ingress", reached(func(w *fact.Workload) { w.Routes = []string{"Ingress/database"} }),
		"fail exposed_by_ingress: Requests from outside reach the database by Ingress/database.")
	v.Finds("what is no database", api(),
		"undeclared no_database on the item: No workload of the system runs a database that is known by its image, and no port of a host is tried.")
	v.With = []fact.AnySet{fact.PortProbes().Found(fact.PortProbe{Host: "db-1", Address: "203.0.113.7", Ports: []fact.PortState{
		{Number: 5432, Service: "postgresql", State: fact.PortOpen},
	}})}
	v.Finds("from outside, by its port", by(fact.Outlet{Name: "database", Type: "ClusterIP"}),
		"fail answers_outside on db-1/203.0.113.7: Connections are taken at port 5432 (postgresql) of 203.0.113.7.")
}
