package kubernetes

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/schedule"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// backupSchedules are what makes backups again and again: CronJobs, schedules of Velero, snapscheduler and CloudNativePG,
// snapshots.
func backupSchedules() join[fact.BackupSchedule] {
	return join[fact.BackupSchedule]{
		kind:   fact.BackupSchedules(),
		proven: suspendedAlone,
		parts:  append(scheduleParts(""), part{"", claims()}, part{"", persistentVolumes()}),
		reads:  []reading{policyReading("")},
		ask:    askPolicies,
		place: func(cluster, namespace string) fact.BackupSchedule {
			return fact.BackupSchedule{Cluster: cluster, Namespace: namespace}
		},
		add: func(s *snapshot, set *fact.Set[fact.BackupSchedule]) {
			var all []dataClaim
			stored(s, claims()).Each(func(name types.NamespacedName, c claim) {
				if s.target.Cluster.Includes(name.Namespace) {
					all = append(all, dataClaimOf(s, name.Namespace, name.Name, c))
				}
			})
			for _, each := range schedulesOf(s) {
				each.weigh(all)
				each.fact.Planned = s.planned
				set.Add(each.fact)
			}
		},
	}
}

// scheduleParts are what schedules are joined from.
func scheduleParts(topic string) []part {
	parts := []part{
		{topic, backupJobs()}, {topic, veleroSchedules()}, {topic, veleroBackups()},
		{topic, snapshotSchedules()}, {topic, volumeSnapshots()}, {topic, scheduledBackups()}, {topic, clusterBackups()},
		{topic, replicationSources()},
	}
	for _, other := range otherSchedulers() {
		parts = append(parts, part{topic, other.schedules()})
	}
	return parts
}

// A backupSchedule is a schedule with what tells which claims it covers.
type backupSchedule struct {
	fact       fact.BackupSchedule
	isBackup   bool               // for CronJobs: others do other things
	fires      *schedule.Schedule // nil where that cannot be read
	runsNow    bool               // the newest run has not ended
	namespaces []string           // patterns
	excluded   []string           // patterns of namespaces
	leftOut    []string           // namespaces that the newest backup left out, for whatever reason
	job        *backupJob
	velero     *veleroTemplate
	claims     []string        // names; empty: all that the selector takes
	selector   labels.Selector // of claims
	of         string          // of CloudNativePG: the name of its Cluster
	unread     string          // why it is not known what it makes backups of; empty where it is
}

// A backupJob is what of a CronJob tells what it makes backups of.
type backupJob struct {
	namespace string
	command   backupCommand
	declared  []string // claims that it is declared to cover; "*": all of its namespace; empty: nothing is declared
	mounts    []string // claims
}

// A dataClaim is a claim with what tells whether a schedule makes backups of it.
type dataClaim struct {
	namespace, name string
	labels          labels.Set
	phase           string
	block           bool              // it is a device, without files
	volume          *persistentVolume // nil: it has none
	pods            labels.Set        // of those that mount it; nil: they are not known
	idle            bool              // none of those pods is wanted just now
	annotations     map[string]string // of those pods
	volumes         []string          // by which they mount it
	services        []string          // that select those pods
}

// dataClaimOf is a claim without what mounts it.
func dataClaimOf(s *snapshot, namespace, name string, c claim) dataClaim {
	data := dataClaim{namespace: namespace, name: name, labels: c.labels, phase: c.phase, block: c.block}
	if volume, there := stored(s, persistentVolumes()).Get("", c.volume); there && c.phase == bound {
		data.volume = &volume
	}
	return data
}

// A covering tells whether a schedule covers a claim and, where that is a guess, why it is.
type covering struct {
	is    bool
	guess string
	not   string // why it does not, though it takes what is beside the claim; empty where that goes without saying
}

// guessIf is a covering that is a guess, if it may be one at all.
func guessIf(may bool, why string) covering {
	if !may {
		return covering{}
	}
	return covering{is: true, guess: why}
}

// reaches tells whether the schedule makes backups of what is in a namespace.
func (b backupSchedule) reaches(namespace string) bool {
	in := func(pattern string) bool {
		matches, err := path.Match(pattern, namespace)
		return matches && err == nil
	}
	return !slices.ContainsFunc(b.excluded, in) && slices.ContainsFunc(b.namespaces, in)
}

