package fact

import "time"

// A Claim is a PersistentVolumeClaim of a workload.
type Claim struct {
	Name  string `json:"name"`
	Phase string `json:"phase"` // Bound, Pending, Lost; empty where there is no such claim
	Class string `json:"class"` // name of its StorageClass
	// What follows is of the class, and of the volume that the claim has.
	ClassKnown    bool   `json:"class_known"`
	Expandable    bool   `json:"expandable"`
	ReclaimPolicy string `json:"reclaim_policy"` // Retain, Delete; of the volume or, before there is one, of the class
	// Schedules are those that make backups of it.
	Schedules []BackupSchedule `json:"backup_schedules"`
	// LeftOut are schedules that take what is beside it, and not its data.
	LeftOut []LeftOut `json:"left_out,omitempty"`
}

// LeftOut tells why a schedule makes no backups of a claim, though it makes some of what belongs to it.
type LeftOut struct {
	By     string `json:"by"`     // the kind, namespace and name of the schedule
	Reason string `json:"reason"` // in words
}

// A BackupSchedule is what makes backups in a Kubernetes cluster, again and again.
type BackupSchedule struct {
	Cluster   string   `json:"cluster"`
	Missing   []string `json:"missing,omitempty"` // topics of what could not be seen
	Namespace string   `json:"namespace"`
	Kind      string   `json:"kind"` // CronJob, Schedule (Velero), SnapshotSchedule, ScheduledBackup (CloudNativePG), VolumeSnapshot, …
	Name      string   `json:"name"`
	Schedule  string   `json:"schedule"` // as it is declared there: cron expressions of five or six fields
	Suspended bool     `json:"suspended"`
	Planned   bool     `json:"planned,omitempty"` // it comes from manifests, and has never run
	// Failed tells that the last run that has ended did not succeed, and Trouble why, in the word of whoever ran it.
	Failed  bool   `json:"failed"`
	Trouble string `json:"trouble"`
	// Guess is, in words, why it is not known that it makes backups; empty where that is known.
	Guess string `json:"guess,omitempty"`
	// Unread tells that whether its runs succeed is not known, nor when they do.
	Unread bool `json:"unread,omitempty"`
	// Empty is, in words, why its backups hold no data of claims; empty where they do, or where that is not known.
	Empty       string    `json:"empty,omitempty"`
	LastRunAt   time.Time `json:"last_run_at,omitzero"`  // when the newest run began; zero before the first
	FailedAt    time.Time `json:"failed_at,omitzero"`    // when the newest run ended that failed; zero where that is not known
	SucceededAt time.Time `json:"succeeded_at,omitzero"` // when the newest run ended that succeeded; zero where that is not known
	// DueAt is when, by its own schedule, the next run must have succeeded; zero where none has succeeded yet.
	DueAt time.Time `json:"due_at,omitzero"`
}

// Subject names the schedule.
func (s *BackupSchedule) Subject() string {
	return s.Cluster + "/" + s.Namespace + "/" + s.Kind + "/" + s.Name
}

// Lacks gives the topics of what could not be seen.
func (s *BackupSchedule) Lacks() []string { return s.Missing }

// BackupSchedules describes the facts of backup schedules.
func BackupSchedules() *Kind[BackupSchedule] {
	return &Kind[BackupSchedule]{
		Name: "backup_schedule",
		Help: "What makes backups in a Kubernetes cluster again and again: CronJobs, and schedules of Velero, snapscheduler, " +
			"CloudNativePG, VolSync and others.",
		Subject: (*BackupSchedule).Subject,
		Labels: []Label[BackupSchedule]{
			{Name: "kubernetes_cluster", Value: func(s *BackupSchedule) string { return s.Cluster }},
			{Name: "kubernetes_namespace", Value: func(s *BackupSchedule) string { return s.Namespace }},
			{Name: "kind", Value: func(s *BackupSchedule) string { return s.Kind }},
			{Name: "name", Value: func(s *BackupSchedule) string { return s.Name }},
		},
		Gauges: []Gauge[BackupSchedule]{
			{
				Name:  "backup_schedule_suspended",
				Help:  "Whether the schedule is suspended, 1 or 0.",
				Value: func(s *BackupSchedule) (float64, bool) { return Bool(s.Suspended), true },
			},
			{
				Name:  "backup_schedule_last_success_timestamp_seconds",
				Help:  "When the newest run ended that succeeded; absent where that is not known.",
				Value: func(s *BackupSchedule) (float64, bool) { return Timestamp(s.SucceededAt) },
			},
		},
	}
}

// Claims are those of all volumes of the workload.
func (w *Workload) Claims() (all []Claim) {
	for _, volume := range w.Volumes {
		all = append(all, volume.Claims...)
	}
	return all
}
