package fact

import (
	"path"
	"slices"
	"strings"
	"time"
)

// A Backup is what is kept of the backups of one thing in one place: of one declared place, or of one group of
// snapshots in it. What is newest decides how fresh they are; no older one is ever held against them for its age.
type Backup struct {
	Name  string `json:"name"`  // the declared name of the place
	Place string `json:"place"` // directory, s3 or restic
	Group string `json:"group"` // "host:/path" of snapshots that are grouped; empty where they are not

	// What is declared of it; zero where nothing is.
	Schedule  time.Duration `json:"schedule"`  // how often one is made
	Retention time.Duration `json:"retention"` // how long each is kept, or the last of a scheme
	// RetentionAssured is how far back they reach at any time: less than Retention where a scheme keeps ever fewer.
	RetentionAssured time.Duration `json:"retention_assured"`
	RecoveryPoint    time.Duration `json:"recovery_point"` // how much work may be lost
	Since            time.Time     `json:"since,omitzero"` // when the first one was made
	OffSite          bool          `json:"off_site"`       // the place is away from the system

	// What was seen; the times are zero where Copies is.
	Copies     int       `json:"copies"`
	Newest     time.Time `json:"newest,omitzero"`
	NewestName string    `json:"newest_name"` // file, object or snapshot
	// DatedBy is what the times are of; OtherDate is how far another sign of the newest's time is from it.
	DatedBy      BackupDate      `json:"dated_by"`
	OtherDate    BackupOtherDate `json:"other_date,omitzero"`
	NewestBytes  *int64          `json:"newest_bytes"`  // nil: the place does not tell
	EarlierSizes int             `json:"earlier_sizes"` // how many of the copies before the newest are of a known size
	MedianBytes  int64           `json:"median_bytes"`  // the median of these; zero where there is none
	Oldest       time.Time       `json:"oldest,omitzero"`
	TotalBytes   *int64          `json:"total_bytes"` // nil: the place does not tell, or copies share what they hold
	// LongestGap is the longest time between two consecutive copies of which the later was made within the declared
	// retention, or 30 days where none is, and which is not as long because those between were thinned out by a scheme; zero
	// where there is none. The time since the newest is no gap.
	LongestGap    time.Duration `json:"longest_gap"`
	LongestGapEnd time.Time     `json:"longest_gap_end,omitzero"`
}

// EnoughSizes is how many earlier sizes make a median that means something.
const EnoughSizes = 3

// A BackupDate is what dates backups.
type BackupDate string

// What dates backups.
const (
	DatedByChange   BackupDate = "change"   // the last change of the file
	DatedByContent  BackupDate = "content"  // the last change of the newest file in the folder
	DatedByFolder   BackupDate = "folder"   // the last change of the folder, which is empty
	DatedByManifest BackupDate = "manifest" // the last change of the declared file in the folder
	DatedByName     BackupDate = "name"     // the date in the name
	DatedByStore    BackupDate = "store"    // the store, when it got the object
	DatedByTool     BackupDate = "tool"     // the tool that made it
)

// A BackupOtherDate is another sign of when the newest backup was made.
type BackupOtherDate struct {
	By   BackupDate    `json:"by"`
	Away time.Duration `json:"away"` // from the time that counts
}

// Due is how old the newest backup may get: the declared schedule and a twelfth of it more, two hours on a day, and at
// least a quarter of an hour, since a backup takes time to be made and to be seen. Without a schedule it is otherwise.
func (b *Backup) Due(otherwise time.Duration) time.Duration {
	if b.Schedule == 0 {
		return otherwise
	}
	return b.Schedule + max(b.Schedule/12, 15*time.Minute)
}

// compressedNothing is up to how many bytes a compressed file or an archive holds nothing: gzip makes 20 and the name of no data.
const compressedNothing = 100

// HoldsNothing tells whether the newest backup is known to be empty, or a compressed file of nothing.
func (b *Backup) HoldsNothing() bool {
	if b.NewestBytes == nil || *b.NewestBytes > compressedNothing {
		return false
	}
	compressed := []string{".gz", ".tgz", ".xz", ".txz", ".zst", ".bz2", ".tbz2", ".lz4", ".zip", ".7z", ".age", ".gpg", ".enc"}
	return *b.NewestBytes == 0 || slices.Contains(compressed, strings.ToLower(path.Ext(b.NewestName)))
}

func (b *Backup) newestBytes() (float64, bool) {
	if b.HoldsNothing() {
		return 0, true
	}
	return backupBytes(b.NewestBytes)
}

// Backups describes the facts of backups.
func Backups() *Kind[Backup] {
	return &Kind[Backup]{
		Name: "backup",
		Help: "What is kept of the backups of one thing in one place.",
		Subject: func(b *Backup) string {
			if b.Group == "" {
				return b.Name
			}
			return b.Name + " " + b.Group
		},
		Labels: []Label[Backup]{
			{Name: "backup", Value: func(b *Backup) string { return b.Name }},
			{Name: "place", Value: func(b *Backup) string { return b.Place }},
			{Name: "group", Value: func(b *Backup) string { return b.Group }},
		},
		Gauges: []Gauge[Backup]{
			{
				Name:  "backup_last_success_timestamp_seconds",
				Help:  "When the newest backup that is kept was made.",
				Value: func(b *Backup) (float64, bool) { return Timestamp(b.Newest) },
			},
			{
				Name:  "backup_oldest_timestamp_seconds",
				Help:  "When the oldest backup that is kept was made.",
				Value: func(b *Backup) (float64, bool) { return Timestamp(b.Oldest) },
			},
			{
				Name:  "backup_copies",
				Help:  "How many backups are kept.",
				Value: func(b *Backup) (float64, bool) { return float64(b.Copies), true },
			},
			{
				Name:  "backup_last_size_bytes",
				Help:  "Size of the newest backup, where the place reports it; 0 where it is a compressed file of nothing.",
				Value: (*Backup).newestBytes,
			},
			{
				Name:  "backup_usual_size_bytes",
				Help:  "Median size of the earlier backups, where at least three are of a known size.",
				Value: func(b *Backup) (float64, bool) { return float64(b.MedianBytes), b.EarlierSizes >= EnoughSizes },
			},
			{
				Name:  "backup_kept_bytes",
				Help:  "Size of all backups that are kept, where the place reports it.",
				Value: func(b *Backup) (float64, bool) { return backupBytes(b.TotalBytes) },
			},
			{
				Name: "backup_longest_gap_seconds",
				Help: "Longest time between two consecutive backups within the declared retention, or 30 days where none is, that no " +
					"scheme of retention explains.",
				Value: func(b *Backup) (float64, bool) {
					return b.LongestGap.Seconds(), !b.LongestGapEnd.IsZero()
				},
			},
			{
				Name: "backup_objective_seconds",
				Help: "How old the newest backup may get, as declared: by the recovery point objective or the schedule with its slack, " +
					"whichever is less.",
				Value: func(b *Backup) (float64, bool) {
					objective := b.Due(b.RecoveryPoint)
					if b.RecoveryPoint != 0 {
						objective = min(objective, b.RecoveryPoint)
					}
					return objective.Seconds(), objective != 0
				},
			},
			{
				Name:  "backup_off_site",
				Help:  "Whether the place is declared to be away from the system.",
				Value: func(b *Backup) (float64, bool) { return Bool(b.OffSite), true },
			},
		},
	}
}

func backupBytes(number *int64) (float64, bool) {
	if number == nil {
		return 0, false
	}
	return float64(*number), true
}
