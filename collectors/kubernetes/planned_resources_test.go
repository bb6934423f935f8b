package kubernetes

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// workloadOf gives the one workload of manifests.
func workloadOf(t *testing.T, manifests string) *fact.Workload {
	t.Helper()
	all := setOf(fact.Workloads(), planned(t, read(t, manifests))).Facts
	require.Len(t, all, 1)
	return all[0]
}

func TestContainersOfManifestsHaveWhatALimitRangeGivesThem(t *testing.T) {
	const limitRange = "apiVersion: v1\nkind: LimitRange\nmetadata: {name: l, namespace: shop}\nspec: {limits: [{type: Container, "
	for name, test := range map[string]struct {
		limits          string
		requests, limit fact.Resources
	}{
		"defaults": {
			"default: {cpu: 1, memory: 1Gi}, defaultRequest: {cpu: 100m}}]}",
			fact.Resources{CPU: 0.1, Memory: 1 << 30}, fact.Resources{CPU: 1, Memory: 1 << 30},
		},
		"a maximum is one where there is no default": {
			"max: {memory: 1Gi}}]}", fact.Resources{Memory: 1 << 30}, fact.Resources{Memory: 1 << 30},
		},
		"a minimum is requested": {"min: {cpu: 50m}}]}", fact.Resources{CPU: 0.05}, fact.Resources{}},
	} {
		t.Run(name, func(t *testing.T) {
			c := workloadOf(t, app+limitRange+test.limits).Containers[0]
			require.Equal(t, [2]fact.Resources{test.requests, test.limit}, [2]fact.Resources{c.Requests, c.Limits})
		})
	}
	for name, other := range map[string]string{
		"one of another namespace": strings.Replace(limitRange, "shop", "other", 1) + "default: {cpu: 1}}]}",
		"one of pods":              strings.Replace(limitRange, "Container", "Pod", 1) + "max: {cpu: 1}}]}",
	} {
		t.Run(name, func(t *testing.T) { require.Zero(t, workloadOf(t, app+other).Containers[0].Limits) })
	}
	own := strings.Replace(app, `image: "web:1"`, `image: "web:1", resources: {limits: {cpu: 2}}`, 1)
	c := workloadOf(t, own+limitRange+"default: {cpu: 1}, defaultRequest: {cpu: 100m}}]}").Containers[0]
	require.Equal(t, [2]fact.Resources{{}, {CPU: 2}}, [2]fact.Resources{c.Requests, c.Limits}, "its own limit is its request")
}

func TestAnAutoscalerOfManifestsThatMeasuresNothingCannotScale(t *testing.T) {
	const target = "metadata: {name: web, namespace: shop}\nspec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, "
	const hpa = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n" + target
	const cpu = "metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}]"
	const scaledObject = "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\n" + target
	requests := func(resources string) string {
		return strings.Replace(app, `image: "web:1"`, `image: "web:1", resources: {`+resources+`}`, 1)
	}
	const trouble = "FailedGetResourceMetric (the container web requests no cpu)"
	for name, test := range map[string]struct{ manifests, want string }{
		"nothing is requested":         {app + hpa + "maxReplicas: 5, " + cpu + "}", trouble},
		"something else is requested":  {requests("requests: {memory: 1Gi}") + hpa + "maxReplicas: 5, " + cpu + "}", trouble},
		"no metric is that of the cpu": {app + hpa + "maxReplicas: 5}", trouble},
		"the older version":            {app + strings.Replace(hpa, "v2", "v1", 1) + "maxReplicas: 5, targetCPUUtilizationPercentage: 50}", trouble},
		"it is requested":              {requests("requests: {cpu: 1}") + hpa + "maxReplicas: 5, " + cpu + "}", ""},
		"a limit is a request":         {requests("limits: {cpu: 1}") + hpa + "maxReplicas: 5, " + cpu + "}", ""},
		"the pod as a whole requests it": {
			strings.Replace(app, "spec: {containers", "spec: {resources: {requests: {cpu: 1}}, containers", 1) + hpa + "maxReplicas: 5, " + cpu + "}", "",
		},
		"a LimitRange has it requested": {
			app + hpa + "maxReplicas: 5, " + cpu + "}\n---\napiVersion: v1\nkind: LimitRange\nmetadata: {name: l, namespace: shop}\n" +
				"spec: {limits: [{type: Container, defaultRequest: {cpu: 100m}}]}", "",
		},
		"an amount is no share": {app + hpa + "maxReplicas: 5, " + strings.Replace(cpu, "Utilization, averageUtilization", "AverageValue, averageValue", 1) + "}", ""},
		"a share of another container": {
			app + hpa + "maxReplicas: 5, metrics: [{type: ContainerResource, containerResource: {name: cpu, container: proxy, target: {type: Utilization}}}]}", "",
		},
		"KEDA":            {app + scaledObject + "triggers: [{type: cpu, metricType: Utilization, metadata: {value: '50'}}]}", trouble},
		"KEDA by a queue": {app + scaledObject + "triggers: [{type: rabbitmq, metadata: {value: '50'}}]}", ""},
		"a status that was written elsewhere": {
			requests("limits: {cpu: 1}") + hpa + "maxReplicas: 5}\nstatus: {conditions: [{type: ScalingActive, status: 'False', reason: " + unmeasured + "}]}", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			scaler := workloadOf(t, test.manifests).Autoscaler
			require.Equal(t, test.want, scaler.Trouble)
			require.Equal(t, test.want == "", scaler.Active)
		})
	}
}

func TestServicesThatSelectByLabelsOfControllersLeadSomewhere(t *testing.T) {
	const statefulSet = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db, namespace: shop}\n" +
		"spec: {template: {metadata: {labels: {app: db}}, spec: {containers: [{name: db, image: 'postgres:17'}]}}}\n---\n"
	for name, test := range map[string]struct {
		selector string
		leads    bool
	}{
		"one pod by its name":                {"statefulset.kubernetes.io/pod-name: db-0", true},
		"one pod by its name and labels":     {"app: db, statefulset.kubernetes.io/pod-name: db-1", true},
		"one pod by its index":               {`app: db, apps.kubernetes.io/pod-index: "0"`, true},
		"one revision":                       {"app: db, controller-revision-hash: db-1", true},
		"a pod of another StatefulSet":       {"statefulset.kubernetes.io/pod-name: cache-0", false},
		"a pod with other labels":            {"app: cache, statefulset.kubernetes.io/pod-name: db-0", false},
		"nothing but a label of controllers": {"controller-revision-hash: db-1", false},
	} {
		t.Run(name, func(t *testing.T) {
			sets := planned(t, read(t, statefulSet+"apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: shop}\n"+
				"spec: {selector: {"+test.selector+"}, ports: [{port: 5432}]}"))
			w := setOf(fact.Workloads(), sets).Facts[0]
			require.Equal(t, test.leads, len(w.Services) > 0, "it is a Service of the workload")
			lost := setOf(fact.Services(), sets).Facts
			require.Equal(t, test.leads, len(lost) == 0, "it is not reported to lead nowhere")
			for _, each := range lost {
				require.Equal(t, strings.NewReplacer(": ", "=", ", ", ",", `"`, "").Replace(test.selector), each.Selector, "as it is written")
			}
		})
	}
}
