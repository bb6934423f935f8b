// Package system is the description of a production system: the only source of targets. It is declared in
// YAML, and read by the config package.
package system

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// DefaultChecklist is the name of the checklist that judges a system that names none.
const DefaultChecklist = "production"

// A System describes one production system in one environment.
type System struct {
	Name        string `yaml:"name"`                  // the value of the label system
	Environment string `yaml:"environment"`           // the value of the label environment: production, staging, …
	Description string `yaml:"description,omitempty"` // what it is, for pages and reports
	Owner       string `yaml:"owner,omitempty"`       // the team whose it is; items may name another
	// Launched is since when it is live: 2026-05-01.
	Launched time.Time `yaml:"launched,omitempty"`
	// Checklist is the one that judges it; default: production. With a version, production@1, items that are newer are
	// judged and shown, and count in no gate, score, objective or regression.
	Checklist string `yaml:"checklist,omitempty"`
	// Origin is where the description comes from.
	Origin Origin `yaml:"-"`

	Contacts     Contacts         `yaml:"contacts,omitempty"`
	OnCall       []OnCallSchedule `yaml:"on_call,omitempty"`
	Hosts        []Host           `yaml:"hosts,omitempty"`
	Kubernetes   []Cluster        `yaml:"kubernetes,omitempty"`
	Domains      []Domain         `yaml:"domains,omitempty"`
	Endpoints    []Endpoint       `yaml:"endpoints,omitempty"`
	Certificates []Certificate    `yaml:"certificates,omitempty"`
	Databases    []Database       `yaml:"databases,omitempty"`
	Logins       []DefaultLogin   `yaml:"logins,omitempty"` // that must be refused
	Backups      []Backup         `yaml:"backups,omitempty"`
	Images       []Image          `yaml:"images,omitempty"`
	Registries   []Registry       `yaml:"registries,omitempty"`
	Repositories []Repository     `yaml:"repositories,omitempty"`
	Reviews      []Review         `yaml:"reviews,omitempty"`
	Documents    []Document       `yaml:"documents,omitempty"`
	APIDocuments []APIDocument    `yaml:"api_documents,omitempty"`
	Prometheus   []Prometheus     `yaml:"prometheus,omitempty"`
	Evidence     Evidence         `yaml:"evidence,omitempty"`
	Discovery    Discovery        `yaml:"discovery,omitempty"`
	// VantagePoints are other hosts from which the same is collected, as far as it is reached over the network.
	VantagePoints []VantagePoint `yaml:"vantage_points,omitempty"`
	// Vantage is the vantage point from which this is collected; empty: that of the exporter that judges all.
	Vantage string `yaml:"-"`
	// PrivateMetrics are the addresses that are to show metrics to nobody at the vantage point; without one: none.
	PrivateMetrics []Endpoint `yaml:"-"`
	// DiscoveredNames are the host names that were discovered, whatever is made of them.
	DiscoveredNames []DiscoveredName `yaml:"-"`

	Objectives Objectives `yaml:"objectives,omitempty"`

	// Checks tunes items of the checklist for this system, by their ids.
	Checks        map[string]Override   `yaml:"checks,omitempty"`
	NotApplicable []Exclusion           `yaml:"not_applicable,omitempty"`
	Attestations  []Attestation         `yaml:"attestations,omitempty"`
	Waivers       []Waiver              `yaml:"waivers,omitempty"`
	Collectors    map[string]Collection `yaml:"collectors,omitempty"`
}

// An Origin says where a description stands or, where nobody wrote it, how it was found.
type Origin struct {
	File  string
	Line  int
	Found string // in words; empty where there is a file
}

func (o Origin) String() string {
	if o.Found != "" {
		return "found: " + o.Found
	}
	return fmt.Sprintf("declared in %s:%d", o.File, o.Line)
}

