package collector

import "github.com/readiness-exporter/readiness-exporter/internal/fact"

// Guard runs what a collector does in a goroutine of its own, and makes a panic there its error: the engine recovers those of a
// run, and cannot reach these. What says in words what is done: "probe 192.0.2.1:443".
func Guard(what string, run func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fact.Errorf(fact.ReasonPanic, "%s: panic: %v", what, cause)
		}
	}()
	return run()
}
