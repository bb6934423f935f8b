package record

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// sealed is a line of a text that this version could not write.
func sealed(text string) []byte {
	return fmt.Appendf(nil, "%08x %s\n", crc32.Checksum([]byte(text), castagnoli()), text)
}

// mounted mounts a small file system for the test.
func mounted(t *testing.T) string {
	t.Helper()
	point := t.TempDir()
	require.NoError(t, unix.Mount("scratch", point, "tmpfs", 0, "size=256k"), "tests mount file systems: run them as root")
	t.Cleanup(func() { require.NoError(t, unix.Unmount(point, unix.MNT_DETACH)) })
	return point
}

func remount(t *testing.T, point string, flags uintptr) {
	t.Helper()
	require.NoError(t, unix.Mount("", point, "", unix.MS_REMOUNT|flags, ""))
}

// openTroubled opens a directory with which something is wrong.
func openTroubled(t *testing.T, path, want string) (*Directory, *reports) {
	t.Helper()
	told := new(reports)
	d, err := OpenDirectory(path, options(told))
	require.NoError(t, err)
	requireTrouble(t, d, told, want)
	return d, told
}

// requireTrouble wants one report, that the directory cannot be written.
func requireTrouble(t *testing.T, d *Directory, told *reports, want string) {
	t.Helper()
	require.False(t, d.Writable())
	all := told.take()
	require.Len(t, all, 1)
	require.Contains(t, all[0], "changes of status are kept in memory only, because "+d.path+" cannot be written: ")
	require.Contains(t, all[0], want)
}

// requireRecovery wants that a directory is written again, with all that was kept, within a time.
func requireRecovery(t *testing.T, d *Directory, told *reports, want ...Change) {
	t.Helper()
	time.Sleep(retryInterval + writeInterval)
	synctest.Wait()
	require.Equal(t, []string{""}, told.take())
	require.True(t, d.Writable())
	require.Equal(t, want, d.Changes("shop"))
	require.Equal(t, want, onDisk(t, d.path))
	shut(t, d)
	require.Equal(t, want, open(t, d.path).Changes("shop"))
}

func TestAReadOnlyDirectoryIsReadAndWrittenOnceItCanBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := mounted(t)
		d := open(t, path)
		d.Append(shop("a", "pass", 0))
		shut(t, d)
		remount(t, path, unix.MS_RDONLY)

		d, told := openTroubled(t, path, "read-only file system")
		require.Len(t, d.Changes("shop"), 1)
		d.Append(shop("a", "fail", time.Hour))
		time.Sleep(time.Hour)
		require.Empty(t, told.take(), "it is said once")
		remount(t, path, 0)
		requireRecovery(t, d, told, shop("a", "pass", 0), shop("a", "fail", time.Hour))
		require.Len(t, segmentsIn(t, path), 1)
	})
}

func TestADirectoryThatBecomesReadOnlyIsWrittenOnceItCanBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := mounted(t)
		d := open(t, path)
		d.Append(shop("a", "pass", 0))
		shut(t, d)
		told := new(reports)
		d, err := OpenDirectory(path, options(told))
		require.NoError(t, err)
		require.NoError(t, d.segment.Close()) // else the file system is busy
		require.NoError(t, d.lock.Close())
		remount(t, path, unix.MS_RDONLY)
		d.Append(shop("a", "fail", time.Hour))
		time.Sleep(writeInterval)
		synctest.Wait()
		requireTrouble(t, d, told, "")
		time.Sleep(time.Hour)
		require.Empty(t, told.take())
		remount(t, path, 0)
		requireRecovery(t, d, told, shop("a", "pass", 0), shop("a", "fail", time.Hour))
	})
}

func TestAFullDiskLosesNothingOnceThereIsRoom(t *testing.T) {
	for _, c := range []struct {
		name   string
		before []Change
	}{
		{"a disk that was full from the start", nil},
		{"a disk that becomes full", []Change{shop("a", "pass", 0)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				path := mounted(t)
				told := new(reports)
				d, err := OpenDirectory(path, options(told))
				require.NoError(t, err)
				want := c.before
				d.Append(want...)
				require.NoError(t, d.sync())
				filler := filepath.Join(path, "filler")
				file, err := os.Create(filler)
				require.NoError(t, err)
				for err == nil {
					_, err = file.Write(make([]byte, 512))
				}
				require.ErrorIs(t, err, unix.ENOSPC)
				require.NoError(t, file.Close())

				for i := range 100 {
					change := shop("b", strings.Repeat(fmt.Sprint(i%10), 100), time.Duration(i)*time.Second)
					want = append(want[:len(want):len(want)], change)
					d.Append(change)
				}
				time.Sleep(writeInterval)
				synctest.Wait()
				requireTrouble(t, d, told, "no space left on device")
				time.Sleep(time.Hour)
				require.Empty(t, told.take(), "it is said once")
				require.NoError(t, os.Remove(filler))
				requireRecovery(t, d, told, want...)
			})
		})
	}
}

func TestAPathThatIsNoDirectoryIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "data")
		require.NoError(t, os.WriteFile(path, []byte("mine"), 0o600))
		d, told := openTroubled(t, path, "not a directory")
		d.Append(shop("a", "pass", 0))
		time.Sleep(time.Hour)
		require.Empty(t, told.take())
		require.NoError(t, os.Remove(path))
		requireRecovery(t, d, told, shop("a", "pass", 0))
	})
}

func TestWhatIsInADirectoryThatAppearsLaterComesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parent := t.TempDir()
		there := open(t, filepath.Join(parent, "away"))
		there.Append(shop("a", "pass", 0), shop("b", "pass", 0))
		shut(t, there)
		path := filepath.Join(parent, "data")
		require.NoError(t, os.WriteFile(path, nil, 0o600))

		d, told := openTroubled(t, path, "not a directory")
		d.Append(shop("a", "pass", time.Hour), shop("a", "fail", 2*time.Hour), shop("c", "pass", time.Hour))
		require.NoError(t, os.Remove(path))
		require.NoError(t, os.Rename(filepath.Join(parent, "away"), path))
		requireRecovery(t, d, told,
			shop("a", "pass", 0), shop("a", "fail", 2*time.Hour), shop("b", "pass", 0), shop("c", "pass", time.Hour))
	})
}

func TestADirectoryThatIsRemovedIsMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "data")
		d := open(t, path)
		d.Append(shop("a", "pass", 0))
		require.NoError(t, d.sync())
		require.NoError(t, os.RemoveAll(path))
		d.Append(shop("a", "fail", time.Hour))
		shut(t, d)
		require.Len(t, open(t, path).Changes("shop"), 2)
	})
}

func TestADirectoryThatAnotherTookMeanwhileIsLeftToIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "data")
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		d, told := openTroubled(t, path, "not a directory")
		require.NoError(t, os.Remove(path))
		other := open(t, path)
		other.Append(shop("a", "pass", 0))
		require.NoError(t, other.sync())
		d.Append(shop("b", "pass", 0))
		time.Sleep(time.Minute)
		require.False(t, d.Writable())
		require.Equal(t, []Change{shop("a", "pass", 0)}, onDisk(t, path))
		shut(t, other)
		requireRecovery(t, d, told, shop("a", "pass", 0), shop("b", "pass", 0))
	})
}

func TestNothingWaitsForADiskThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		path := filepath.Join(t.TempDir(), "data")
		d := open(t, path, func(o *Options) { o.Report = func(error) { <-let } })
		require.NoError(t, os.RemoveAll(path))
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		began := time.Now()
		for i := range 2 * maximumQueue {
			d.Append(shop("a", fmt.Sprint(i), 0))
		}
		time.Sleep(writeInterval)
		synctest.Wait()
		d.Append(shop("a", "pass", 0))
		require.Len(t, d.Changes("shop"), maximumChanges)
		require.False(t, d.Writable())
		require.Equal(t, writeInterval, time.Since(began))
		require.LessOrEqual(t, len(d.queue), maximumQueue)
		require.Error(t, d.Close())
		require.Equal(t, writeInterval+closePatience, time.Since(began))
		close(let)
		<-d.stopped
	})
}

func TestMoreThanCanWaitIsWrittenAnew(t *testing.T) {
	path := t.TempDir()
	d := open(t, path)
	var all []Change
	for i := range maximumQueue + 10 {
		all = append(all, shop(fmt.Sprintf("%06d", i), "pass", 0))
	}
	d.Append(all...)
	shut(t, d)
	require.Equal(t, all, open(t, path).Changes("shop"))
}

func TestTheDirectoryIsBounded(t *testing.T) {
	const maximum = 256 << 10
	path := t.TempDir()
	d := open(t, path, func(o *Options) { o.MaximumBytes = maximum })
	d.Append(shop("steady", "pass", -time.Hour))
	for round := range 100 {
		for i := range 50 {
			d.Append(shop(fmt.Sprint(i), fmt.Sprint(round), time.Duration(round)*time.Minute))
		}
		require.NoError(t, d.sync())
		require.Less(t, sizeOf(t, path), int64(maximum))
	}
	shut(t, d)
	changes := open(t, path).Changes("shop")
	require.Less(t, len(changes), 50*100)
	newest := make(map[string]string)
	for _, change := range changes {
		newest[change.Check] = change.Status
	}
	require.Equal(t, "pass", newest["steady"], "the newest change of each stays")
	for i := range 50 {
		require.Equal(t, "99", newest[fmt.Sprint(i)])
	}
}

