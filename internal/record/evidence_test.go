package record

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

const evidenceDirectory = "READINESS_RECORD_EVIDENCE"

// reported is evidence of an item of the system shop, so long after the start.
func reported(id, check string, after time.Duration) Evidence {
	return Evidence{
		ID: id, System: "shop", Check: check, Report: fact.EvidenceReport{
			At: start().Add(after), By: "ci", Revisions: []string{id}, Result: fact.EvidenceResult{Format: "junit", Passed: 412, Skipped: 3},
		},
	}
}

func keep(t *testing.T, d *Directory, all ...Evidence) {
	t.Helper()
	for _, each := range all {
		_, err := d.KeepEvidence(t.Context(), each)
		require.NoError(t, err)
	}
}

// ids are those of all reports, of each item the newest first.
func ids(d *Directory) (ids []string) {
	for _, each := range d.Evidence("shop") {
		for _, report := range each.Reports {
			ids = append(ids, report.Revisions...)
		}
	}
	return ids
}

func TestEvidenceIsThereAfterARestartTheNewestFirst(t *testing.T) {
	path := t.TempDir()
	d := open(t, path)
	keep(t, d, reported("1", "a", 0), reported("2", "b", 0), reported("3", "a", time.Hour))
	of := reported("4", "a", 0)
	of.Component = "api"
	keep(t, d, of)
	d.Append(shop("a", "pass", 0))
	want := d.Evidence("shop")
	require.Equal(t, []fact.Evidence{
		{Check: "a", Reports: []fact.EvidenceReport{reported("3", "a", time.Hour).Report, reported("1", "a", 0).Report}},
		{Check: "a", Component: "api", Reports: []fact.EvidenceReport{of.Report}},
		{Check: "b", Reports: []fact.EvidenceReport{reported("2", "b", 0).Report}},
	}, want)
	require.Empty(t, d.Evidence("blog"))
	shut(t, d)
	again := open(t, path)
	require.Equal(t, want, again.Evidence("shop"))
	require.Len(t, again.Changes("shop"), 1)
	again.renew()
	again.Append()
	shut(t, again)
	require.Equal(t, want, open(t, path).Evidence("shop"), "also in a new segment")
	snapshot, err := ReadDirectory(path, ready)
	require.NoError(t, err)
	require.Equal(t, want, snapshot.Evidence("shop"))
}

func TestTheSameSubmissionIsOne(t *testing.T) {
	path := t.TempDir()
	d := open(t, path)
	keep(t, d, reported("1", "a", 0), reported("2", "a", 0))
	known, err := d.KeepEvidence(t.Context(), reported("1", "a", 9*time.Minute))
	require.NoError(t, err)
	require.True(t, known, "whoever got no answer asks again")
	require.Equal(t, []string{"2", "1"}, ids(d))

	known, err = d.KeepEvidence(t.Context(), reported("1", "a", time.Hour))
	require.NoError(t, err)
	require.False(t, known, "a later run that gives the same result is a new one")
	require.Equal(t, []string{"1", "2"}, ids(d))
	shut(t, d)
	d = open(t, path)
	require.Equal(t, []string{"1", "2"}, ids(d))
	require.Equal(t, start().Add(time.Hour), d.Evidence("shop")[0].Reports[0].At)
}

func TestARunThatFindsAgainWhatWasFoundBeforeCounts(t *testing.T) {
	d := open(t, t.TempDir())
	keep(t, d, reported("good", "a", 0), reported("bad", "a", time.Minute))
	known, err := d.KeepEvidence(t.Context(), reported("good", "a", 2*time.Minute))
	require.NoError(t, err)
	require.False(t, known)
	require.Equal(t, []string{"good", "bad"}, ids(d))
}