// byPattern doubts a covering of Velero where it includes the namespace by a pattern alone.
func (b backupSchedule) byPattern(namespace string, found covering) covering {
	if found.is && found.guess == "" && !slices.Contains(b.namespaces, "*") && !slices.Contains(b.namespaces, namespace) {
		found.guess = "it includes the namespace by a pattern, which Velero before 1.18 takes for a name"
	}
	return found
}

// covers tells whether the schedule makes backups of a claim.
func (b backupSchedule) covers(c dataClaim) covering {
	switch {
	case b.job != nil:
		return b.job.covers(c)
	case !b.reaches(c.namespace):
		return covering{}
	case slices.Contains(b.leftOut, c.namespace):
		return covering{not: "its newest backup excluded the namespace; Velero does so where a namespace has the label " + veleroExclude}
	case b.velero != nil:
		return b.byPattern(c.namespace, b.velero.covers(c))
	case b.of != "" && c.labels["cnpg.io/cluster"] != b.of:
		return covering{}
	case len(b.claims) > 0 && !slices.Contains(b.claims, c.name):
		return covering{}
	case b.unread != "":
		return covering{is: true, guess: b.unread}
	default:
		return covering{is: b.selector == nil || b.selector.Matches(c.labels)}
	}
}

// weigh tells whether the backups hold data of any of the system's claims, as far as that can be told without their pods.
func (b *backupSchedule) weigh(all []dataClaim) {
	if b.job != nil || b.of != "" {
		return // A database that it dumps need not have a claim in this cluster.
	}
	if b.velero != nil && !b.velero.holdsData() {
		b.fact.Empty = "its resources are such that they hold neither snapshots nor files of volumes"
		return
	}
	all = slices.DeleteFunc(slices.Clone(all), func(c dataClaim) bool { return !b.reaches(c.namespace) })
	if len(all) == 0 {
		return
	}
	guess, not := "", ""
	for _, c := range all {
		covered := b.covers(c)
		if covered.is && covered.guess == "" {
			return
		}
		guess, not = cmp.Or(guess, covered.guess), cmp.Or(not, covered.not)
	}
	if b.velero != nil && b.velero.pods {
		guess = cmp.Or(guess, "it takes no claim by its labels; whether it takes their pods is not evaluated here")
	}
	if b.fact.Guess = guess; guess == "" {
		b.fact.Empty = cmp.Or(not, "it takes none of the claims in the namespaces that it reaches")
	}
}

// backupWords are in the names, images and commands of jobs that make backups, and of others that have to do with them.
var backupWords = regexp.MustCompile(`(?i)backup|pg_?dump|mysqldump|mongodump|mariadb-dump|restic|borg|pgbackrest|wal-g|kopia|snapshot`)

// backupOf is the annotation by which a CronJob declares the claims that it makes backups of, with commas between; "*" is
// all of its namespace.
const backupOf = "readiness-exporter/backup-of"

func backupJobs() watch.Resource[backupSchedule] {
	return watch.Resource[backupSchedule]{
		GroupVersionResource: batchv1.SchemeGroupVersion.WithResource("cronjobs"), Example: &batchv1.CronJob{},
		Keep: func(object any) backupSchedule { return keepCronJob(object.(*batchv1.CronJob)) },
	}
}

// keepCronJob reads a CronJob that makes backups, or may do so.
func keepCronJob(c *batchv1.CronJob) backupSchedule {
	zone := ""
	if c.Spec.TimeZone != nil {
		zone = *c.Spec.TimeZone
	}
	spec := &c.Spec.JobTemplate.Spec.Template.Spec
	job := &backupJob{namespace: c.Namespace, command: commandOf(slices.Concat(spec.InitContainers, spec.Containers)), mounts: mounted(spec)}
	if declared := strings.TrimSpace(c.Annotations[backupOf]); declared != "" {
		job.declared = strings.FieldsFunc(declared, func(r rune) bool { return r == ',' || r == ' ' })
	}
	keep := backupSchedule{
		namespaces: []string{c.Namespace}, job: job, fires: firesBy(c.Spec.Schedule, zone), runsNow: len(c.Status.Active) > 0,
		isBackup: job.certain() || backupWords.MatchString(c.Name),
		fact:     fact.BackupSchedule{Schedule: c.Spec.Schedule, Suspended: c.Spec.Suspend != nil && *c.Spec.Suspend},
	}
	if c.Status.LastScheduleTime != nil {
		keep.fact.LastRunAt = c.Status.LastScheduleTime.UTC()
	}
	if c.Status.LastSuccessfulTime != nil {
		keep.fact.SucceededAt = c.Status.LastSuccessfulTime.UTC()
	}
	keep.fact.Failed = !keep.runsNow && keep.fact.LastRunAt.After(keep.fact.SucceededAt)
	for i := range spec.Containers {
		words := slices.Concat([]string{spec.Containers[i].Image}, spec.Containers[i].Command, spec.Containers[i].Args)
		keep.isBackup = keep.isBackup || backupWords.MatchString(strings.Join(words, " "))
	}
	if !job.certain() {
		keep.fact.Guess = onlyByName
	}
	return keep
}

