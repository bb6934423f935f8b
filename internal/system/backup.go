package system

import (
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// A Backup is a place where backups of one thing are kept. Exactly one of Directory, S3 and Restic is set.
type Backup struct {
	Name      string            `yaml:"name"`                // the value of the label backup
	Schedule  quantity.Duration `yaml:"schedule,omitempty"`  // how often one is made; default: that of the check
	Retention Retention         `yaml:"retention,omitempty"` // how long they are kept; default: that of the check
	// RecoveryPoint is how much work may be lost when only this place is left, such as one off-site; default: the
	// system's objective.
	RecoveryPoint quantity.Duration `yaml:"recovery_point,omitempty"`
	// Since is when the first one was made. A backup set that is younger than its retention passes only if it is
	// declared: it cannot be told from one whose backups are removed too early.
	Since time.Time `yaml:"since,omitempty"`
	// OffSite: the place is away from the system, so that what takes the one does not take the other.
	OffSite   bool       `yaml:"off_site,omitempty"`
	Directory *Directory `yaml:"directory,omitempty"`
	S3        *S3        `yaml:"s3,omitempty"`
	Restic    *Restic    `yaml:"restic,omitempty"`
}

// A Directory holds one file or one folder a backup. A file is dated by its last change and a folder by that of the newest
// file in it, unless it is said otherwise; what is deeper inside counts for that and for the size. Links, hidden files,
// lost+found and names of unfinished files (.tmp, .temp, .part, .partial, .filepart, .incomplete, .inprogress, ~) are no
// backups: a backup that grows under its final name is counted before it is complete. Nor are, without a pattern, logs, sums
// and signatures that lie beside them (.log, .md5, .sha256, .asc, .sig, .lock, …).
type Directory struct {
	Path    string `yaml:"path"`              // of the folder, from the root
	Pattern string `yaml:"pattern,omitempty"` // of the names: *.dump; default: every file and folder
	// DateFormat dates each by its name, wherever that has it: %Y-%m-%d, %Y%m%d-%H%M%S, %s. A name without a zone (%z) is in
	// that of the exporter, and a day without a time counts as a whole.
	DateFormat DateFormat `yaml:"date_format,omitempty"`
	// Manifest is the name of a file that is written into each folder when it is complete: its change dates the backup, and
	// a folder without it is unfinished, and none.
	Manifest string `yaml:"manifest,omitempty"`
}

// S3 is a bucket of an S3-compatible store that holds one object a backup, at any depth; names that are no
// backups in a directory are none here. Where no keys are named, the role of the machine or pod is used.
type S3 struct {
	Endpoint string `yaml:"endpoint"`          // its URL: https://s3.eu-central-1.amazonaws.com
	Region   string `yaml:"region,omitempty"`  // default: the store's own
	Bucket   string `yaml:"bucket"`            // its name
	Prefix   string `yaml:"prefix,omitempty"`  // of the object names
	Pattern  string `yaml:"pattern,omitempty"` // of the last part of the object names; default: every object
	// DateFormat dates each by its name, as in a directory; default: by the time at which the store got it.
	DateFormat DateFormat `yaml:"date_format,omitempty"`
	CAFile     string     `yaml:"ca_file,omitempty"` // PEM file of the authorities that may sign for it; default: the public ones
	// PathStyle puts the bucket into the path; default: into the host name for the stores known to want that.
	PathStyle     bool   `yaml:"path_style,omitempty"`
	AccessKeyFile string `yaml:"access_key_file,omitempty"` // a file that holds the access key
	AccessKeyEnv  string `yaml:"access_key_env,omitempty"`  // an environment variable that holds it
	SecretKeyFile string `yaml:"secret_key_file,omitempty"` // a file that holds the secret key
	SecretKeyEnv  string `yaml:"secret_key_env,omitempty"`  // an environment variable that holds it
}

// Restic is a restic repository. Its snapshots are grouped by host and paths, as restic's own forget does, and each
// group is a backup of its own, which must stay fresh until its last snapshot is forgotten: a host that is retired is
// forgotten, or left out by host or tags. Where each run has a host name of its own, as pods do, group_by: [paths].
type Restic struct {
	Repository     string   `yaml:"repository,omitempty"`      // as restic's -r: /srv/restic, s3:https://…
	RepositoryFile string   `yaml:"repository_file,omitempty"` // a file that holds it, where it has credentials in it
	PasswordFile   string   `yaml:"password_file"`             // a file that holds the repository's password
	Tags           []string `yaml:"tags,omitempty"`            // only snapshots with all of them
	Host           string   `yaml:"host,omitempty"`            // only snapshots of this host
	GroupBy        []string `yaml:"group_by,omitempty"`        // host, paths; default: both
	CAFile         string   `yaml:"ca_file,omitempty"`         // as restic's --cacert
	// Environment names variables of the exporter's environment that restic gets: AWS_ACCESS_KEY_ID.
	Environment []string `yaml:"environment,omitempty"`
	SecretFiles []string `yaml:"secret_files,omitempty"` // NAME=path: restic gets the variable NAME with the file's content
}

func (b Backup) identity() (string, string) { return "backup", b.Name }

func (b Backup) validate(list *mistake.List, path []any) {
	checkName(list, mistake.At(path, "name"), "name", b.Name)
	if kept := quantity.Duration(b.Retention.Longest()); kept > 0 && b.Schedule > kept {
		list.Add(mistake.At(path, "schedule"), "schedule %s: expected at most the retention, %s, or each backup is gone before the next is made",
			b.Schedule, kept)
	}
	places := 0
	if b.Directory != nil {
		places++
		b.Directory.validate(list, mistake.At(path, "directory"))
	}
	if b.S3 != nil {
		places++
		b.S3.validate(list, mistake.At(path, "s3"))
	}
	if b.Restic != nil {
		places++
		b.Restic.validate(list, mistake.At(path, "restic"))
	}
	if places != 1 {
		list.Add(path, "expected exactly one of directory, s3 and restic")
	}
}

func (d *Directory) validate(list *mistake.List, path []any) {
	if !filepath.IsAbs(d.Path) {
		list.Add(mistake.At(path, "path"), "path %q: expected an absolute path", d.Path)
	}
	checkPattern(list, mistake.At(path, "pattern"), d.Pattern)
	d.DateFormat.validate(list, mistake.At(path, "date_format"))
	if d.Manifest != "" && (filepath.Base(d.Manifest) != d.Manifest || d.Manifest == "." || d.Manifest == "..") {
		list.Add(mistake.At(path, "manifest"), "manifest %q: expected the name of a file", d.Manifest)
	}
	if d.Manifest != "" && d.DateFormat != "" {
		list.Add(path, "expected either date_format or manifest, not both")
	}
}

func (s *S3) validate(list *mistake.List, path []any) {
	endpoint, err := url.Parse(s.Endpoint)
	if err != nil || !isWebAddress(endpoint) {
		list.Add(mistake.At(path, "endpoint"), "endpoint: expected a URL such as https://s3.eu-central-1.amazonaws.com")
	} else if endpoint.User != nil {
		list.Add(mistake.At(path, "endpoint"), "endpoint: credentials do not belong in it; use access_key_file and secret_key_file")
	}
	if s.Bucket == "" {
		list.Add(path, "bucket is missing")
	}
	checkPattern(list, mistake.At(path, "pattern"), s.Pattern)
	s.DateFormat.validate(list, mistake.At(path, "date_format"))
	if (s.AccessKeyFile == "" && s.AccessKeyEnv == "") != (s.SecretKeyFile == "" && s.SecretKeyEnv == "") {
		list.Add(path, "expected an access key and a secret key, or neither to use the role of the machine")
	}
}

var credentialsInURL = regexp.MustCompile(`://[^/@]*:[^/@]*@`)

func (r *Restic) validate(list *mistake.List, path []any) {
	if (r.Repository == "") == (r.RepositoryFile == "") {
		list.Add(path, "expected exactly one of repository and repository_file")
	}
	if credentialsInURL.MatchString(r.Repository) {
		list.Add(mistake.At(path, "repository"), "repository: credentials do not belong in it; use repository_file")
	}
	if r.PasswordFile == "" {
		list.Add(path, "password_file is missing")
	}
	for i, by := range r.GroupBy {
		checkOneOf(list, mistake.At(path, "group_by", i), "group_by", by, ResticGroups())
	}
	for i, pair := range r.SecretFiles {
		if name, file, _ := strings.Cut(pair, "="); name == "" || file == "" {
			list.Add(mistake.At(path, "secret_files", i), "secret_files: expected NAME=path, the name of a variable and the file with its value")
		}
	}
}

// ResticGroups are what restic's snapshots can be grouped by.
func ResticGroups() []string { return []string{"host", "paths"} }

// checkDepth refuses what elsewhere stands for folders within each other: here it would leave out files.
func checkDepth(list *mistake.List, path []any, what, pattern string) {
	if strings.Contains(pattern, "**") {
		list.Add(path, "%s %q: ** is not supported, since * stands for a part of one name: declare a pattern for each depth", what, pattern)
	}
}

// checkPattern notes a file name pattern that could match nothing because it is malformed.
func checkPattern(list *mistake.List, path []any, pattern string) {
	if _, err := filepath.Match(pattern, ""); err != nil {
		list.Add(path, "pattern %q: %v", pattern, err)
	}
}
