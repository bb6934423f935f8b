// Package hangup holds the signal SIGHUP from the beginning of the process on. A signal that nobody listens to ends it, and
// until main begins, the packages that are linked in are initialised: some 100 ms, in which a sidecar that watches the
// configuration may well ask for a reload.
//
// Packages are initialised in the order of their paths, as soon as what they import is: this one, which imports next to
// nothing, comes before what takes long.
package hangup

import (
	"os"
	"os/signal"
	"syscall"
)

var held = hold() //nolint:gochecknoglobals // nothing but the initialisation of a package runs before main

func hold() chan os.Signal {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	return signals
}

// Release lets the signal go to who else listens to it by now. Where nobody does, it ends the process, as that of a terminal
// that was closed should.
func Release() { signal.Stop(held) }
