package kubernetes

import (
	"cmp"
	"fmt"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// MaintenanceWindowParameters say when rollouts may begin.
type MaintenanceWindowParameters struct {
	// The windows; one is enough.
	Windows []MaintenanceWindow `yaml:"windows"`
}

// A MaintenanceWindow is a span of time that comes again and again.
type MaintenanceWindow struct {
	// When it opens, as a cron expression: 0 22 * * TUE
	Cron string `yaml:"cron"`
	// How long it stays open.
	Duration quantity.Duration `yaml:"duration"`
	// The time zone of the expression: Europe/Berlin. Default: UTC.
	Zone string `yaml:"zone"`
}

// opens parses when a window opens.
func (w MaintenanceWindow) opens() (cron.Schedule, error) {
	return cron.ParseStandard("CRON_TZ=" + cmp.Or(w.Zone, "UTC") + " " + w.Cron)
}

// Validate says what cannot be.
func (p MaintenanceWindowParameters) Validate() error {
	for i, window := range p.Windows {
		if _, err := window.opens(); err != nil {
			return fmt.Errorf("windows[%d]: cron %q, zone %q: %w", i, window.Cron, window.Zone, err)
		}
		if window.Duration <= 0 {
			return fmt.Errorf("windows[%d]: duration: expected more than 0", i)
		}
	}
	return nil
}

// open tells whether a window is open at a time.
func (w MaintenanceWindow) open(at time.Time) bool {
	schedule, err := w.opens()
	return err == nil && !schedule.Next(at.Add(-w.Duration.Std())).After(at)
}

// MaintenanceWindows judges whether the newest rollouts began when they may.
func MaintenanceWindows() check.Kind[fact.Workload, MaintenanceWindowParameters] {
	undeclared := check.Reason{
		Name: "no_window", Level: check.Undeclared, Sentence: "No maintenance window is declared.",
		Remedy: "Declare when rollouts may begin, in checks of the system description: parameters: {windows: [{cron: 0 22 * * TUE, " +
			"duration: 2h}]}.",
	}
	outside := check.Reason{Name: "outside_window", Level: check.Fail, Sentence: "The newest rollout began outside of every " +
		"maintenance window."}
	return check.Kind[fact.Workload, MaintenanceWindowParameters]{
		Name:    "maintenance_window",
		Summary: "The newest rollout of every Deployment began within a declared maintenance window.",
		Remedy:  "Roll out within a window, or declare the one that you have agreed on.",
		Reasons: []check.Reason{undeclared, outside},
		About:   fact.Workloads(),
		Topics:  func(MaintenanceWindowParameters) []string { return []string{fact.TopicRevisions} },
		Select:  func(w fact.Workload, _ MaintenanceWindowParameters) bool { return !w.Rollout.BeganAt.IsZero() },
		None:    check.Undeclared,
		Nothing: noWorkload,
		Judge: func(w fact.Workload, p MaintenanceWindowParameters, _ time.Time) []check.Problem {
			if len(p.Windows) == 0 {
				return []check.Problem{undeclared.Problem("parameters.windows is empty")}
			}
			for _, window := range p.Windows {
				if window.open(w.Rollout.BeganAt) {
					return nil
				}
			}
			return []check.Problem{outside.Problem("it began at " + w.Rollout.BeganAt.Format(time.RFC3339))}
		},
	}
}