// An Override tunes one item of the checklist.
type Override struct {
	Severity   string    `yaml:"severity,omitempty"`   // how much it matters here
	Page       *bool     `yaml:"page,omitempty"`       // whether its loss calls somebody
	Owner      string    `yaml:"owner,omitempty"`      // the team whose item it is
	Runbook    string    `yaml:"runbook,omitempty"`    // the address of what to read when it is not ready
	Parameters yaml.Node `yaml:"parameters,omitempty"` // of its first clause that is no attestation; what is left out stays
	// Clauses are the parameters of its clauses, by their kinds, such as attestation.
	Clauses map[string]yaml.Node `yaml:"clauses,omitempty"`
}

// An Exclusion says that an item does not apply to the system, and why.
type Exclusion struct {
	Check  string `yaml:"check"`  // the item's id
	Reason string `yaml:"reason"` // why it does not apply
}

// An Attestation is a person's signature that an item holds.
type Attestation struct {
	Check   string    `yaml:"check"`             // the item's id
	By      string    `yaml:"by"`                // who attests it
	At      time.Time `yaml:"at"`                // when it was attested
	Until   time.Time `yaml:"until,omitempty"`   // when it expires; default, and at most: as long as the item allows
	Link    string    `yaml:"link,omitempty"`    // the proof
	Comment string    `yaml:"comment,omitempty"` // for pages and reports
}

// A Waiver excuses a failing item until a date.
type Waiver struct {
	Check  string    `yaml:"check"`          // the item's id
	By     string    `yaml:"by"`             // who excuses it
	Reason string    `yaml:"reason"`         // why it is excused
	Until  time.Time `yaml:"until"`          // when it expires; what fails fails again then
	Link   string    `yaml:"link,omitempty"` // to what is done about it, such as an issue
}

// A Collection says when a collector runs, in place of its own defaults.
type Collection struct {
	Schedule string            `yaml:"schedule,omitempty"` // cron expression, or @every 1m; in UTC unless it begins with CRON_TZ=Zone
	Timeout  quantity.Duration `yaml:"timeout,omitempty"`  // how long one run at one target may take
}

// ID names the system in paths and pages: name and environment together are unique.
func (s *System) ID() string { return s.Name + "/" + s.Environment }

// Machines are the hosts that are the machine that the exporter runs on.
func (s *System) Machines() []Host {
	return slices.DeleteFunc(slices.Clone(s.Hosts), func(h Host) bool { return h.Remote })
}

// ChecklistName is the checklist that judges the system, without the version that is pinned.
func (s *System) ChecklistName() string {
	name, _, _ := strings.Cut(s.Checklist, "@")
	return cmp.Or(name, DefaultChecklist)
}

