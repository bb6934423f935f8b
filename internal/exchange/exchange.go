// Package exchange is how one exporter hands facts to another: what the exporter of a vantage point answers, and how that is read by
// whoever does not trust it.
package exchange

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// An Answer is what an exporter has collected of one system from a vantage point.
type Answer struct {
	System      string `json:"system"`
	Environment string `json:"environment"`
	Vantage     string `json:"vantage"` // the name of the vantage point
	// Shape tells versions apart whose facts are made otherwise.
	Shape   string       `json:"shape"`
	Version string       `json:"version"` // of the program
	At      time.Time    `json:"at"`      // when it was answered, by the clock of the exporter
	Runs    []VantageRun `json:"runs"`
}

// A VantageRun is what one collector last collected from one target, as it is worth when it is answered.
type VantageRun struct {
	Collector string `json:"collector"`
	Target    string `json:"target"`
	// Described tells one description of the target from another.
	Described       string         `json:"described"`
	IntervalSeconds float64        `json:"interval_seconds"`       // the longest time between two runs, as scheduled
	CollectedAt     *time.Time     `json:"collected_at,omitempty"` // missing when nothing ever was
	Sets            []fact.Encoded `json:"sets"`
}

// Of makes the answer about a system, from the runs that there were until a time.
func Of(system, environment, vantage, version string, runs []*fact.Run, at time.Time) (Answer, error) {
	answer := Answer{
		System: system, Environment: environment, Vantage: vantage, Shape: Shape(), Version: version, At: at.UTC(),
		Runs: make([]VantageRun, 0, len(runs)),
	}
	for _, run := range runs {
		each := VantageRun{
			Collector: run.Collector, Target: run.Target, Described: run.Described, IntervalSeconds: run.Interval.Seconds(),
			Sets: make([]fact.Encoded, 0, len(run.Declared)),
		}
		if !run.CollectedAt.IsZero() {
			collected := run.CollectedAt.UTC()
			each.CollectedAt = &collected
		}
		for _, set := range run.Current(at) {
			encoded, err := set.Encode()
			if err != nil {
				return Answer{}, err
			}
			each.Sets = append(each.Sets, encoded)
		}
		answer.Runs = append(answer.Runs, each)
	}
	return answer, nil
}

// Shape is a hash of the names and types of all that facts hold which can be handed over. Two versions with the same shape understand
// each other; with another, what one does not know would be missing for the other without a trace.
func Shape() string {
	hash := sha256.New()
	for _, kind := range Kinds() {
		fmt.Fprintln(hash, kind.KindName())
		shape(reflect.TypeOf(kind.Zero()), func(line string) { fmt.Fprintln(hash, line) })
	}
	return hex.EncodeToString(hash.Sum(nil)[:8])
}

// Kinds are the kinds of fact that are handed over: of what is reached over the network from anywhere.
func Kinds() []fact.Any {
	return []fact.Any{
		fact.Endpoints(), fact.Certificates(), fact.DomainNames(), fact.PortProbes(), fact.SSHServers(), fact.TLSOffers(),
		fact.MetricsExposures(),
	}
}

// shape writes what a type is made of. Types of facts do not hold themselves.
func shape(t reflect.Type, write func(string)) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		write(t.Kind().String())
		shape(t.Elem(), write)
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			write("time")
			return
		}
		write("{")
		for i := range t.NumField() {
			field := t.Field(i)
			write(field.Name + " " + string(field.Tag))
			shape(field.Type, write)
		}
		write("}")
	default:
		write(t.Kind().String())
	}
}
