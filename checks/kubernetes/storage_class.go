package kubernetes

import (
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// StorageClassParameters say what storage must be like.
type StorageClassParameters struct {
	// What must become of the volume of a deleted claim: Retain or Delete.
	ReclaimPolicy string `yaml:"reclaim_policy"`
	// Whose volumes that is wanted of: database, or any.
	Purpose string `yaml:"purpose"`
}

// Validate says what cannot be.
func (p StorageClassParameters) Validate() error {
	if p.ReclaimPolicy != "Retain" && p.ReclaimPolicy != "Delete" {
		return fmt.Errorf("reclaim_policy %q: expected Retain or Delete", p.ReclaimPolicy)
	}
	if p.Purpose != "database" && p.Purpose != "any" {
		return fmt.Errorf("purpose %q: expected database or any", p.Purpose)
	}
	return nil
}

// StorageClass judges whether the storage of claims can grow, and outlives them where it should.
func StorageClass() check.Kind[fact.Workload, StorageClassParameters] {
	unknown := check.Reason{
		Name: "class_not_found", Level: check.Fail, Sentence: "The storage class of a claim does not exist.",
		Remedy: "Create the StorageClass again, or no further volume can be made: kubectl get storageclass.",
	}
	fixed := check.Reason{
		Name: "not_expandable", Level: check.Fail, Sentence: "The volume of a claim cannot grow.",
		Remedy: "Set allowVolumeExpansion: true in the StorageClass, if its driver can; else move the data to one that can.",
	}
	reclaimed := check.Reason{Name: "reclaim_policy", Level: check.Fail, Sentence: "The volume of a claim is deleted together with it."}
	return check.Kind[fact.Workload, StorageClassParameters]{
		Name:    "storage_class",
		Summary: "The storage class of every claim exists and lets volumes grow, and volumes of databases outlive their claims.",
		Remedy: "kubectl patch pv VOLUME -p '{\"spec\":{\"persistentVolumeReclaimPolicy\":\"Retain\"}}', and a StorageClass with " +
			"reclaimPolicy: Retain.",
		Reasons:  []check.Reason{unknown, fixed, reclaimed},
		Defaults: StorageClassParameters{ReclaimPolicy: "Retain", Purpose: "database"},
		About:    fact.Workloads(),
		Topics:   func(StorageClassParameters) []string { return []string{fact.TopicStorage} },
		Select: func(w fact.Workload, _ StorageClassParameters) bool {
			for _, claim := range w.Claims() {
				if claim.Phase == bound {
					return true
				}
			}
			return false
		},
		None:    check.Undeclared,
		Nothing: noData,
		Judge: func(w fact.Workload, p StorageClassParameters, _ time.Time) []check.Problem {
			var problems []check.Problem
			for _, claim := range w.Claims() {
				if claim.Phase != bound {
					continue
				}
				switch {
				case claim.Class == "": // Its volume was made by hand.
				case !claim.ClassKnown:
					problems = append(problems, unknown.Problem(claim.Name+": "+claim.Class))
				case !claim.Expandable:
					problems = append(problems, fixed.Problem(claim.Name+": "+claim.Class))
				}
				if wanted := p.Purpose == "any" || w.Database != ""; wanted && claim.ReclaimPolicy != p.ReclaimPolicy {
					problems = append(problems, reclaimed.Problem(fmt.Sprintf("%s: %s; %s is wanted", claim.Name, claim.ReclaimPolicy, p.ReclaimPolicy)))
				}
			}
			return problems
		},
	}
}
