package record

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// servers are the real ones that tests talk to.
var servers *world.World

const childDirectory = "READINESS_RECORD_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childDirectory); path != "" {
		appendForEver(path)
		return
	}
	if place := os.Getenv(objectsPlace); place != "" {
		keepInObjects(place)
		return
	}
	if path := os.Getenv(evidenceDirectory); path != "" {
		keepForEver(path)
		return
	}
	goleak.VerifyTestMain(world.Around(m, &servers))
}

// A reports collects what a directory reports.
type reports struct {
	mu  sync.Mutex
	all []string
}

func (r *reports) add(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		r.all = append(r.all, "")
		return
	}
	r.all = append(r.all, err.Error())
}

// take gives what was reported since it was last asked.
func (r *reports) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.all
	r.all = nil
	return all
}

func ready(status string) bool { return status == "pass" || status == "warn" }

func start() time.Time { return time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC) }

func options(told *reports) Options {
	return Options{Ready: ready, Report: told.add, Now: start}
}

// open opens a directory about which there is nothing to report.
func open(t *testing.T, path string, changes ...func(*Options)) *Directory {
	t.Helper()
	var told reports
	chosen := options(&told)
	for _, change := range changes {
		change(&chosen)
	}
	d, err := OpenDirectory(path, chosen)
	require.NoError(t, err)
	require.Empty(t, told.take())
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// shut closes a directory, however long the disk takes.
func shut(t *testing.T, d *Directory) {
	t.Helper()
	require.NoError(t, d.sync())
	_ = d.Close() // All is written.
	<-d.stopped
}

// shop is a change of a check of the system shop, so long after the start.
func shop(check, status string, after time.Duration) Change {
	return Change{System: "shop", Check: check, Status: status, At: start().Add(after)}
}

// onDisk are the records of the newest segment.
func onDisk(t *testing.T, path string) (changes []Change) {
	t.Helper()
	segments := segmentsIn(t, path)
	require.NotEmpty(t, segments)
	_, err := readSegment(filepath.Join(path, segments[len(segments)-1]), func(record line, _ []byte) {
		if record.Change != nil {
			changes = append(changes, *record.Change)
		}
	})
	require.NoError(t, err)
	return changes
}

// segmentsIn are the names of segments, in their order.
func segmentsIn(t *testing.T, path string) (segments []string) {
	t.Helper()
	files, err := os.ReadDir(path)
	require.NoError(t, err)
	for _, file := range files {
		if _, finished, is := segmentNumber(file.Name()); is && finished {
			segments = append(segments, file.Name())
		}
	}
	return segments
}

func TestWhatWasAppendedIsThereAfterARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "data")
	d := open(t, path)
	d.Append(shop("b", "pass", 0), shop("a", "fail", time.Second))
	d.Append(shop("a", "pass", 2*time.Second), Change{System: "blog", Check: "a", Status: "warn", At: start()})
	want := []Change{shop("a", "fail", time.Second), shop("a", "pass", 2*time.Second), shop("b", "pass", 0)}
	require.Equal(t, want, d.Changes("shop"))
	require.True(t, d.Writable())
	shut(t, d)
	require.NoError(t, d.Close(), "once more changes nothing")

	again := open(t, path)
	require.Equal(t, want, again.Changes("shop"))
	require.Len(t, again.Changes("blog"), 1)
	require.Empty(t, again.Changes("other"))
	again.Append(shop("b", "fail", time.Minute))
	shut(t, again)
	require.Len(t, segmentsIn(t, path), 1)
	require.Equal(t, append(want, shop("b", "fail", time.Minute)), open(t, path).Changes("shop"))
}

func TestNobodyElseCanReadIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	d := open(t, path)
	d.Append(shop("a", "pass", 0))
	shut(t, d)
	require.NoError(t, filepath.Walk(path, func(path string, info os.FileInfo, err error) error {
		if info.IsDir() {
			require.Equal(t, os.FileMode(0o700), info.Mode().Perm(), path)
		} else {
			require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), path)
		}
		return err
	}))
}

func TestTheOrderIsThatOfAppendingEvenIfTheClockIsSetBack(t *testing.T) {
	path := t.TempDir()
	d := open(t, path)
	want := []Change{shop("a", "pass", 48*time.Hour), shop("a", "fail", 0), shop("a", "pass", time.Hour)}
	d.Append(want...)
	shut(t, d)
	d = open(t, path)
	require.Equal(t, want, d.Changes("shop"))
	d.renew()
	d.Append()
	shut(t, d)
	require.Equal(t, want, open(t, path).Changes("shop"), "also in a new segment")
}

func TestChangesAreOnDiskWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := t.TempDir()
		d := open(t, path)
		for i := range 50 {
			d.Append(shop(fmt.Sprint(i), "pass", 0))
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(writeInterval)
		synctest.Wait()
		require.Len(t, onDisk(t, path), 50)
		shut(t, d)
	})
}

func TestOnlyOneProcessUsesADirectory(t *testing.T) {
	path := t.TempDir()
	d := open(t, path)
	_, err := OpenDirectory(path, Options{})
	require.ErrorIs(t, err, ErrInUse)
	require.EqualError(t, err, "open "+path+": another process uses it")
	shut(t, d)
	open(t, path)
}

// appendForEver is a process that appends, and prints what it knows to be on disk.
func appendForEver(path string) {
	d, err := OpenDirectory(path, Options{Ready: ready, MaximumBytes: 128 << 10, Report: func(err error) {
		if err != nil && !strings.Contains(err.Error(), "were removed") {
			fmt.Println(err)
		}
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	first := 0
	for _, change := range d.Changes("shop") {
		number, _ := strconv.Atoi(change.Status)
		first = max(first, number)
	}
	for i := first + 1; ; i++ {
		d.Append(Change{System: "shop", Check: fmt.Sprint(i % 300), Status: fmt.Sprint(i), At: time.Now()})
		if i%7 == 0 {
			if err := d.sync(); err != nil {
				fmt.Println(err)
				return
			}
			fmt.Println(i)
		}
	}
}

func TestWhatWasOnDiskSurvivesThatTheProcessIsKilled(t *testing.T) {
	path := t.TempDir()
	acknowledged := 0
	for range 10 {
		child := exec.CommandContext(t.Context(), os.Args[0])
		child.Env = append(os.Environ(), childDirectory+"="+path)
		output, err := child.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, child.Start())
		lines := bufio.NewScanner(output)
		for range 50 + rand.IntN(300) {
			require.True(t, lines.Scan())
			number, err := strconv.Atoi(lines.Text())
			require.NoError(t, err, lines.Text())
			acknowledged = number
		}
		require.NoError(t, child.Process.Kill())
		for lines.Scan() {
			if number, err := strconv.Atoi(lines.Text()); err == nil {
				acknowledged = number
			}
		}
		require.Error(t, child.Wait())

		var told reports
		d, err := OpenDirectory(path, options(&told))
		require.NoError(t, err)
		newest := make(map[string]int)
		for _, change := range d.Changes("shop") {
			newest[change.Check], err = strconv.Atoi(change.Status)
			require.NoError(t, err)
		}
		for i := max(1, acknowledged-299); i <= acknowledged; i++ {
			require.GreaterOrEqual(t, newest[fmt.Sprint(i%300)], i, "of %d", acknowledged)
		}
		shut(t, d)
	}
}

func TestWhatAnotherProcessLeftUnfinishedIsFinished(t *testing.T) {
	path := t.TempDir()
	d := open(t, path)
	d.Append(shop("a", "pass", 0))
	shut(t, d)
	// It was killed between naming a new segment and removing the old one, and once more while it made the next.
	old := segmentName(1)
	text, err := os.ReadFile(filepath.Join(path, old))
	require.NoError(t, err)
	newer := appendLine(slices.Clone(text), line{Change: &Change{System: "shop", Check: "a", Status: "fail", At: start()}})
	require.NoError(t, os.WriteFile(filepath.Join(path, segmentName(2)), newer, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(path, segmentName(3)+unfinished), text[:20], 0o600))

	d = open(t, path)
	require.Equal(t, []Change{shop("a", "pass", 0), shop("a", "fail", 0)}, d.Changes("shop"))
	shut(t, d)
	require.Equal(t, []string{segmentName(3)}, segmentsIn(t, path))
	require.NoFileExists(t, filepath.Join(path, segmentName(3)+unfinished))
	require.Len(t, open(t, path).Changes("shop"), 2)
}

func TestATornEndIsCutOff(t *testing.T) {
	for _, tail := range []string{"0", "00000000 {", `12345678 {"change":{"system":"shop"`, strings.Repeat("\x00", 4000)} {
		path := t.TempDir()
		d := open(t, path)
		d.Append(shop("a", "pass", 0))
		shut(t, d)
		segment := filepath.Join(path, segmentName(1))
		appendTo(t, segment, tail)

		var told reports
		d, err := OpenDirectory(path, options(&told))
		require.NoError(t, err)
		require.Equal(t, []string{
			fmt.Sprintf("%s ended in the middle of a record; its last %d bytes were removed", segment, len(tail)),
		}, told.take())
		require.True(t, d.Writable())
		d.Append(shop("a", "fail", time.Second))
		shut(t, d)
		require.Equal(t, []string{segmentName(1)}, segmentsIn(t, path))
		require.Equal(t, []Change{shop("a", "pass", 0), shop("a", "fail", time.Second)}, open(t, path).Changes("shop"))
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	_, err = file.WriteString(text)
	require.NoError(t, errors.Join(err, file.Close()))
}

func TestACorruptedLineIsReportedAndLeftAlone(t *testing.T) {
	path := t.TempDir()
	d := open(t, path)
	d.Append(shop("a", "pass", 0), shop("b", "pass", 0), shop("c", "pass", 0))
	shut(t, d)
	segment := filepath.Join(path, segmentName(1))
	text, err := os.ReadFile(segment)
	require.NoError(t, err)
	text = []byte(strings.Replace(string(text), `"check":"b","status":"pass"`, `"check":"b","status":"fail"`, 1))
	text = append(text, strings.Repeat("x", 2*maximumLine)+"\n"...)
	require.NoError(t, os.WriteFile(segment, text, 0o600))

	for range 2 {
		var told reports
		d, err = OpenDirectory(path, options(&told))
		require.NoError(t, err)
		require.Equal(t, []string{
			segment + " is left unchanged: 2 of its records do not match their checksums; the others were read",
		}, told.take())
		require.Equal(t, []Change{shop("a", "pass", 0), shop("c", "pass", 0)}, d.Changes("shop"))
		d.renew()
		shut(t, d)
		left, err := os.ReadFile(segment)
		require.NoError(t, err)
		require.Equal(t, string(text), string(left))
		require.Len(t, segmentsIn(t, path), 2)
	}
}

func TestWhatIsNotOfThisProgramIsReportedOnceAndLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := t.TempDir()
		d := open(t, path)
		d.Append(shop("a", "pass", 0))
		shut(t, d)
		in := func(name string) string { return filepath.Join(path, name) }
		later := string(appendLine(nil, line{Format: format + 1})) + "whatever\n"
		foreign := map[string]string{
			"notes.txt": "mine", segmentName(5): "a\nb\n", segmentName(6): "", segmentName(7): later, "record-1.jsonl": "short",
		}
		for name, text := range foreign {
			require.NoError(t, os.WriteFile(in(name), []byte(text), 0o600))
		}
		require.NoError(t, unix.Mkfifo(in(segmentName(8)), 0o600))
		require.NoError(t, os.Symlink("/dev/zero", in(segmentName(9))))
		require.NoError(t, os.Mkdir(in(segmentName(10)), 0o700))
		require.NoError(t, os.Mkdir(in("lost+found"), 0o700))

		var told reports
		d, err := OpenDirectory(path, options(&told))
		require.NoError(t, err)
		require.Equal(t, []Change{shop("a", "pass", 0)}, d.Changes("shop"))
		const no = " is left unchanged: this version of the program did not write it"
		require.Equal(t, []string{
			in(segmentName(10)) + no,
			in(segmentName(9)) + " is left unchanged: open " + in(segmentName(9)) + ": too many levels of symbolic links",
			in(segmentName(8)) + no, in(segmentName(7)) + no, in(segmentName(6)) + no, in(segmentName(5)) + no,
			path + " contains 2 files that this program did not write, such as record-1.jsonl; they are left unchanged",
		}, told.take())

		d.Append(shop("a", "fail", 0))
		d.renew()
		time.Sleep(3 * rewriteAfter)
		synctest.Wait()
		require.Empty(t, told.take())
		shut(t, d)
		for name, text := range foreign {
			left, err := os.ReadFile(in(name))
			require.NoError(t, err)
			require.Equal(t, text, string(left))
		}
		require.NoFileExists(t, in(segmentName(1)), "its own is replaced")
		require.Len(t, onDisk(t, path), 2)
	})
}

func TestRecordsOfKindsOfALaterVersionAreKept(t *testing.T) {
	path := t.TempDir()
	d := open(t, path)
	d.Append(shop("a", "pass", 0))
	shut(t, d)
	later := string(sealed(`{"waiver":{"check":"a"}}`))
	appendTo(t, filepath.Join(path, segmentName(1)), later)
	for range 3 {
		d = open(t, path)
		d.renew()
		shut(t, d)
		segments := segmentsIn(t, path)
		text, err := os.ReadFile(filepath.Join(path, segments[len(segments)-1]))
		require.NoError(t, err)
		require.Equal(t, 1, strings.Count(string(text), later))
		require.Len(t, segments, 1)
	}
}