var validName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$`)

// longestName fits a label, and with others a file name.
const longestName = 100

// checkName notes a name that is missing or would not do in a label, a path and a file name.
func checkName(list *mistake.List, path []any, what, name string) {
	switch {
	case name == "":
		list.Add(path, "%s is missing", what)
	case len(name) > longestName:
		list.Add(path, "%s %q: expected %d characters at most", what, name, longestName)
	case !validName.MatchString(name):
		list.Add(path, "%s %q: expected letters, digits, '.', '_' and '-', with a letter or digit at both ends", what, name)
	}
}

// Validate gives every mistake that the description itself shows at a time; a description without any has none later on
// either. Names of checks and collectors, which it cannot know,
// are the config package's to check.
func (s *System) Validate(path []any, now time.Time) mistake.List {
	var list mistake.List
	checkName(&list, mistake.At(path, "name"), "name", s.Name)
	checkName(&list, mistake.At(path, "environment"), "environment", s.Environment)
	CheckText(&list, mistake.At(path, "owner"), "owner", s.Owner)
	CheckText(&list, mistake.At(path, "description"), "description", s.Description)
	for _, id := range slices.Sorted(maps.Keys(s.Checks)) {
		at := mistake.At(path, "checks", id)
		CheckText(&list, mistake.At(at, "owner"), "owner", s.Checks[id].Owner)
		CheckLink(&list, mistake.At(at, "runbook"), "runbook", s.Checks[id].Runbook)
	}
	s.Contacts.validate(&list, mistake.At(path, "contacts"))
	validateEach(&list, mistake.At(path, "on_call"), s.OnCall)
	validateEach(&list, mistake.At(path, "hosts"), s.Hosts)
	validateEach(&list, mistake.At(path, "kubernetes"), s.Kubernetes)
	validateEach(&list, mistake.At(path, "domains"), s.Domains)
	validateEach(&list, mistake.At(path, "endpoints"), s.Endpoints)
	validateEach(&list, mistake.At(path, "certificates"), s.Certificates)
	validateEach(&list, mistake.At(path, "databases"), s.Databases)
	validateEach(&list, mistake.At(path, "logins"), s.Logins)
	validateEach(&list, mistake.At(path, "backups"), s.Backups)
	validateEach(&list, mistake.At(path, "images"), s.Images)
	validateEach(&list, mistake.At(path, "registries"), s.Registries)
	validateEach(&list, mistake.At(path, "repositories"), s.Repositories)
	validateEach(&list, mistake.At(path, "reviews"), s.Reviews)
	s.validateReviews(&list, mistake.At(path, "reviews"))
	validateEach(&list, mistake.At(path, "documents"), s.Documents)
	s.validateDocuments(&list, mistake.At(path, "documents"))
	validateEach(&list, mistake.At(path, "api_documents"), s.APIDocuments)
	s.validateAPIDocuments(&list, mistake.At(path, "api_documents"))
	validateEach(&list, mistake.At(path, "prometheus"), s.Prometheus)
	s.validatePrometheus(&list, mistake.At(path, "prometheus"))
	s.Evidence.validate(&list, mistake.At(path, "evidence"))
	s.validateClusterEvidence(&list, mistake.At(path, "evidence", "cluster"))
	s.validateVantagePoints(&list, mistake.At(path, "vantage_points"))
	s.Objectives.validate(&list, mistake.At(path, "objectives"))
	validateEach(&list, mistake.At(path, "not_applicable"), s.NotApplicable)
	validateEach(&list, mistake.At(path, "attestations"), s.Attestations)
	validateEach(&list, mistake.At(path, "waivers"), s.Waivers)
	s.validateDates(&list, path, now)
	return list
}

// identified is a part of a description that knows its mistakes and what tells it from its neighbours.
type identified interface {
	// identity is unique among the parts of one list; what names it in messages.
	identity() (what, value string)
	validate(list *mistake.List, path []any)
}

func validateEach[T identified](list *mistake.List, path []any, parts []T) {
	first := make(map[string]int)
	for i, part := range parts {
		part.validate(list, mistake.At(path, i))
		what, value := part.identity()
		if value == "" {
			continue
		}
		if earlier, taken := first[value]; taken {
			list.Add(mistake.At(path, i), "%s %q stands twice: entry %d has it already", what, value, earlier+1)
			continue
		}
		first[value] = i
	}
}

func (e Exclusion) identity() (string, string) { return "check", e.Check }

func (e Exclusion) validate(list *mistake.List, path []any) {
	requireText(list, mistake.At(path, "reason"), "reason", e.Reason, "why the item does not apply")
}

func (a Attestation) identity() (string, string) {
	return "attestation", a.Check + " by " + a.By + " at " + a.At.Format(time.DateOnly)
}

func (a Attestation) validate(list *mistake.List, path []any) {
	requireText(list, mistake.At(path, "by"), "by", a.By, "who attests it")
	CheckLink(list, mistake.At(path, "link"), "link", a.Link)
	CheckText(list, mistake.At(path, "comment"), "comment", a.Comment)
	switch {
	case a.At.IsZero():
		list.Add(mistake.At(path, "at"), "at is missing: say when it was attested, as 2006-01-02")
	case !a.Until.IsZero() && !a.Until.After(a.At):
		list.Add(mistake.At(path, "until"), "until is not after at: it would never count")
	}
}

func (w Waiver) identity() (string, string) { return "check", w.Check }

func (w Waiver) validate(list *mistake.List, path []any) {
	requireText(list, mistake.At(path, "by"), "by", w.By, "who excuses it")
	requireText(list, mistake.At(path, "reason"), "reason", w.Reason, "why it is excused")
	CheckLink(list, mistake.At(path, "link"), "link", w.Link)
	if w.Until.IsZero() {
		list.Add(mistake.At(path, "until"), "until is missing: a waiver expires, say when, as 2006-01-02")
	}
}