func sizeOf(t *testing.T, path string) (size int64) {
	t.Helper()
	files, err := os.ReadDir(path)
	require.NoError(t, err)
	for _, file := range files {
		info, err := file.Info()
		require.NoError(t, err)
		size += info.Size()
	}
	return size
}

func TestWhatIsTooOldGoesAfterADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const day = 24 * time.Hour
		path := t.TempDir()
		age := func(o *Options) { o.MaximumAge = 10 * day }
		d := open(t, path, age)
		d.Append(
			shop("a", "pass", -40*day), shop("a", "warn", -39*day), shop("a", "fail", -38*day), shop("a", "pass", -37*day),
			shop("a", "fail", -37*day+time.Hour), shop("a", "unknown", -36*day), shop("b", "fail", -20*day), shop("b", "pass", -day),
			Change{System: "gone", Check: "a", Status: "pass", At: start().Add(-11 * day)},
			Change{System: "left", Check: "a", Status: "pass", At: start().Add(-day)},
		)
		shut(t, d)
		want := []Change{
			shop("a", "pass", -40*day), shop("a", "fail", -38*day), shop("a", "unknown", -36*day), shop("b", "pass", -day),
		}
		d = open(t, path, age)
		require.Equal(t, want, d.Changes("shop"), "since when it is as it is, and when it was lost, stays")
		time.Sleep(settleInterval - time.Second)
		synctest.Wait()
		require.Len(t, onDisk(t, path), len(want)+2, "others may be asked for yet")
		time.Sleep(2 * day)
		synctest.Wait()
		require.Len(t, onDisk(t, path), len(want)+1)
		shut(t, d)
		d = open(t, path, age)
		require.Equal(t, want, d.Changes("shop"))
		require.Empty(t, d.Changes("gone"), "it is not judged any more")
		require.Len(t, d.Changes("left"), 1)
	})
}

func TestACheckThatFlapsKeepsWhatTellsItsRegression(t *testing.T) {
	const day = 24 * time.Hour
	d := open(t, t.TempDir())
	d.Append(shop("a", "pass", 0), shop("a", "fail", 2*day))
	for i := range 300 {
		d.Append(shop("a", []string{"pass", "fail"}[i%2], 2*day+time.Duration(i)*time.Second))
	}
	changes := d.Changes("shop")
	require.Len(t, changes, maximumChanges)
	require.Equal(t, []Change{shop("a", "pass", 0), shop("a", "fail", 2*day)}, changes[:2])
	require.Equal(t, shop("a", "fail", 2*day+299*time.Second), changes[maximumChanges-1])
}

func TestOpeningCostsInProportionToWhatIsKept(t *testing.T) {
	cost := func(records int) (best time.Duration, bytes uint64) {
		path := t.TempDir()
		d := open(t, path)
		for i := range records {
			d.Append(shop(fmt.Sprint(i/10), fmt.Sprint(i%3), time.Duration(i)*time.Second))
		}
		shut(t, d)
		best = time.Hour
		for range 5 {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			began := time.Now()
			d := open(t, path)
			best = min(best, time.Since(began))
			runtime.GC()
			runtime.ReadMemStats(&after)
			bytes = after.HeapAlloc - before.HeapAlloc
			shut(t, d)
		}
		return best, bytes
	}
	cost(100) // what only the first costs
	small, smallBytes := cost(2_500)
	large, largeBytes := cost(10_000)
	require.Less(t, float64(large)/float64(small), 16.0)
	require.Less(t, float64(largeBytes)/float64(smallBytes), 8.0)
	require.Less(t, largeBytes/10_000, uint64(400), "bytes a record")
}

func FuzzSegments(f *testing.F) {
	header := appendLine(nil, line{Format: format})
	whole := appendLine(bytes.Clone(header), line{Change: &Change{System: "shop", Check: "a", Status: "pass", At: start()}})
	for _, seed := range [][]byte{nil, header, whole, whole[:len(whole)-3], append(bytes.Clone(whole), "x\ny"...), sealed("[]")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		path := t.TempDir()
		segment := filepath.Join(path, segmentName(1))
		require.NoError(t, os.WriteFile(segment, text, 0o600))
		var told reports
		d, err := OpenDirectory(path, options(&told))
		require.NoError(t, err)
		d.Append(shop("new", "pass", 0))
		shut(t, d)
		left, err := os.ReadFile(segment)
		if !errors.Is(err, os.ErrNotExist) {
			require.NoError(t, err)
			whole := text[:bytes.LastIndexByte(text, '\n')+1]
			require.True(t, bytes.HasPrefix(left, whole), "what was whole stays")
		}
		again, err := OpenDirectory(path, options(&told))
		require.NoError(t, err)
		require.Contains(t, again.Changes("shop"), shop("new", "pass", 0))
		shut(t, again)
	})
}