const onlyByName = "only its name, image or command suggests that it makes any"

// certain tells whether the job makes backups, and does not only look as if it did.
func (j *backupJob) certain() bool { return len(j.declared) > 0 || j.command.dumps || j.command.copies }

// covers tells whether the job makes backups of a claim: as it is declared, of what it mounts, or of the database that it
// dumps. Where nothing tells what it does, what it mounts or what its namespace holds is a guess.
func (j *backupJob) covers(c dataClaim) covering {
	near := j.namespace == c.namespace
	mounts := near && slices.Contains(j.mounts, c.name)
	switch {
	case len(j.declared) > 0:
		return covering{is: near && (slices.Contains(j.declared, c.name) || slices.Contains(j.declared, "*"))}
	case j.command.copies && mounts:
		return covering{is: true}
	case slices.ContainsFunc(c.services, func(service string) bool { return j.command.dumpsFrom(j.namespace, c.namespace, service) }):
		return covering{is: true}
	case j.command.dumps:
		return guessIf(near && len(j.command.hosts) == 0, "which database it dumps is not known")
	default:
		return guessIf(mounts || near && len(j.mounts) == 0, onlyByName)
	}
}

// schedulesOf joins the schedules of a system with their runs, by name.
func schedulesOf(s *snapshot) (found []backupSchedule) {
	asItIs := func(name string) string { return name }
	policies, _ := s.answer.(policiesByPlace)
	type source struct {
		kind      string
		schedules watch.Resource[backupSchedule]
		runs      runsBySchedule
		label     func(schedule string) string // of its runs
	}
	sources := []source{
		{"CronJob", backupJobs(), nil, asItIs},
		{"Schedule", veleroSchedules(), runsOf(stored(s, veleroBackups())), veleroLabel},
		{"SnapshotSchedule", snapshotSchedules(), scheduledSnapshots(s), asItIs},
		{"ScheduledBackup", scheduledBackups(), runsOf(stored(s, clusterBackups())), asItIs},
		{"ReplicationSource", replicationSources(), nil, asItIs},
	}
	for _, other := range otherSchedulers() {
		sources = append(sources, source{other.kind, other.schedules(), nil, asItIs})
	}
	for _, source := range sources {
		stored(s, source.schedules).Each(func(name types.NamespacedName, b backupSchedule) {
			if !b.isBackup || !s.concerns(name.Namespace, b) {
				return
			}
			b.fact.Cluster, b.fact.Kind, b.fact.Namespace, b.fact.Name = s.target.Cluster.Name, source.kind, name.Namespace, name.Name
			runs := source.runs[types.NamespacedName{Namespace: name.Namespace, Name: source.label(name.Name)}]
			if b.ran(runs); b.velero != nil {
				b.asMade(runs, policies)
			}
			found = append(found, b)
		})
	}
	found = append(found, snapshotted(s)...)
	slices.SortFunc(found, func(a, b backupSchedule) int { return strings.Compare(a.fact.Subject(), b.fact.Subject()) })
	return found
}

// concerns tells whether a schedule of some namespace makes backups of what belongs to the system.
func (s *snapshot) concerns(namespace string, b backupSchedule) bool {
	if s.scope != "" {
		return b.reaches(string(s.scope))
	}
	return s.target.Cluster.Includes(namespace) || slices.ContainsFunc(b.namespaces, func(each string) bool {
		return strings.ContainsAny(each, "*?[") || s.target.Cluster.Includes(each)
	})
}
