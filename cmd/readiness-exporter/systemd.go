package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
)

// A serviceManager is told what the process is doing. It is systemd, where that started the process as Type=notify or
// Type=notify-reload; elsewhere nobody listens.
//
// Nothing is sent to a watchdog: each collection has its own timeout, and a restart would lose what was collected.
type serviceManager struct{ logger log.Logger }

// ready says that requests are answered. It is said again after each reload.
func (m serviceManager) ready(status string) {
	m.tell(daemon.SdNotifyReady + "\nSTATUS=" + status)
}

// reloading wants the time beside it, in the same message: without it a reload of Type=notify-reload never ends.
func (m serviceManager) reloading() {
	m.tell(daemon.SdNotifyReloading + "\n" + daemon.SdNotifyMonotonicUsec())
}

func (m serviceManager) stopping() { m.tell(daemon.SdNotifyStopping) }

func (m serviceManager) tell(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		level.Warn(m.logger).Log("msg", "the service manager was not notified", "err", err)
	}
}

// serving is the status while the configuration in force is the newest one.
func serving(systems int) string {
	if systems == 1 {
		return "Serving 1 system."
	}
	return fmt.Sprintf("Serving %d systems.", systems)
}

// passedSockets tells whether systemd has opened the sockets, and left them to this process and not to the one it is a child of.
func passedSockets() bool {
	return os.Getenv("LISTEN_FDS") != "" && os.Getenv("LISTEN_PID") == strconv.Itoa(os.Getpid())
}
