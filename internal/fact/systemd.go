package fact

import (
	"iter"
	"time"
)

// A Systemd is what the service manager of a host says of its units.
type Systemd struct {
	Host   string       `json:"host"`
	Failed []FailedUnit `json:"failed"` // by name; the first of them where there are very many
	// FailedUnits is how many have failed in all.
	FailedUnits int `json:"failed_units"`
}

// A FailedUnit is a unit that could not be started, or ended by an error.
type FailedUnit struct {
	Name  string    `json:"name"`           // "nginx.service"
	Since time.Time `json:"since,omitzero"` // when it failed; zero where that is not known
}

// Systemds describes the facts of service managers.
func Systemds() *Kind[Systemd] {
	return &Kind[Systemd]{
		Name:    "systemd",
		Help:    "What the service manager of a host, systemd, says of its units.",
		Subject: func(s *Systemd) string { return s.Host },
		Labels:  []Label[Systemd]{{Name: "host", Value: func(s *Systemd) string { return s.Host }}},
		Gauges: []Gauge[Systemd]{
			{
				Name:  "systemd_failed_units",
				Help:  "How many units of systemd have failed.",
				Value: func(s *Systemd) (float64, bool) { return float64(s.FailedUnits), true },
			},
			{
				Name:   "systemd_unit_failed_timestamp_seconds",
				Help:   "When a unit of systemd failed, for each that has; at most 10 of a host.",
				By:     "unit",
				Values: failedUnits,
			},
		},
	}
}

// maximumUnitSeries is of how many failed units a host has series.
const maximumUnitSeries = 10

func failedUnits(s *Systemd) iter.Seq2[string, float64] {
	return func(yield func(string, float64) bool) {
		named := make(map[string]bool)
		for _, unit := range s.Failed {
			since, known := Timestamp(unit.Since)
			if !known || named[unit.Name] {
				continue
			}
			if named[unit.Name] = true; !yield(unit.Name, since) || len(named) == maximumUnitSeries {
				return
			}
		}
	}
}
