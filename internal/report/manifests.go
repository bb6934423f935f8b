package report

import (
	"fmt"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// OfManifests is the report on manifests, with the places where subjects are written: by file and line in SARIF and
// JUnit, and in words in every form. What only a cluster reports is nobody's fault there.
func (s System) OfManifests(places map[string]system.Origin) System {
	s.places = places
	s.Items = slices.Clone(s.Items)
	for i := range s.Items {
		s.Items[i].Problems = slices.Clone(s.Items[i].Problems)
		for j := range s.Items[i].Problems {
			problem := &s.Items[i].Problems[j]
			if place, written := places[problem.Subject]; written {
				problem.Detail = fmt.Sprintf("%s (%s:%d)", problem.Detail, place.File, place.Line)
			}
			switch {
			case problem.Cause == fact.ReasonManifest:
				problem.Remedy = "Check it in the cluster: readiness-exporter check, without --manifests."
			case problem.Level == check.Undeclared:
				problem.Remedy = "Where there is one, give its manifest too: --manifests is repeatable. Where there need be none, list the item " +
					"under not_applicable with a reason."
			}
		}
	}
	s.Ready = JudgeManifests([]System{s}) == Ready
	return s
}

// JudgeManifests gives the verdict on manifests: NotReady where something fails, Unjudged where something of them could
// not be read or nothing was judged at all. What manifests do not report changes nothing.
func JudgeManifests(systems []System) Verdict {
	verdict, judged := Ready, 0
	for _, s := range systems {
		for _, item := range s.Items {
			judged += item.Facts
			switch {
			case item.Status == check.Fail:
				return NotReady
			case item.Status == check.Unknown && !unreported(item):
				verdict = Unjudged
			}
		}
	}
	if judged == 0 {
		return Unjudged
	}
	return verdict
}

// unreported tells items that are unknown only since manifests do not report something.
func unreported(item Item) bool {
	return item.Status == check.Unknown && !slices.ContainsFunc(item.Problems, func(problem check.Problem) bool {
		return problem.Level == check.Unknown && problem.Cause != fact.ReasonManifest
	})
}
