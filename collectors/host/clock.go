package host

import (
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// clockErrorLimit is what the kernel takes for the error of a clock that nothing synchronizes (NTP_PHASE_LIMIT of its timex.h). Its flag
// that says so directly is set too where chrony synchronizes the clock and is not to set the one of the hardware (no rtcsync).
const clockErrorLimit = 16 * time.Second

// addClock adds whether something synchronizes the clock; a sandbox may keep that from being asked.
func addClock(host *fact.Host, maximumError func() (time.Duration, error)) {
	if wrong, err := maximumError(); err == nil {
		host.ClockKnown, host.ClockSynchronized = true, wrong < clockErrorLimit
	}
}