func TestTheOldestEvidenceGoesFirstWhateverTheClockSaid(t *testing.T) {
	path := t.TempDir()
	d := open(t, path)
	var want []string
	for i := range maximumReports + 5 {
		id := fmt.Sprintf("%02d", i)
		keep(t, d, reported(id, "a", -time.Duration(i)*365*24*time.Hour)) // The clock was set back, again and again.
		want = append([]string{id}, want...)
	}
	want = want[:maximumReports]
	require.Equal(t, want, ids(d))
	shut(t, d)
	d = open(t, path, func(o *Options) { o.Now = func() time.Time { return start().AddDate(100, 0, 0) } })
	d.renew()
	d.Append()
	shut(t, d)
	require.Equal(t, want, ids(open(t, path)), "a clock a century ahead loses nothing")
}

func TestWhatWasKeptUnderAClockThatWasAheadStays(t *testing.T) {
	path := t.TempDir()
	d := open(t, path)
	ahead := 50 * 365 * 24 * time.Hour
	keep(t, d, reported("ahead", "a", ahead), reported("now", "a", 0))
	signed := Signature{ID: "s", System: "shop", Check: "a", Kind: Attestation, By: "ann", At: start().Add(ahead)}
	_, err := d.KeepSignature(t.Context(), signed)
	require.NoError(t, err)
	shut(t, d)
	d = open(t, path)
	require.Equal(t, []string{"now", "ahead"}, ids(d))
	require.Equal(t, []Signature{signed}, d.Signatures("shop"))
}

func TestEvidenceIsBounded(t *testing.T) {
	a := newArchive(0)
	for i := range 3 * maximumEvidence {
		a.add(reported(fmt.Sprint(i), fmt.Sprint(i%700), 0), nil)
	}
	require.LessOrEqual(t, a.order.Len(), maximumEvidence)
	require.Len(t, a.of, 700)
	for i := range 3 * maximumEvidence {
		a.add(reported(fmt.Sprint("single ", i), fmt.Sprint("single ", i), 0), nil)
	}
	require.LessOrEqual(t, a.order.Len(), maximumEvidence)
	require.Len(t, a.byID, a.order.Len())

	of := newArchive(100_000)
	for i := range 1000 {
		large := reported(fmt.Sprint(i), fmt.Sprint(i%10), 0)
		large.Report.Result.Faults = []string{strings.Repeat("x", 1000)}
		of.add(large, nil)
		require.LessOrEqual(t, of.bytes, int64(100_000))
	}
	require.Len(t, of.of, 10, "the newest of each stays")

	components := newArchive(0)
	for i := range 3 * maximumComponents {
		one := reported(fmt.Sprint(i), "a", 0)
		one.Component = fmt.Sprint(i)
		components.add(one, nil)
	}
	require.Len(t, components.of, maximumComponents)
	require.Equal(t, map[item]int{{"shop", "a"}: maximumComponents}, components.ofItem)
	require.Contains(t, components.of, component{"shop", "a", fmt.Sprint(3*maximumComponents - 1)})
}

func TestSignaturesAreInForceUntilTheyAreTakenBack(t *testing.T) {
	path := t.TempDir()
	d := open(t, path)
	sign := func(id, check, kind, by string, after time.Duration) Signature {
		return Signature{ID: id, System: "shop", Check: check, Kind: kind, By: by, At: start().Add(after), Link: "https://example.com/" + check}
	}
	keepSigned := func(s Signature) Signature {
		kept, err := d.KeepSignature(t.Context(), s)
		require.NoError(t, err)
		return kept
	}
	first := sign("1", "a", Attestation, "ann", 0)
	require.Equal(t, first, keepSigned(first))
	require.Equal(t, first, keepSigned(sign("2", "a", Attestation, "ann", time.Minute)), "the same of just before is one")
	keepSigned(sign("3", "a", Attestation, "bob", time.Minute))
	keepSigned(sign("4", "a", Waiver, "bob", time.Minute))
	require.Len(t, d.Attestations("shop"), 2)
	require.Len(t, d.Waivers("shop"), 1)

	taken := sign("5", "a", Revocation, "ann", time.Hour)
	taken.Revokes = "1"
	keepSigned(taken)
	again := sign("6", "a", Attestation, "ann", 0)
	require.Equal(t, again, keepSigned(again), "what was taken back can be signed again")
	taken.ID, taken.Revokes = "7", "6"
	keepSigned(taken)
	want := []fact.Attestation{{Check: "a", By: "bob", At: start().Add(time.Minute), Link: "https://example.com/a"}}
	require.Equal(t, want, d.Attestations("shop"))
	require.Empty(t, d.Attestations("blog"))
	shut(t, d)
	d = open(t, path)
	require.Equal(t, want, d.Attestations("shop"))
	require.Len(t, d.Signatures("shop"), 6, "the history stays")
}

