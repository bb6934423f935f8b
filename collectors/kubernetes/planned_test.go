package kubernetes

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

const app = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  strategy: {rollingUpdate: {maxUnavailable: 3}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1", ports: [{name: http, containerPort: 8080}, {name: metrics, containerPort: 9090}]}]}
---
`

func TestWorkloadsOfManifestsHaveWhatTheirAutoscalerGivesThem(t *testing.T) {
	const target = "scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}"
	scaledObject := func(annotations, spec string) string {
		return "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: web, namespace: shop, annotations: {" + annotations + "}}\n" +
			"spec: {" + target + spec + "}"
	}
	for _, c := range []struct {
		name, scaler   string
		desired, least int
	}{
		{"none", "", 1, 1},
		{
			"a minimum of three", "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web, namespace: shop}\n" +
				"spec: {" + target + ", minReplicas: 3, maxReplicas: 6}", 3, 3,
		},
		{
			"the older version", "apiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\nmetadata: {name: web, namespace: shop}\n" +
				"spec: {" + target + ", minReplicas: 3, maxReplicas: 6, targetCPUUtilizationPercentage: 70}", 3, 3,
		},
		{
			"no minimum", "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web, namespace: shop}\n" +
				"spec: {" + target + ", maxReplicas: 6}", 1, 1,
		},
		{
			"one of another namespace", "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web, namespace: other}\n" +
				"spec: {" + target + ", minReplicas: 3, maxReplicas: 6}", 1, 1,
		},
		{"KEDA, idle at zero", scaledObject("", ", minReplicaCount: 2, idleReplicaCount: 0"), 2, 2},
		{"KEDA by default", scaledObject("", ""), 1, 0},
		{"KEDA, paused at four", scaledObject(`autoscaling.keda.sh/paused-replicas: "4"`, ", minReplicaCount: 2"), 4, 4},
		{"KEDA, paused", scaledObject(`autoscaling.keda.sh/paused: "true"`, ", minReplicaCount: 2"), 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := setOf(fact.Workloads(), planned(t, read(t, app+c.scaler))).Facts[0]
			require.Equal(t, c.desired, w.Replicas.Desired)
			require.Equal(t, c.least, w.Least())
			require.Equal(t, min(3, c.desired), w.Rollout.MaxUnavailable, "all that counts replicas counts these")
		})
	}
}

func TestOneServiceOfAMonitorWithThePortIsEnough(t *testing.T) {
	service := func(name, port string) string {
		return "apiVersion: v1\nkind: Service\nmetadata: {name: " + name + ", namespace: shop, labels: {app: web}}\n" +
			"spec: {selector: {app: web}, ports: [{name: " + port + ", port: 80}]}\n---\n"
	}
	monitors := func(ports ...string) []fact.Monitor {
		endpoints := "[{port: " + strings.Join(ports, "}, {port: ") + "}]"
		return setOf(fact.Workloads(), planned(t, read(t, app+service("web", "http")+service("web-metrics", "metrics")+
			"apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: web, namespace: shop}\n"+
			"spec: {selector: {matchLabels: {app: web}}, endpoints: "+endpoints+"}"))).Facts[0].Monitors
	}
	require.Equal(t, []fact.Monitor{{Kind: "ServiceMonitor", Name: "web"}}, monitors("metrics"))
	require.Equal(t, []fact.Monitor{{Kind: "ServiceMonitor", Name: "web"}}, monitors("metrics", "http"))
	require.Equal(t, []fact.Monitor{{Kind: "ServiceMonitor", Name: "web", UnknownPorts: []string{"grpc"}}}, monitors("metrics", "grpc"))
}

func TestServicesOfManifestsAreReportedWhereTheyLeadNowhere(t *testing.T) {
	service := func(selector, target string) string {
		return "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\n" +
			"spec: {selector: {" + selector + "}, ports: [{port: 80, targetPort: " + target + "}]}\n---\n"
	}
	found := func(manifests ...string) []*fact.Service {
		set := setOf(fact.Services(), planned(t, read(t, strings.Join(manifests, ""))))
		require.Len(t, set.Unavailable, 1, "the others are known in a cluster alone")
		return set.Facts
	}
	wrong := fact.Service{Cluster: "manifests", Namespace: "shop", Name: "web", Planned: true, Selector: "app=api"}
	lost := wrong
	lost.Selector, lost.Workloads, lost.Endpoints, lost.Ready, lost.LostPorts = "app=web", []string{"Deployment/web"}, 1, 1, []string{"grpc"}
	const custom = "apiVersion: example.com/v1\nkind: Cluster\nmetadata: {name: db, namespace: shop}\n"
	const pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: api, namespace: shop, labels: {app: api}}\nspec: {containers: [{name: a}]}\n"
	require.Empty(t, found(app, service("app: web", "http")))
	require.Empty(t, found(app, service("app: web", "1234")), "a number needs no declaration")
	require.Empty(t, found(app, service("app: api", "80"), pod), "whatever the pods are of")
	require.Empty(t, found(app, service("app: api", "80"), custom), "an operator may make them")
	require.Empty(t, found(service("app: api", "80")), "the pods are elsewhere")
	refused, err := NewManifestReader("").Read("app.yaml", strings.NewReader(app+service("app: api", "80")+
		"apiVersion: v1\nkind: Pod\nmetadata: {name: api, namespace: shop, labels: {app: api}}\nspec: {priority: high, containers: []}\n"))
	require.ErrorContains(t, err, "Pod/api: spec.priority: expected a number")
	require.Empty(t, setOf(fact.Services(), planned(t, refused)).Facts, "what the Service selects is there, though it would be refused")
	require.Equal(t, []*fact.Service{&wrong}, found(app, service("app: api", "80")))
	require.Equal(t, []*fact.Service{&lost}, found(app, service("app: web", "grpc")))
}

func TestEndpointsOfAllSlicesAreCounted(t *testing.T) {
	slice := func(family discoveryv1.AddressType, n, ready int) endpointSlice {
		e := &discoveryv1.EndpointSlice{AddressType: family, Endpoints: make([]discoveryv1.Endpoint, n), Ports: []discoveryv1.EndpointPort{{Name: new("")}}}
		for i := range e.Endpoints {
			e.Endpoints[i].Conditions.Ready = new(i < ready)
		}
		return keepEndpointSlice(e)
	}
	s := keepService(&corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}})
	var f fact.Service
	s.reach(&f, []endpointSlice{
		slice(discoveryv1.AddressTypeIPv4, 100, 90), slice(discoveryv1.AddressTypeIPv6, 100, 95), slice(discoveryv1.AddressTypeIPv4, 50, 50),
		slice(discoveryv1.AddressTypeIPv6, 50, 30),
	})
	require.Equal(t, fact.Service{Endpoints: 150, Ready: 140}, f, "a pod with two addresses is one endpoint")
}

func TestManifestsOfOneObjectAreDistinct(t *testing.T) {
	const other = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {replicas: 2}\n---\n"
	const unnamed = "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: job-, namespace: shop}\n---\n"
	all, err := Distinct(read(t, app+app+unnamed+unnamed))
	require.NoError(t, err)
	require.Len(t, all, 3, "what is said twice is said once")
	all, err = Distinct(read(t, app+other+unnamed))
	require.ErrorContains(t, err, `app.yaml:2 and app.yaml:11: both are the Deployment web of namespace "shop"`)
	require.Len(t, all, 1, "which of them is meant is not known")
}

func TestBackupsOfManifestsAreReportedWhereAllAreSuspended(t *testing.T) {
	job := func(name, suspend string) string {
		return "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: " + name + ", namespace: shop}\nspec: {suspend: " + suspend +
			`, schedule: "0 1 * * *", jobTemplate: {spec: {template: {spec: {containers: [{name: b, image: postgres, command: [pg_dump]}]}}}}}` + "\n---\n"
	}
	found := func(manifests string) int {
		return len(setOf(fact.BackupSchedules(), planned(t, read(t, manifests))).Facts)
	}
	require.Equal(t, 1, found(job("backup", "true")))
	require.Equal(t, 0, found(job("backup", "false")))
	require.Equal(t, 0, found(job("backup", "true")+job("dump-backup", "false")), "another makes them")
}
