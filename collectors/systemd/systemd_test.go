package systemd

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

var servers *world.World

func TestMain(m *testing.M) { goleak.VerifyTestMain(world.Around(m, &servers)) }

// booted makes the root of a machine that runs systemd.
func booted(t *testing.T) string {
	t.Helper()
	root := world.MachineRoot(t)
	require.NoError(t, os.MkdirAll(filepath.Join(root, "run/systemd/system"), 0o755))
	return root
}

func collected(t *testing.T, root string) *fact.Set[fact.Systemd] {
	t.Helper()
	jobs := New(root).Jobs(&system.System{Name: "shop", Environment: "production", Hosts: []system.Host{{Name: "web-1"}}}, fact.Needs{})
	require.Len(t, jobs, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	sets, err := jobs[0].Collect(ctx, nil)
	require.NoError(t, err)
	now := time.Now()
	run := &fact.Run{Declared: sets, Sets: sets, Interval: time.Minute, CollectedAt: now}
	for set := range fact.Of(fact.NewView([]*fact.Run{run}, now), fact.Systemds(), nil) {
		return set
	}
	return nil
}

func TestFailedUnitsAreListedWithTheTime(t *testing.T) {
	root, since := booted(t), time.Unix(1_790_000_000, 123_000)
	servers.Systemd(t, root, world.OpenBus, world.FailedUnit{Name: "nginx.service", Since: since}, world.FailedUnit{Name: "certbot.timer"})
	require.Equal(t, []*fact.Systemd{{Host: "web-1", FailedUnits: 2, Failed: []fact.FailedUnit{
		{Name: "certbot.timer"}, {Name: "nginx.service", Since: since},
	}}}, collected(t, root).Facts)
}

func TestWithoutAFailedUnitThereIsAFactAllTheSame(t *testing.T) {
	root := booted(t)
	servers.Systemd(t, root, world.OpenBus)
	require.Equal(t, []*fact.Systemd{{Host: "web-1"}}, collected(t, root).Facts)
}

func TestNoUserNeedsAPrivilegeToAsk(t *testing.T) {
	root := booted(t)
	servers.Systemd(t, root, world.OpenBus, world.FailedUnit{Name: "nginx.service", Since: time.Unix(1e9, 0)})
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // It ends with its goroutine: no other one gets the user of this thread.
		const nobody = 65534
		if _, _, code := syscall.RawSyscall(syscall.SYS_SETRESUID, nobody, nobody, nobody); code != 0 {
			err = code
			return
		}
		var found *fact.Systemd
		if found, err = collect(t.Context(), root, "web-1"); err == nil && found.FailedUnits != 1 {
			err = fmt.Errorf("%+v", found)
		}
	}()
	<-done
	require.NoError(t, err)
}

func TestManyFailedUnitsAreCountedAndTheFirstKept(t *testing.T) {
	root := booted(t)
	var failed []world.FailedUnit
	for i := range 200 {
		failed = append(failed, world.FailedUnit{Name: fmt.Sprintf("job-%03d.service", i), Since: time.Unix(1e9, 0)})
	}
	servers.Systemd(t, root, world.OpenBus, failed...)
	found := collected(t, root).Facts[0]
	require.Equal(t, 200, found.FailedUnits)
	require.Len(t, found.Failed, maximumUnits)
}

func TestAHostWithAnotherServiceManagerHasNoSystemd(t *testing.T) {
	root := world.MachineRoot(t)
	set := collected(t, root)
	require.Empty(t, set.Facts)
	require.Empty(t, set.Unavailable)
}

func TestWhatCannotBeAskedIsUnavailableWithTheReason(t *testing.T) {
	unavailable := func(t *testing.T, root string) (fact.Reason, string) {
		set := collected(t, root)
		require.Empty(t, set.Facts)
		require.Len(t, set.Unavailable, 1)
		require.Equal(t, "web-1", set.Unavailable[0].Known.Host)
		return set.Unavailable[0].Reason, set.Unavailable[0].Detail
	}
	t.Run("no bus", func(t *testing.T) {
		reason, detail := unavailable(t, booted(t))
		require.Equal(t, fact.ReasonNotFound, reason)
		require.Contains(t, detail, "install dbus")
	})
	t.Run("AppArmor closes the bus to the container", func(t *testing.T) {
		root := booted(t)
		servers.Systemd(t, root, world.ClosedBus)
		reason, detail := unavailable(t, root)
		require.Equal(t, fact.ReasonDenied, reason, detail)
		require.Contains(t, detail, "org.freedesktop.DBus.Error.AccessDenied")
		require.Contains(t, detail, "appArmorProfile")
	})
	t.Run("a bus without systemd", func(t *testing.T) {
		root := booted(t)
		servers.Bus(t, root, world.OpenBus)
		reason, detail := unavailable(t, root)
		require.Equal(t, fact.ReasonFailed, reason)
		require.Equal(t, "list the failed units of systemd: the bus answers org.freedesktop.DBus.Error.ServiceUnknown", detail)
	})
}

func TestABusThatHangsEndsWithTheContext(t *testing.T) {
	root := booted(t)
	servers.Systemd(t, root, world.OpenBus).Pause(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := collect(ctx, root, "web-1")
	require.Equal(t, fact.ReasonTimeout, fact.ReasonOf(err), "%v", err)
}