func TestSignaturesAreBounded(t *testing.T) {
	s := newSignatures()
	for i := range 3 * maximumOfItem {
		s.add(Signature{ID: fmt.Sprint(i), System: "shop", Check: "a"})
	}
	require.Len(t, s.all, maximumOfItem)
	require.Equal(t, fmt.Sprint(3*maximumOfItem-1), s.all[maximumOfItem-1].ID)
	for i := range maximumSignatures {
		s.add(Signature{ID: fmt.Sprint("b", i), System: "shop", Check: fmt.Sprint(i)})
	}
	require.Len(t, s.all, maximumSignatures)
	require.Len(t, s.ids, maximumSignatures)
}

func TestWhoeverWatchesASystemIsTold(t *testing.T) {
	d := open(t, t.TempDir())
	watched, other := d.Watch("shop", "evidence"), d.Watch("blog", "evidence")
	require.Equal(t, watched, d.Watch("shop", "evidence"))
	require.NotEqual(t, watched, d.Watch("shop", "attestation"))
	keep(t, d, reported("1", "a", 0))
	require.Len(t, watched, 1)
	require.Empty(t, other)
	<-watched
	keep(t, d, reported("1", "a", 0))
	require.Empty(t, watched, "it is known")
}

func TestEvidenceIsAcknowledgedOnlyOnceItIsOnDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := mounted(t)
		told := new(reports)
		d, err := OpenDirectory(path, options(told))
		require.NoError(t, err)
		keep(t, d, reported("before", "a", 0))
		filler := filepath.Join(path, "filler")
		file, err := os.Create(filler)
		require.NoError(t, err)
		for err == nil {
			_, err = file.Write(make([]byte, 512))
		}
		require.ErrorIs(t, err, unix.ENOSPC)
		require.NoError(t, file.Close())

		// What room the last page of the segment has is used up.
		acknowledged := []string{"before"}
		for i := range 100 {
			id := fmt.Sprint(i)
			if _, err = d.KeepEvidence(t.Context(), reported(id, "b"+id, 0)); err != nil {
				break
			}
			acknowledged = append(acknowledged, id)
		}
		require.ErrorIs(t, err, unix.ENOSPC)
		refused := fmt.Sprint(len(acknowledged) - 1)
		require.False(t, d.Writable())
		known, err := d.KeepEvidence(t.Context(), reported(refused, "b"+refused, 0))
		require.True(t, known)
		require.ErrorIs(t, err, unix.ENOSPC, "that it is known does not make it safe")
		crashed, err := ReadDirectory(path, ready)
		require.NoError(t, err)
		require.Len(t, crashed.Evidence("shop"), len(acknowledged), "what was acknowledged is there after a crash, and nothing else")

		require.NoError(t, os.Remove(filler))
		_, err = d.KeepEvidence(t.Context(), reported(refused, "b"+refused, 0))
		require.NoError(t, err)
		require.True(t, d.Writable())
		want := d.Evidence("shop")
		require.Len(t, want, len(acknowledged)+1)
		shut(t, d)
		require.Equal(t, want, open(t, path).Evidence("shop"))
	})
}

func TestWhoeverWaitsForADiskDoesNotWaitForEver(t *testing.T) {
	d := open(t, t.TempDir())
	stopped, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("the client went away")
	cancel(gone)
	_, err := d.KeepEvidence(stopped, reported("1", "a", 0))
	if err != nil { // It may be on disk already.
		require.ErrorIs(t, err, gone)
	}
	shut(t, d)
	_, err = d.KeepEvidence(t.Context(), reported("2", "a", 0))
	require.ErrorIs(t, err, errClosed)
}

