package world

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// A Systemd stands in for systemd, which cannot run here, on a real system bus, with the policy that systemd brings for it. It
// fails its test at whatever it does not expect.
type Systemd struct {
	*Process // the bus

	tb     testing.TB
	conn   *dbus.Conn
	failed []FailedUnit
}

// A FailedUnit is one that the double has.
type FailedUnit struct {
	Name  string
	Since time.Time
}

const (
	systemdName   = "org.freedesktop.systemd1"
	systemdPath   = "/org/freedesktop/systemd1"
	systemdPolicy = "/usr/share/dbus-1/system.d/" + systemdName + ".conf"
	busSocket     = "run/dbus/system_bus_socket"
)

// The policies of a bus: one that systemd may be asked on, as the one that systemd brings has it, and one on which it may not be,
// as AppArmor has it for containers.
const (
	OpenBus   = "<include>" + systemdPolicy + "</include>"
	ClosedBus = `<policy context="default"><allow own="*"/><deny send_destination="` + systemdName + `"/></policy>`
)

// MachineRoot makes a folder for the root file system of a machine, whose path is short: that of a socket in it is bounded.
func MachineRoot(tb testing.TB) string {
	tb.Helper()
	root, err := os.MkdirTemp("", "m")
	if err != nil {
		tb.Fatalf("make the root of a machine: %v", err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(root) })
	if err := os.Chmod(root, 0o755); err != nil {
		tb.Fatalf("make the root of a machine: %v", err)
	}
	return root
}

// Bus starts a system bus for the machine whose root is given, until the test ends.
func (w *World) Bus(tb testing.TB, root, policy string) *Process {
	tb.Helper()
	socket := filepath.Join(root, busSocket)
	config := filepath.Join(tb.TempDir(), "bus.conf")
	text := xml.Header + `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=` + socket + `</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow send_requested_reply="true"/><allow receive_requested_reply="true"/>
<allow receive_type="method_call"/><allow receive_type="error"/><allow receive_type="method_return"/>
<allow send_destination="org.freedesktop.DBus"/></policy>` + policy + `</busconfig>`
	if err := errors.Join(os.MkdirAll(filepath.Dir(socket), 0o755), os.WriteFile(config, []byte(text), 0o644)); err != nil {
		tb.Fatalf("start a system bus: %v", err)
	}
	program, err := installed("dbus-daemon", "/usr/bin")
	if err != nil {
		tb.Fatal(err)
	}
	process := &Process{
		name: "dbus-daemon", logFile: filepath.Join(tb.TempDir(), "log"), quit: syscall.SIGTERM,
		command: func() *exec.Cmd {
			_ = os.Remove(socket) // One that was killed leaves it behind.
			//nolint:noctx // It is stopped by what starts it.
			return exec.Command(program, "--config-file="+config, "--nofork", "--nopidfile", "--nosyslog")
		},
		ready: func(ctx context.Context) error { // The socket is there before anybody listens at it.
			conn, err := new(net.Dialer).DialContext(ctx, "unix", socket)
			if err != nil {
				return err
			}
			return conn.Close()
		},
	}
	w.startFor(tb, process)
	return process
}

// Systemd starts a bus with a policy, and a service manager with these failed units on it, until the test ends.
func (w *World) Systemd(tb testing.TB, root, policy string, failed ...FailedUnit) *Systemd {
	tb.Helper()
	s := &Systemd{Process: w.Bus(tb, root, policy), tb: tb, failed: failed}
	s.serve(root)
	tb.Cleanup(func() { _ = s.conn.Close() })
	return s
}

// serve connects to the bus, as systemd.
func (s *Systemd) serve(root string) {
	s.tb.Helper()
	conn, err := dbus.Connect("unix:path="+filepath.Join(root, busSocket), dbus.WithHandler(s))
	if err == nil {
		s.conn = conn
		_, err = conn.RequestName(systemdName, dbus.NameFlagDoNotQueue)
	}
	if err != nil {
		s.tb.Fatalf("connect systemd to its bus: %v", err)
	}
}

// LookupObject finds every path; it is the calls that are expected or not.
func (s *Systemd) LookupObject(path dbus.ObjectPath) (dbus.ServerObject, bool) {
	return managed{s, path, ""}, true
}

// A managed thing is an object, or an interface of one.
type managed struct {
	*Systemd
	path dbus.ObjectPath
	face string
}

func (m managed) LookupInterface(name string) (dbus.Interface, bool) {
	m.face = name
	return m, true
}

func (m managed) LookupMethod(name string) (dbus.Method, bool) {
	switch m.face + "." + name {
	case systemdName + ".Manager.ListUnitsByPatterns":
		return method{[]any{[]string{}, []string{}}, m.list}, true
	case "org.freedesktop.DBus.Properties.Get":
		return method{[]any{"", ""}, m.property}, true
	}
	m.tb.Errorf("systemd was called at %s: %s.%s", m.path, m.face, name)
	return nil, false
}

func (m managed) list(args []any) any {
	states, patterns := *args[0].(*[]string), *args[1].(*[]string)
	if m.path != systemdPath || !slices.Equal(states, []string{"failed"}) || len(patterns) > 0 {
		m.tb.Errorf("systemd was asked at %s for units in the states %q with the names %q", m.path, states, patterns)
	}
	units := []listedUnit{}
	for i, each := range m.failed {
		units = append(units, listedUnit{
			Name: each.Name, Description: "A unit", Load: "loaded", Active: "failed", Sub: "failed", Path: unitPath(i), JobPath: "/",
		})
	}
	return units
}

func (m managed) property(args []any) any {
	face, name := *args[0].(*string), *args[1].(*string)
	for i, each := range m.failed {
		if m.path == unitPath(i) && face == systemdName+".Unit" && name == "StateChangeTimestamp" {
			if each.Since.IsZero() {
				return dbus.MakeVariant(uint64(0))
			}
			return dbus.MakeVariant(uint64(each.Since.UnixMicro()))
		}
	}
	m.tb.Errorf("systemd was asked at %s for the property %s of %s", m.path, name, face)
	return dbus.MakeVariant("")
}

func unitPath(i int) dbus.ObjectPath {
	return dbus.ObjectPath(fmt.Sprintf("%s/unit/_%d", systemdPath, i))
}

// A listedUnit is a(ssssssouso) of org.freedesktop.systemd1(5).
type listedUnit struct {
	Name, Description, Load, Active, Sub, Following string
	Path                                            dbus.ObjectPath
	Job                                             uint32
	JobType                                         string
	JobPath                                         dbus.ObjectPath
}

// A method is one that godbus calls with what it decodes as the types of its arguments.
type method struct {
	arguments []any
	answer    func([]any) any
}

func (m method) Call(args ...any) ([]any, error) { return []any{m.answer(args)}, nil }
func (m method) NumArguments() int               { return len(m.arguments) }
func (m method) NumReturns() int                 { return 1 }
func (m method) ArgumentValue(i int) any         { return m.arguments[i] }
func (m method) ReturnValue(int) any             { return nil }
