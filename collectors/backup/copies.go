package backup

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

const (
	// maximumCopies bounds the memory of one run: at 16 bytes a copy, 1.6 MB.
	maximumCopies = 100_000
	// gapWindow is how far back gaps count where no retention is declared.
	gapWindow = 30 * 24 * time.Hour
	// unknownSize is the size of a copy whose place does not say it.
	unknownSize = -1
)

// copies are the times and sizes of what is kept. Of the names only the newest is.
type copies struct {
	all        []copied
	newest     copied
	newestName string
	// newestOther are other signs of when the newest was made.
	newestOther []sign
	datedBy     fact.BackupDate
	// left are those that are there and could not be read or dated, with why the first of them was not.
	left      int
	leftFirst error
	// shared: the copies share what they hold, so that their sizes do not add up.
	shared bool
}

// A sign says when a copy was made, within a span.
type sign struct {
	by fact.BackupDate
	system.Span
}

type copied struct {
	at    int64 // milliseconds since 1970
	bytes int64 // or unknownSize
}

// add notes a copy. Of two newest of the same time, the one whose name sorts last counts, in whatever order they come.
func (c *copies) add(name string, at time.Time, bytes int64, others ...sign) error {
	if len(c.all) == maximumCopies {
		return fact.Errorf(fact.ReasonUnsupported,
			"more than %d backups: each file or object counts as one; narrow them by pattern or prefix", maximumCopies)
	}
	one := copied{at: at.UnixMilli(), bytes: max(bytes, unknownSize)}
	if len(c.all) == 0 || one.at > c.newest.at || one.at == c.newest.at && name > c.newestName {
		c.newest, c.newestName, c.newestOther = one, name, others
	}
	c.all = append(c.all, one)
	return nil
}

// leave notes a copy that is there and could not be read or dated.
func (c *copies) leave(err error) {
	if c.left++; c.left == 1 {
		c.leftFirst = err
	}
}

// skipped says how many copies could not be read or dated; nil: none.
func (c *copies) skipped() error {
	switch c.left {
	case 0:
		return nil
	case 1:
		return c.leftFirst
	default:
		return fact.Errorf(fact.ReasonOf(c.leftFirst), "%d backups could not be read or dated; the first: %w", c.left, c.leftFirst)
	}
}

// otherDate gives the sign that is farthest from the time that counts.
func (c *copies) otherDate() (farthest fact.BackupOtherDate) {
	for _, other := range c.newestOther {
		if away := other.Distance(moment(c.newest.at)); away > farthest.Away {
			farthest = fact.BackupOtherDate{By: other.by, Away: away}
		}
	}
	return farthest
}

// declared is what the system's description says of one group.
func (t Target) declared(group string) fact.Backup {
	return fact.Backup{
		Name: t.Backup.Name, Place: place(t), Group: group,
		Schedule: t.Backup.Schedule.Std(), Retention: t.Backup.Retention.Longest(), RetentionAssured: t.Backup.Retention.Assured(),
		RecoveryPoint: t.RecoveryPoint,
		Since:         t.Backup.Since, OffSite: t.Backup.OffSite,
	}
}

// fact puts what is kept of one group together with what is declared of its place.
func (t Target) fact(group string, kept *copies, now time.Time) fact.Backup {
	backup := t.declared(group)
	backup.Copies = len(kept.all)
	if len(kept.all) == 0 {
		return backup
	}
	slices.SortFunc(kept.all, func(a, b copied) int { return cmp.Compare(a.at, b.at) })
	backup.Newest, backup.NewestName = moment(kept.newest.at), kept.newestName
	backup.Oldest = moment(kept.all[0].at)
	backup.DatedBy, backup.OtherDate = kept.datedBy, kept.otherDate()
	kept.measure(&backup)
	window := backup.Retention
	if window == 0 {
		window = gapWindow
	}
	backup.LongestGap, backup.LongestGapEnd = longestGap(kept.all, now.Add(-window), thinning(kept.all, t.Backup.Retention, now))
	return backup
}

func place(t Target) string {
	switch {
	case t.Backup.Directory != nil:
		return "directory"
	case t.Backup.S3 != nil:
		return "s3"
	default:
		return "restic"
	}
}

func moment(milliseconds int64) time.Time { return time.UnixMilli(milliseconds).UTC() }

// measure fills in the sizes.
func (c *copies) measure(backup *fact.Backup) {
	if c.newest.bytes != unknownSize {
		backup.NewestBytes = &c.newest.bytes
	}
	sizes := make([]int64, 0, len(c.all))
	var total int64
	for _, one := range c.all {
		if one.bytes != unknownSize {
			sizes = append(sizes, one.bytes)
			total += one.bytes
		}
	}
	if len(sizes) == len(c.all) && !c.shared {
		backup.TotalBytes = &total
	}
	if backup.NewestBytes != nil {
		newest := slices.Index(sizes, c.newest.bytes)
		sizes = slices.Delete(sizes, newest, newest+1)
	}
	slices.Sort(sizes)
	backup.EarlierSizes = len(sizes)
	if middle := len(sizes) / 2; len(sizes)%2 == 1 {
		backup.MedianBytes = sizes[middle]
	} else if len(sizes) > 0 {
		backup.MedianBytes = sizes[middle-1] + (sizes[middle]-sizes[middle-1])/2
	}
}

// counts tells whether a file or object of this name is a backup: it fits the pattern, and is neither hidden nor named
// as unfinished files are or, where no pattern says otherwise, as what lies beside backups: logs, sums and signatures.
func counts(name, pattern string) bool {
	if strings.HasPrefix(name, ".") || name == "lost+found" || unfinished(name) {
		return false
	}
	if pattern == "" {
		return !ends(name, ".log", ".md5", ".sha1", ".sha256", ".sha512", "sum", "sums", "sums.txt", ".asc", ".sig", ".lock", ".pid")
	}
	matches, err := path.Match(pattern, name)
	return err == nil && matches
}

// unfinished tells the names that files have while they are written.
func unfinished(name string) bool {
	return ends(name, ".tmp", ".temp", ".part", ".partial", ".filepart", ".incomplete", ".unfinished", ".inprogress", ".in-progress",
		".in_progress", ".writing", ".uploading", "~")
}

func ends(name string, endings ...string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(endings, func(ending string) bool { return strings.HasSuffix(name, ending) })
}