// keepForEver is a process that keeps evidence and signatures, of several at once, and prints what was acknowledged.
func keepForEver(path string) {
	d, err := OpenDirectory(path, Options{Ready: ready, MaximumBytes: 64 << 20, Report: func(error) {}})
	if err != nil {
		fmt.Println(err)
		return
	}
	keepIn(d)
}

// keepIn has several at once keep evidence and signatures, and prints what was acknowledged.
func keepIn(store Store) {
	run := time.Now().UnixNano()
	var printing sync.Mutex
	for worker := range 8 {
		go func() {
			for i := 0; ; i++ {
				check := fmt.Sprintf("%d-%d-%d", run, worker, i)
				_, err := store.KeepEvidence(context.Background(), reported(check, check, 0))
				if err == nil && i%5 == 0 {
					_, err = store.KeepSignature(context.Background(), Signature{
						ID: check, System: "shop", Check: check, Kind: Attestation, By: "ann", At: time.Now(),
					})
				}
				printing.Lock()
				fmt.Println(check, err)
				printing.Unlock()
			}
		}()
	}
	select {}
}

func TestEveryAcknowledgedRecordSurvivesThatTheProcessIsKilled(t *testing.T) {
	path := t.TempDir()
	var acknowledged []string
	for range 10 {
		acknowledged = append(acknowledged, killed(t, evidenceDirectory+"="+path, 20+rand.IntN(60))...)
	}
	var told reports
	d, err := OpenDirectory(path, options(&told))
	require.NoError(t, err)
	defer shut(t, d)
	requireAcknowledged(t, d, acknowledged)
}

// killed is what a process acknowledged that keeps records until it is killed, after so many.
func killed(t *testing.T, environment string, after int) (acknowledged []string) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), environment)
	output, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	lines := bufio.NewScanner(output)
	take := func() {
		id, outcome, _ := strings.Cut(lines.Text(), " ")
		if outcome == "<nil>" {
			acknowledged = append(acknowledged, id)
			return
		}
		require.Empty(t, outcome, "but for the line at which it was killed")
	}
	for range after {
		require.True(t, lines.Scan())
		take()
	}
	require.NoError(t, child.Process.Kill())
	for lines.Scan() {
		take()
	}
	require.Error(t, child.Wait())
	return acknowledged
}

// requireAcknowledged wants all that was acknowledged to be in a store.
func requireAcknowledged(t *testing.T, store Store, acknowledged []string) {
	t.Helper()
	there, signed := make(map[string]bool), make(map[string]bool)
	for _, each := range store.Evidence("shop") {
		there[each.Check] = true
	}
	for _, each := range store.Attestations("shop") {
		signed[each.Check] = true
	}
	require.Less(t, len(there), maximumEvidence, "or the oldest would have gone")
	for _, id := range acknowledged {
		require.True(t, there[id], "%s of %d", id, len(acknowledged))
		if strings.HasSuffix(id, "0") || strings.HasSuffix(id, "5") {
			require.True(t, signed[id], "%s of %d", id, len(acknowledged))
		}
	}
}

func TestTenThousandRecordsCostLittle(t *testing.T) {
	path := t.TempDir()
	d := open(t, path)
	for i := range maximumEvidence {
		d.mu.Lock()
		e := reported(fmt.Sprintf("1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d%08d", i), fmt.Sprintf("quality.unit-tests-%d", i/maximumReports), 0)
		d.kept.evidence.add(e, nil)
		d.enqueue(line{Evidence: &e})
		d.mu.Unlock()
	}
	shut(t, d)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	began := time.Now()
	d = open(t, path)
	took := time.Since(began)
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.Len(t, ids(d), maximumEvidence)
	perRecord := (after.HeapAlloc - before.HeapAlloc) / maximumEvidence
	t.Logf("%d records: opened in %s, %d bytes a record in memory", maximumEvidence, took, perRecord)
	require.Less(t, perRecord, uint64(2000))
}
