package storage

import (
	"fmt"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// ClassParameters say what storage must be like.
type ClassParameters struct {
	// What must become of the volume of a deleted claim: Retain or Delete.
	ReclaimPolicy quantity.Choice[reclaimPolicies] `yaml:"reclaim_policy"`
	// Whose volumes that is wanted of: database, or any.
	Purpose quantity.Choice[purposes] `yaml:"purpose"`
}

// reclaimPolicies are those of volumes.
type reclaimPolicies struct{}

// Values lists them.
func (reclaimPolicies) Values() []string { return []string{"Retain", "Delete"} }

// purposes are what volumes can be for.
type purposes struct{}

// Values lists them.
func (purposes) Values() []string { return []string{"database", "any"} }

// Class judges whether the storage of claims can grow, and outlives them where it should.
func Class() check.Kind[ClassParameters] {
	unknown := check.Reason{
		Name: "class_not_found", Level: check.Fail, Sentence: "The storage class of a claim does not exist.",
		Remedy: "Create the StorageClass again, or no further volume can be made: kubectl get storageclass.",
	}
	fixed := check.Reason{
		Name: "not_expandable", Level: check.Fail, Sentence: "The volume of a claim cannot grow.",
		Remedy: "Set allowVolumeExpansion: true in the StorageClass, if its driver can; else move the data to one that can.",
	}
	reclaimed := check.Reason{
		Name: "reclaim_policy", Level: check.Fail, Sentence: "The volume of a claim does not have the wanted reclaim policy.",
	}
	return check.Kind[ClassParameters]{
		Name:    "storage_class",
		Summary: "The storage class of every claim exists and lets volumes grow, and volumes of databases outlive their claims.",
		Remedy: "kubectl patch pv VOLUME -p '{\"spec\":{\"persistentVolumeReclaimPolicy\":\"Retain\"}}', and a StorageClass with " +
			"reclaimPolicy: Retain.",
		Reasons:  []check.Reason{unknown, fixed, reclaimed},
		Defaults: ClassParameters{ReclaimPolicy: "Retain", Purpose: "database"},
		Over: []check.Quantified[ClassParameters]{
			check.Each(fact.Workloads(), func(_ check.Context, w *fact.Workload, p ClassParameters) (problems []check.Problem) {
				for _, claim := range w.Claims() {
					if claim.Phase != bound {
						continue
					}
					switch {
					case claim.Class == "": // Its volume was made by hand.
					case !claim.ClassKnown:
						problems = append(problems, unknown.Problem(fmt.Sprintf("The storage class %s of the claim %s does not exist.",
							claim.Class, claim.Name)))
					case !claim.Expandable:
						problems = append(problems, fixed.Problem(fmt.Sprintf("The storage class %s of the claim %s does not let volumes grow.",
							claim.Class, claim.Name)))
					}
					if wanted := p.Purpose == "any" || w.Database != ""; wanted && claim.ReclaimPolicy != string(p.ReclaimPolicy) {
						problems = append(problems, reclaimed.Problem(fmt.Sprintf("The volume of the claim %s has the reclaim policy %s; %s is wanted.",
							claim.Name, claim.ReclaimPolicy, p.ReclaimPolicy)))
					}
				}
				return problems
			}).Where(func(_ check.Context, w *fact.Workload, _ ClassParameters) bool {
				return slices.ContainsFunc(w.Claims(), func(claim fact.Claim) bool { return claim.Phase == bound })
			}).Needs(fact.TopicStorage),
		},
		WhenEmpty: noData(),
	}
}
