// Package systemd asks the service manager of the machine about its units: by D-Bus, in calls that only read and that it
// permits to everybody, and by the links that say what is started with the machine.
package systemd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
)

const (
	// socket is where the system bus listens, below the root (D-Bus Specification, Well-known Message Bus Instances).
	socket = "run/dbus/system_bus_socket"
	// booted is there where systemd is the machine's first process (sd_booted(3)).
	booted = "run/systemd/system"

	destination      = "org.freedesktop.systemd1"
	managerPath      = dbus.ObjectPath("/org/freedesktop/systemd1")
	managerInterface = destination + ".Manager"
	unitInterface    = destination + ".Unit"
	getProperty      = "org.freedesktop.DBus.Properties.Get"
)

// Runs tells whether systemd is the service manager of the machine.
func Runs(files fs.FS) bool { return rootfs.Exists(files, booted) }

// A Unit is one unit as the manager lists it (org.freedesktop.systemd1(5), ListUnits).
type Unit struct {
	Name, Description, LoadState, ActiveState, SubState, Following string
	Path                                                           dbus.ObjectPath
	JobID                                                          uint32
	JobType                                                        string
	JobPath                                                        dbus.ObjectPath
}

// A Bus is a connection to the system bus of a machine.
type Bus struct {
	conn *dbus.Conn
	stop func() bool
}

// Connect connects to the bus of the machine whose root file system is at a path. All that is asked of it ends with the context.
func Connect(ctx context.Context, rootFS string) (*Bus, error) {
	path := filepath.Join(rootFS, socket)
	raw, err := new(net.Dialer).DialContext(ctx, "unix", path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fact.Errorf(fact.ReasonNotFound,
			"connect to the system bus: %w: install dbus, and mount /run of the machine where the exporter runs in a container", err)
	case err != nil:
		return nil, denied(fmt.Errorf("connect to the system bus: %w", err))
	}
	stop := context.AfterFunc(ctx, func() { _ = raw.SetDeadline(time.Unix(1, 0)) }) // What waits for an answer waits no longer.
	conn, err := dbus.NewConn(&limited{Conn: raw, left: maximumBytes})
	if err != nil {
		stop()
		return nil, errors.Join(fmt.Errorf("connect to the system bus: %w", err), raw.Close())
	}
	bus := &Bus{conn, stop}
	err = conn.Auth([]dbus.Auth{dbus.AuthExternal(strconv.Itoa(os.Getuid()))})
	if err == nil {
		err = conn.Hello()
	}
	if err != nil {
		return nil, errors.Join(unanswered("log in to the system bus", err), bus.Close())
	}
	return bus, nil
}

// Close ends the connection.
func (b *Bus) Close() error {
	b.stop()
	return b.conn.Close()
}

// Failed lists the units that have failed, by their names.
func (b *Bus) Failed(ctx context.Context) (units []Unit, err error) {
	call := b.conn.Object(destination, managerPath).CallWithContext(ctx, managerInterface+".ListUnitsByPatterns", 0,
		[]string{"failed"}, []string{})
	if call.Err == nil {
		call.Err = call.Store(&units)
	}
	if call.Err != nil {
		return nil, unanswered("list the failed units of systemd", call.Err)
	}
	slices.SortFunc(units, func(a, b Unit) int { return strings.Compare(a.Name, b.Name) })
	return units, nil
}

// Changed is when a unit came into the state that it is in.
func (b *Bus) Changed(ctx context.Context, unit Unit) (time.Time, error) {
	var value dbus.Variant
	call := b.conn.Object(destination, unit.Path).CallWithContext(ctx, getProperty, 0, unitInterface, "StateChangeTimestamp")
	if call.Err == nil {
		call.Err = call.Store(&value)
	}
	var microseconds uint64
	if call.Err == nil {
		call.Err = value.Store(&microseconds)
	}
	if call.Err != nil {
		return time.Time{}, unanswered("read the state of "+rootfs.Line(unit.Name), call.Err)
	}
	if microseconds == 0 {
		return time.Time{}, nil
	}
	return time.UnixMicro(int64(microseconds)), nil
}

// unanswered says why the bus or systemd did not answer, without what they write: of that, only the name is known to be short.
func unanswered(what string, err error) error {
	var answered dbus.Error
	if !errors.As(err, &answered) {
		var pointer *dbus.Error
		if !errors.As(err, &pointer) {
			return fmt.Errorf("%s: %w", what, err)
		}
		answered = *pointer
	}
	err = fmt.Errorf("%s: the bus answers %s", what, rootfs.Line(answered.Name))
	if answered.Name == "org.freedesktop.DBus.Error.AccessDenied" {
		return denied(fmt.Errorf("%w: %w", err, fs.ErrPermission))
	}
	return fact.Errorf(fact.ReasonFailed, "%w", err)
}

// denied says what it takes where a permission lacks: the bus is open to all users, and closed to containers that AppArmor confines.
func denied(err error) error {
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return fact.Errorf(fact.ReasonDenied, "%w: a profile of AppArmor or SELinux closes the bus to containers: run the exporter "+
		"with appArmorProfile: {type: Unconfined}, or on the machine itself", err)
}

// maximumBytes bounds what is read of the bus in one run: a thousand failed units take 300 kB.
const maximumBytes = 4 << 20

// limited is a connection of which no more than so much is read.
type limited struct {
	net.Conn
	left int
}

func (l *limited) Read(buffer []byte) (int, error) {
	if l.left == 0 {
		return 0, fact.Errorf(fact.ReasonInvalid, "the answer is longer than %d MiB", maximumBytes>>20)
	}
	n, err := l.Conn.Read(buffer[:min(len(buffer), l.left)])
	l.left -= n
	return n, err
}
