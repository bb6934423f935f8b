package workload_test

import (
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// scaledFrom is an autoscaler that may leave so many pods.
func scaledFrom(least int, edit ...func(*fact.Autoscaler)) func(*fact.Workload) {
	return func(w *fact.Workload) {
		w.Autoscaler = &fact.Autoscaler{Kind: "HorizontalPodAutoscaler", Name: "web", Minimum: least, Maximum: 9, Active: true}
		for _, change := range edit {
			change(w.Autoscaler)
		}
	}
}

// resting is scaled to zero by KEDA while there is nothing to do.
func resting(w *fact.Workload) {
	w.Replicas, w.Pods = fact.Replicas{}, fact.Pods{}
	w.Autoscaler.IdlesAtZero = true
	for i := range w.Budgets {
		w.Budgets[i].Expected, w.Budgets[i].Healthy, w.Budgets[i].Needed, w.Budgets[i].Allowed = 0, 0, 0, 0
	}
}

func paused(a *fact.Autoscaler) { a.Paused = true }

func spreadOfTheLeast(v *checktest.Verdicts[fact.Workload]) {
	v.Finds("two may be left, and run on two nodes", api(scaledFrom(2)))
	v.Finds("one may be left", api(scaledFrom(1)),
		"warn too_few_replicas: The HorizontalPodAutoscaler web may leave the workload with 1 pod; to run on 2 nodes it needs as many. "+
			"This follows from the number of replicas.")
	v.Finds("one may be left, and nothing keeps apart those that there are", api(scaledFrom(1), func(w *fact.Workload) { w.SpreadRules = nil }),
		"fail no_rule: No rule of the pod template keeps pods with its own labels apart.",
		"warn too_few_replicas: The HorizontalPodAutoscaler web may leave the workload with 1 pod; to run on 2 nodes it needs as many. "+
			"This follows from the number of replicas.")
	v.Finds("an autoscaler that is paused leaves those that there are", api(scaledFrom(1, paused)))
	v.Finds("one that is about to make more", api(scaledFrom(5)))
	v.Finds("it rests at zero, and two come when there is work", api(scaledFrom(2), resting))
	v.Finds("it rests at zero, and nothing will keep the two apart", api(scaledFrom(2), resting, func(w *fact.Workload) { w.SpreadRules = nil }),
		"fail no_rule: No rule of the pod template keeps pods with its own labels apart.")
	v.Finds("it rests at zero, and one comes when there is work", api(scaledFrom(1), resting),
		"warn too_few_replicas: The HorizontalPodAutoscaler web may leave the workload with 1 pod; to run on 2 nodes it needs as many. "+
			"This follows from the number of replicas.")
	v.Finds("whoever cannot see autoscalers cannot tell the least", api(func(w *fact.Workload) { w.Missing = []string{fact.TopicAutoscalers} }),
		"unknown not_collected: its autoscalers could not be collected")
}

func disruptionBudgetOfTheLeast(v *checktest.Verdicts[fact.Workload]) {
	declared := func(minimum, maximum string) func(*fact.Workload) {
		return budget(func(b *fact.DisruptionBudget) { b.MinAvailable, b.MaxUnavailable = minimum, maximum })
	}
	v.Finds("one of the two that may be left can go", api(scaledFrom(2)))
	v.Finds("one may be left", api(scaledFrom(1)),
		"warn single_pod: The HorizontalPodAutoscaler web may leave the workload with 1 pod: a drain takes it down, or waits for ever. "+
			"This follows from the number of replicas.")
	v.Finds("two of three must stay, and two may be left", api(scaledFrom(2), declared("2", "")),
		"fail allows_none: The HorizontalPodAutoscaler web may leave the workload with 2 pods. The PodDisruptionBudget api (minAvailable 2) "+
			"then wants 2 of 2 pods to be healthy.")
	v.Finds("half must stay, of two as of three", api(scaledFrom(2), declared("50%", "")))
	v.Finds("two of three may go, and two may be left", api(scaledFrom(2), declared("", "2")),
		"fail allows_all: The HorizontalPodAutoscaler web may leave the workload with 2 pods. The PodDisruptionBudget api (maxUnavailable 2) "+
			"then wants 0 of 2 pods to be healthy.")
	v.Finds("a part that rounds up to all of them", api(scaledFrom(2), declared("51%", "")),
		"fail allows_none: The HorizontalPodAutoscaler web may leave the workload with 2 pods. The PodDisruptionBudget api (minAvailable 51%) "+
			"then wants 2 of 2 pods to be healthy.")
	v.Finds("what is wrong now is told once", api(scaledFrom(2), declared("3", ""), budget(func(b *fact.DisruptionBudget) { b.Needed, b.Allowed = 3, 0 })),
		"fail allows_none: The PodDisruptionBudget api (minAvailable 3) wants 3 of 3 pods to be healthy, and 3 are.")
	v.Finds("it rests at zero, and one of two can go when there is work", api(scaledFrom(2), resting))
	v.Finds("it rests at zero, and no budget is there", api(scaledFrom(2), func(w *fact.Workload) { w.Budgets = nil }, resting),
		"fail no_budget: No PodDisruptionBudget selects the labels of its pods.")
}

func rollingUpdateOfTheLeast(v *checktest.Verdicts[fact.Workload]) {
	taking := func(pods, percent int) func(*fact.Workload) {
		return rollout(func(r *fact.Rollout) { r.MaxUnavailable, r.MaxUnavailablePercent = pods, percent })
	}
	v.Finds("none is taken away, however few there are", api(scaledFrom(1)))
	v.Finds("two of three are taken away, and two may be left", api(scaledFrom(2), taking(2, 0)),
		"fail all_at_once: The HorizontalPodAutoscaler web may leave the workload with 2 pods. During a release 2 of them may be unavailable.")
	v.Finds("a share is less of fewer", api(scaledFrom(2), replicas(9, 9), taking(2, 25)))
	v.Finds("one is taken away, and one may be left", api(scaledFrom(1), taking(1, 0)),
		"warn single_pod: The HorizontalPodAutoscaler web may leave the workload with 1 pod, which may be unavailable during a release. "+
			"This follows from the number of replicas.")
}
