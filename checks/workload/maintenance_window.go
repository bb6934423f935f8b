package workload

import (
	"errors"
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/schedule"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// MaintenanceWindowParameters say when rollouts may begin.
type MaintenanceWindowParameters struct {
	// The windows; one is enough.
	Windows []MaintenanceWindow `yaml:"windows"`
}

// A MaintenanceWindow is a span of time that comes again and again.
type MaintenanceWindow struct {
	// When it opens, as a cron expression: 0 22 * * TUE
	Cron schedule.Expression `yaml:"cron"`
	// How long it stays open.
	Duration quantity.Duration `yaml:"duration"`
	// The time zone of the expression: Europe/Berlin. Default: UTC.
	Zone schedule.Zone `yaml:"zone"`
}

// Validate says what cannot be.
func (p MaintenanceWindowParameters) Validate() error {
	var wrong []error
	for i, window := range p.Windows {
		if window.Cron.IsZero() {
			wrong = append(wrong, check.Wrong("windows", "entry %d has no cron: expected five fields, such as 0 22 * * TUE", i+1))
		}
		if window.Duration <= 0 {
			wrong = append(wrong, check.Wrong("windows", "the duration of entry %d is 0: expected more", i+1))
		}
	}
	return errors.Join(wrong...)
}

// open tells whether a window is open at a time.
func (w MaintenanceWindow) open(at time.Time) bool {
	opened := w.Cron.Next(at.Add(-w.Duration.Std()).In(w.Zone.Location()))
	return !opened.IsZero() && !opened.After(at)
}

// MaintenanceWindows judges whether the newest rollouts began when they may.
func MaintenanceWindows() check.Kind[MaintenanceWindowParameters] {
	outside := check.Reason{
		Name: "outside_window", Level: check.Fail, Sentence: "The newest rollout began outside of every maintenance window.",
	}
	return check.Kind[MaintenanceWindowParameters]{
		Name:    "maintenance_window",
		Summary: "The newest rollout of every Deployment began within a declared maintenance window.",
		Remedy:  "Roll out within a window, or declare the one that you have agreed on.",
		Reasons: []check.Reason{outside},
		Over: []check.Quantified[MaintenanceWindowParameters]{
			check.Each(fact.Workloads(), func(_ check.Context, w *fact.Workload, p MaintenanceWindowParameters) []check.Problem {
				for _, window := range p.Windows {
					if window.open(w.Rollout.BeganAt) {
						return nil
					}
				}
				return []check.Problem{outside.Problem(fmt.Sprintf("The newest rollout began at %s, outside of every maintenance window.",
					w.Rollout.BeganAt.UTC().Format(time.RFC3339)))}
			}).Where(func(_ check.Context, w *fact.Workload, _ MaintenanceWindowParameters) bool {
				return !w.Rollout.BeganAt.IsZero()
			}).Needs(fact.TopicRevisions),
		},
		WhenEmpty: noWorkload(),
		Declared:  func(_ *system.System, p MaintenanceWindowParameters) bool { return len(p.Windows) > 0 },
		Declare: "Declare when rollouts may begin, in checks of the system description: parameters: {windows: [{cron: 0 22 * * TUE, " +
			"duration: 2h}]}.",
	}
}
