// Package storage judges where workloads of Kubernetes clusters keep their data, and what makes backups of it.
package storage

import "github.com/readiness-exporter/readiness-exporter/internal/check"

// noData is the reason when no workload has any data, and none should.
func noData() check.Reason {
	return check.Reason{
		Name: "no_data", Level: check.Undeclared, Sentence: "No workload of the system keeps data in the cluster.",
		Remedy: "Add the cluster to kubernetes in the system description; where no data is meant to be kept there, list the item under " +
			"not_applicable with a reason.",
	}
}

// bound is the phase of a claim that has its volume.
const bound = "Bound"
