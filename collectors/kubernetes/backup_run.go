package kubernetes

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/schedule"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// A backupRun is one run of a schedule.
type backupRun struct {
	schedule        string
	phase           string
	made, began, at time.Time
	excluded        []string // namespaces
	files           *bool    // as of a veleroTemplate
}

// runsBySchedule are runs by the namespace, and the label of their schedule.
type runsBySchedule map[types.NamespacedName][]backupRun

func runsOf(all *watch.Store[backupRun]) runsBySchedule {
	found := make(runsBySchedule)
	all.Each(func(name types.NamespacedName, run backupRun) {
		of := types.NamespacedName{Namespace: name.Namespace, Name: run.schedule}
		found[of] = append(found[of], run)
	})
	return found
}

// ran adds the runs of a schedule, and tells when the next must have succeeded.
func (b *backupSchedule) ran(runs []backupRun) {
	slices.SortFunc(runs, func(a, b backupRun) int {
		return cmp.Or(a.ended().Compare(b.ended()), strings.Compare(a.phase, b.phase))
	})
	if b.fact.Kind == "SnapshotSchedule" && len(runs) > 0 {
		b.fact.SucceededAt = time.Time{} // That it began one says less than whether that is ready.
	}
	for _, each := range runs {
		each.note(&b.fact)
		b.runsNow = b.runsNow || !each.hasEnded() && each.began.After(b.fact.SucceededAt)
	}
	b.fact.Failed = b.fact.Failed || b.fact.FailedAt.After(b.fact.SucceededAt)
	b.fact.DueAt = b.due()
}

// withoutSchedule is how long after a success the next is due where the schedule cannot be read.
const withoutSchedule = 26 * time.Hour

// due is when the next run must have succeeded: when it begins, and as long as the last one took, with a twelfth of the time
// between runs and a quarter of an hour at least to spare. A run that has begun may take until the one after the next.
func (b *backupSchedule) due() time.Time {
	succeeded := b.fact.SucceededAt
	switch {
	case succeeded.IsZero():
		return time.Time{}
	case b.fires == nil:
		return succeeded.Add(withoutSchedule)
	}
	next := b.next(succeeded)
	slack := max(b.next(next).Sub(next)/12, 15*time.Minute)
	if began := b.fact.LastRunAt; !began.IsZero() && began.Before(succeeded) {
		slack += succeeded.Sub(began)
	}
	if b.runsNow && b.fact.LastRunAt.After(succeeded) {
		next = b.next(b.next(b.fact.LastRunAt))
	}
	if next.IsZero() { // It never fires again.
		return succeeded.Add(withoutSchedule)
	}
	return next.Add(slack).UTC()
}

// next is when a run begins after a time. What runs every so often need not do so at full hours.
func (b *backupSchedule) next(after time.Time) time.Time {
	if strings.HasPrefix(b.fact.Schedule, "@every") {
		return after.Add(b.fires.Interval)
	}
	return b.fires.Next(after)
}

// firesBy reads a schedule as those have it who make backups: of five fields, of six with the second first, or @every 1h; in
// a zone, or UTC. It is nil where it cannot be read.
func firesBy(expression, zone string) *schedule.Schedule {
	if fields := strings.Fields(expression); len(fields) == 6 && !strings.Contains(expression, "=") {
		expression = strings.Join(fields[1:], " ")
	}
	if zone != "" {
		expression = "CRON_TZ=" + zone + " " + expression
	}
	read, err := schedule.Parse(expression, time.Now())
	if err != nil {
		return nil
	}
	return &read
}

func (r backupRun) failed() bool { return strings.Contains(r.phase, "fail") }

func (r backupRun) hasEnded() bool { return r.phase == "completed" || r.failed() }

// ended is when a run ended. One that fails at once has no end, and one that does not even begin has no beginning either.
func (r backupRun) ended() time.Time {
	for _, at := range []time.Time{r.at, r.began} {
		if !at.IsZero() {
			return at
		}
	}
	return r.made
}

// note adds a run to its schedule: the newest that has ended tells whether it succeeded.
func (r backupRun) note(to *fact.BackupSchedule) {
	if r.began.After(to.LastRunAt) {
		to.LastRunAt = r.began
	}
	ended := r.ended()
	if ended.IsZero() {
		ended = to.LastRunAt // Nothing tells when, but that it ran.
	}
	switch {
	case r.phase == "completed" && ended.After(to.SucceededAt):
		to.SucceededAt = ended
	case r.failed() && ended.After(to.FailedAt):
		to.FailedAt, to.Trouble = ended, r.phase
	}
}
