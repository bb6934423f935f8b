package host

import (
	"time"

	"golang.org/x/sys/unix"
)

// clockError asks the kernel by how much the clock can be wrong at most (adjtimex(2), which reads without a privilege). The kernel
// adds to it what the clock can drift, until what synchronizes it sets it anew.
func clockError() (time.Duration, error) {
	var state unix.Timex
	if _, err := unix.Adjtimex(&state); err != nil {
		return 0, err
	}
	return time.Duration(state.Maxerror) * time.Microsecond, nil
}
