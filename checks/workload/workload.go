// Package workload judges what runs in Kubernetes clusters: whether it stays available when a pod, a node or a release goes
// wrong, and how it is run.
package workload

import (
	"fmt"
	"path"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// noWorkload is the reason when the clusters have no workload that an item is about.
func noWorkload() check.Reason {
	return check.Reason{
		Name: "no_workload", Level: check.Undeclared, Sentence: "The system has no workload that the item is about.",
		Remedy: "Add the cluster to kubernetes in the system description, with namespaces and a selector; where there is none, list " +
			"the item under not_applicable with a reason.",
	}
}

// isReplicated tells the workloads that want a number of pods, one at least.
func isReplicated(w *fact.Workload) bool {
	return w.Kind != fact.KindDaemonSet && w.Replicas.Desired > 0
}

// mayChange tells the workloads that an autoscaler may leave with another number of pods than they want now: fewer or, of those
// that rest at zero, more.
func mayChange(w *fact.Workload) bool {
	return w.Autoscaler != nil && w.Least() != w.Replicas.Desired
}

// leftWith says how many pods an autoscaler may leave a workload with.
func leftWith(w *fact.Workload) string {
	return fmt.Sprintf("The %s %s may leave the workload with %s", w.Autoscaler.Kind, w.Autoscaler.Name, pods(w.Least()))
}

// serves tells the workloads that answer requests: a container declares a port, and they are no database.
func serves(w *fact.Workload) bool {
	return w.Database == "" && slices.ContainsFunc(w.Containers, fact.Container.Serving)
}

// named tells whether one of the patterns is that of a workload's name.
func named(w *fact.Workload, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		matches, err := path.Match(pattern, w.Name)
		return matches && err == nil
	})
}

// validatePatterns says which of the patterns of names can match nothing, since it is malformed.
func validatePatterns(parameter string, patterns []string) error {
	for _, pattern := range patterns {
		if _, err := path.Match(pattern, ""); err != nil {
			return check.Wrong(parameter, "%q: expected a pattern of names, such as api-*", pattern)
		}
	}
	return check.NotBlank(parameter, patterns)
}

// pods is a number of pods in words.
func pods(n int) string { return words.Count(n, "pod") }
