package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

const day = quantity.Duration(24 * time.Hour)

// valid loads the configuration that says everything there is to say.
func valid(t *testing.T) map[string]*assess.Plan {
	t.Helper()
	loaded, err := config.Load("testdata/valid/config.yaml", options(t))
	require.NoError(t, err)
	require.False(t, loaded.Changed())
	plans := make(map[string]*assess.Plan)
	for _, plan := range loaded.Plans {
		plans[plan.System.ID()] = plan
	}
	require.Len(t, plans, len(loaded.Plans))
	return plans
}

func itemOf(t *testing.T, plan *assess.Plan, id string) assess.Item {
	t.Helper()
	i := slices.IndexFunc(plan.Items, func(item assess.Item) bool { return item.Item.ID == id })
	require.GreaterOrEqual(t, i, 0, "no item %s", id)
	return plan.Items[i]
}

// gateOf gives the ids of a gate's items.
func gateOf(t *testing.T, plan *assess.Plan, id string) []string {
	t.Helper()
	i := slices.IndexFunc(plan.Gates, func(gate assess.Gate) bool { return gate.ID == id })
	require.GreaterOrEqual(t, i, 0, "no gate %s", id)
	ids := []string{}
	for _, item := range plan.Gates[i].Items {
		ids = append(ids, plan.Items[item].Item.ID)
	}
	return ids
}

// parametersOf are those of the clauses of an item, by kind.
func parametersOf(item assess.Item) map[string]any {
	parameters := make(map[string]any)
	for bound := range item.Rule.Clause.Bounds() {
		parameters[bound.Name] = bound.Parameters
	}
	return parameters
}

// unsupported are how many items of the production checklist this version does not support.
func unsupported(t *testing.T) (count int) {
	t.Helper()
	var production checklist.Checklist
	require.NoError(t, yaml.Load(checklist.Production(), &production))
	for entry := range production.Items() {
		if !entry.Item.IsSupported() {
			count++
		}
	}
	return count
}

func TestSystemsOfAllFilesArePlanned(t *testing.T) {
	plans := valid(t)
	require.Len(t, plans, 3)
	for name, items := range map[string]int{"shop/production": 216, "blog/production": 216, "shop/staging": 220} {
		require.Len(t, plans[name].Unsupported, unsupported(t), name)
		require.Len(t, plans[name].Items, items-unsupported(t), name)
	}
	require.Equal(t, "The shop", plans["shop/production"].System.Description)
}

func TestASystemTunesItsItems(t *testing.T) {
	plan := valid(t)["shop/production"]

	item := itemOf(t, plan, "tls.renewal")
	require.Equal(t, checklist.Warning, item.Severity)
	require.True(t, item.Page)
	require.Equal(t, "web-team", item.Owner)
	require.Equal(t, "https://wiki.example.com/tls", item.Runbook)
	require.Equal(t, map[string]any{"certificate_renewal": &renewal{WarnBefore: 30 * day, FailBefore: 7 * day}}, parametersOf(item),
		"what the system leaves out stays as the checklist has it")

	item = itemOf(t, plan, "server.disk")
	require.Equal(t, checklist.Critical, item.Severity)
	require.Equal(t, "shop-team", item.Owner, "the system's owner has what nobody else has")
	require.Equal(t, "https://github.com/readiness-exporter/readiness-exporter/blob/main/docs/reference/checks.md#disk_space",
		item.Runbook, "the reference of the kind stands in for a runbook")
	require.Equal(t, map[string]any{"disk_space": &space{
		MinimumSize: 100e9, MinimumFreeRatio: 0.15, MinimumInodesFreeRatio: 0.15, Purposes: []string{"root"},
	}}, parametersOf(item))

	item = itemOf(t, plan, "post-launch.celebrate")
	require.Contains(t, item.Runbook, "#attestation")
	require.Equal(t, map[string]any{"attestation": &signature{MaximumAge: 7 * day}}, parametersOf(item),
		"the parameters of an item that is only signed are those of the signature")

	item = itemOf(t, plan, "secrets.rotation")
	require.Equal(t, check.AllOfClauses, item.Rule.Clause.Operator)
	tuned := parametersOf(item)
	require.Contains(t, tuned, "document", "clauses lie in each other")
	delete(tuned, "document")
	require.Equal(t, map[string]any{
		"secret_rotation": &map[string]any{"maximum_age": "90d"}, "attestation": &signature{MaximumAge: 30 * day},
	}, tuned, "parameters are those of the first clause that is no attestation, clauses those of the others")

	at := slices.IndexFunc(plan.Unsupported, func(item assess.Item) bool { return item.Item.ID == "dashboards.grafana" })
	require.GreaterOrEqual(t, at, 0)
	require.Equal(t, "There is no Grafana.", plan.Unsupported[at].Rule.NotApplicable)
	require.Equal(t, check.Clause{}, plan.Unsupported[at].Rule.Clause)
}

func TestASystemIsJudgedAsTheChecklistSaysWhereItSaysNothing(t *testing.T) {
	item := itemOf(t, valid(t)["blog/production"], "tls.renewal")
	require.Equal(t, checklist.Critical, item.Severity)
	require.False(t, item.Page)
	require.True(t, itemOf(t, valid(t)["blog/production"], "backup.frequency").Page)
	require.Equal(t, "blog-team", item.Owner)
	require.Equal(t, map[string]any{"certificate_renewal": &renewal{WarnBefore: 21 * day, FailBefore: 7 * day}}, parametersOf(item))
}

func TestWhatIsNotSupportedIsLeftOutWhileAnotherClauseRemains(t *testing.T) {
	item := itemOf(t, valid(t)["blog/production"], "data-protection.at-rest")
	require.Equal(t, check.FirstOfClauses, item.Rule.Clause.Operator)
	require.Len(t, item.Rule.Clause.Clauses, 1)
	require.Equal(t, map[string]any{"attestation": &signature{MaximumAge: 365 * day}}, parametersOf(item))
}

func TestAChecklistExtendsAnother(t *testing.T) {
	plan := valid(t)["shop/staging"]
	require.Equal(t, "shop", plan.Checklist.Name)

	item := itemOf(t, plan, "tls.renewal")
	require.Equal(t, "Certificates of the shop renew themselves", item.Item.Text)
	require.Equal(t, "SSL/TLS", item.Section.Title, "a section keeps the title that it has")
	require.Equal(t, "checklist-team", item.Owner)
	require.Equal(t, "https://wiki.example.com/shop", item.Runbook)
	require.Equal(t, map[string]any{"certificate_renewal": &renewal{WarnBefore: 30 * day, FailBefore: 3 * day}}, parametersOf(item),
		"the kind's defaults, then the checklist's parameters, then the system's")

	item = itemOf(t, plan, "tls.mail")
	require.Equal(t, check.FirstOfClauses, item.Rule.Clause.Operator)
	require.Equal(t, map[string]any{
		"certificate_renewal": &renewal{WarnBefore: 14 * day, FailBefore: 3 * day}, "attestation": &signature{MaximumAge: 90 * day},
	}, parametersOf(item), "parameters may be shared by an alias")

	require.Equal(t, "own", plan.Categories[len(plan.Categories)-1].ID)
	require.Equal(t, []string{"legal.imprint"}, gateOf(t, plan, "legal"))
	require.Contains(t, gateOf(t, plan, "production"), "tls.mail")
}

func TestWhatIsNewerThanThePinnedVersionCountsNowhere(t *testing.T) {
	plan := valid(t)["shop/staging"]
	newer := itemOf(t, plan, "tls.new")
	require.True(t, newer.Newer)
	require.False(t, newer.Weighs())
	require.False(t, itemOf(t, plan, "tls.mail").Newer)
	require.NotContains(t, gateOf(t, plan, "production"), "tls.new", "though it is critical")
	require.Contains(t, gateOf(t, plan, "production"), "tls.mail")
	for entry := range plan.Checklist.Items() {
		if entry.Item.ID == "tls.new" {
			return
		}
	}
	t.Error("it is shown")
}

func TestACompositeIsJudgedAfterItsMembers(t *testing.T) {
	item := itemOf(t, valid(t)["shop/staging"], "tls.all")
	require.Equal(t, []string{"tls.renewal", "tls.mail"}, item.After)
	require.True(t, item.Composite())
}

func TestGatesFollowTheSeverityThatASystemSets(t *testing.T) {
	plans := valid(t)
	require.Contains(t, gateOf(t, plans["blog/production"], "production"), "tls.renewal")
	require.NotContains(t, gateOf(t, plans["shop/production"], "production"), "tls.renewal")
	require.Contains(t, gateOf(t, plans["shop/production"], "pre-deployment"), "tls.renewal")
	require.NotContains(t, gateOf(t, plans["shop/production"], "pre-deployment"), "server.os")
}

func TestObjectivesAreAboutCriticalItems(t *testing.T) {
	plans := valid(t)
	require.Empty(t, plans["blog/production"].Objectives)
	plan := plans["shop/production"]
	got := make(map[string]float64)
	for _, objective := range plan.Objectives {
		got[objective.Name] = objective.Ratio
		require.NotEmpty(t, objective.Items)
		for _, i := range objective.Items {
			item := plan.Items[i]
			if objective.Name == "cost-management" {
				require.Equal(t, checklist.Info, item.Severity, "where a category has no critical item, all of it counts")
			} else {
				require.Equal(t, checklist.Critical, item.Severity)
			}
			require.Contains(t, []string{"readiness", item.Category.ID}, objective.Name)
		}
	}
	require.Equal(t, map[string]float64{"readiness": 0.95, "security": 0.99, "cost-management": 0.5}, got)
	require.Len(t, plan.Objectives[0].Items, len(gateOf(t, plan, "production")), "the gate production is about the same items")
}

func TestASystemSaysWhenCollectorsRun(t *testing.T) {
	plans := valid(t)
	require.Equal(t, map[string]system.Collection{
		"certificate": {Schedule: "@every 10m", Timeout: quantity.Duration(5 * time.Second)},
		"host":        {Schedule: "CRON_TZ=Europe/Berlin 0 4 * * *"},
	}, plans["shop/production"].System.Collectors)
	require.Equal(t, map[string]system.Collection{
		"certificate": {Schedule: "@every 10m", Timeout: quantity.Duration(20 * time.Second)},
		"host":        {Schedule: "CRON_TZ=Europe/Berlin 0 4 * * *"},
	}, plans["blog/production"].System.Collectors)
}

func TestSystemsCanBeDescribedWithoutAFile(t *testing.T) {
	loaded, err := config.For([]*system.System{{Name: "here", Environment: "default"}}, options(t))
	require.NoError(t, err)
	require.Len(t, loaded.Plans, 1)
	require.Len(t, loaded.Plans[0].Items, 216-unsupported(t))
	require.False(t, loaded.Changed())

	_, err = config.For([]*system.System{{Name: "this host", Environment: "default"}}, options(t))
	require.EqualError(t, err, `built-in configuration: name "this host": `+
		"expected letters, digits, '.', '_' and '-', with a letter or digit at both ends")
}

func TestAFileThatCannotBeReadIsAMistake(t *testing.T) {
	t.Chdir(t.TempDir())
	loaded, err := config.Load("config.yaml", options(t))
	require.EqualError(t, err, "config.yaml: read configuration: no such file or directory")
	require.False(t, loaded.Changed())

	require.NoError(t, os.WriteFile("config.yaml", []byte("systems: []\n"), 0o600))
	require.True(t, loaded.Changed(), "the file that was missing is there")

	require.NoError(t, os.Remove("config.yaml"))
	require.NoError(t, os.Mkdir("config.yaml", 0o700))
	_, err = config.Load("config.yaml", options(t))
	require.EqualError(t, err, "config.yaml: read configuration: not a regular file: it is a folder")
}

func TestAConfigurationChanges(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func() error
		want   bool
	}{
		{"not by itself", func() error { return nil }, false},
		{"not by being touched", func() error { return os.Chtimes("config.yaml", time.Time{}, time.Unix(1, 0)) }, false},
		{"when the file changes", func() error { return write("config.yaml", "collectors: {}\nsystem_files: [systems/*.yaml]\n") }, true},
		{"when the file goes", func() error { return os.Remove("config.yaml") }, true},
		{"when a file that it names changes", func() error { return write("systems/a.yaml", describe("b")) }, true},
		{"when a file that it names goes", func() error { return os.Remove("systems/a.yaml") }, true},
		{"when a pattern matches one more", func() error { return write("systems/b.yaml", describe("b")) }, true},
		{"when a pattern matches one more that cannot be read", func() error { return os.Mkdir("systems/b.yaml", 0o700) }, true},
		{"not when no pattern matches what is new", func() error { return write("systems/b.yml", describe("b")) }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			require.NoError(t, os.Mkdir("systems", 0o700))
			require.NoError(t, write("config.yaml", "system_files: [systems/*.yaml]\n"))
			require.NoError(t, write("systems/a.yaml", describe("a")))
			loaded, err := config.Load("./config.yaml", options(t))
			require.NoError(t, err)
			require.NoError(t, test.change())
			require.Equal(t, test.want, loaded.Changed())
		})
	}
}

func describe(name string) string {
	return "systems: [{name: " + name + ", environment: production}]\n"
}

func write(file, content string) error { return os.WriteFile(file, []byte(content), 0o600) }

func TestAFileThatTwoPatternsMatchIsReadOnce(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, write("config.yaml", "system_files: [a.yaml, '*.yaml']\n"))
	require.NoError(t, write("a.yaml", describe("a")))
	loaded, err := config.Load("config.yaml", options(t))
	require.NoError(t, err)
	require.Len(t, loaded.Plans, 1)
	require.False(t, loaded.Changed())
}

func TestAChecklistThatCannotBeReadIsNotReportedAsUnknownToo(t *testing.T) {
	for name, content := range map[string]string{
		"own.yaml:2:1: invalid YAML: did not find expected node content, while parsing a flow node that begins at line 2": "name: [\n",
		`own.yaml:3:10: unknown checklist "prodction": expected one of own, production`: "name: own\ntitle: Own\nextends: prodction\n" +
			"categories: [{id: tls, title: TLS, sections: []}]\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			require.NoError(t, write("own.yaml", content))
			require.NoError(t, write("config.yaml", `
checklist_files: [own.yaml]
systems:
  - name: a
    environment: production
    checklist: own
    checks: {tls.renewal: {severity: info}}
`))
			_, err := config.Load("config.yaml", options(t))
			require.EqualError(t, err, name)
		})
	}
}

// FuzzLoad wants of whatever is in a file that it is taken, or that each mistake has a place and is worded for people.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/invalid/*.yaml", "testdata/valid/*.yaml", "testdata/invalid/checklists/*.yaml"} {
		files, err := filepath.Glob(pattern)
		require.NoError(f, err)
		for _, file := range files {
			content, err := os.ReadFile(file)
			require.NoError(f, err)
			f.Add(content)
		}
	}
	all := options(f)
	f.Fuzz(func(t *testing.T, content []byte) {
		folder := t.TempDir()
		file := filepath.Join(folder, "config.yaml")
		require.NoError(t, os.WriteFile(file, content, 0o600))
		require.NoError(t, write(filepath.Join(folder, "main.yaml"),
			"checklist_files: [config.yaml]\nsystems: [{name: a, environment: b}]\n"))
		for _, main := range []string{file, filepath.Join(folder, "main.yaml")} {
			loaded, err := config.Load(main, all)
			require.NotNil(t, loaded)
			if err == nil {
				continue
			}
			require.Empty(t, loaded.Plans)
			var mistakes config.Errors
			require.ErrorAs(t, err, &mistakes)
			for i, each := range mistakes {
				require.True(t, strings.HasPrefix(each.File, folder), each.Error())
				require.NotEmpty(t, each.Message)
				require.NotContains(t, each.Message, " into ", "no word of the library on Go types")
				if each.Message != "the file is empty" {
					require.Positive(t, each.Line, each.Error())
					require.Positive(t, each.Column, each.Error())
				}
				require.False(t, i > 0 && each == mistakes[i-1], "reported twice: %s", each.Error())
			}
		}
	})
}

// TestAHostWithoutANameIsTheMachine and TestAQuotedDateIsADate hold what the Helm chart needs: one file for the exporters of all
// nodes, and dates that went through a program that quotes them.
func TestAHostWithoutANameIsTheMachine(t *testing.T) {
	load := func(name string) (*config.Config, error) {
		path := filepath.Join(t.TempDir(), "config.yaml")
		require.NoError(t, write(path, "systems: [{name: nodes, environment: production, hosts: [{}]}]"))
		options := options(t)
		options.HostName = name
		return config.Load(path, options)
	}
	loaded, err := load("node-7")
	require.NoError(t, err)
	require.Equal(t, "node-7", loaded.Plans[0].System.Hosts[0].Name)
	_, err = load("")
	require.ErrorContains(t, err, "name is missing")
}

// reached are parameters that say which ports strangers may reach.
type reached struct {
	Open []int `yaml:"open"`
}

func (r reached) AllowedPorts() []int { return r.Open }

func TestPortsThatItemsAllowAreKnownOfHosts(t *testing.T) {
	options := options(t)
	for i, kind := range options.Kinds {
		if name := kind.Describe().Name; name == "reachable_ports" || name == "listening_ports" {
			options.Kinds[i] = kindOf(name, reached{Open: []int{443, 22}})
		}
	}
	path := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, write(path, `systems:
  - name: shop
    environment: production
    hosts: [{name: web, addresses: [203.0.113.7], ports: {}}, {name: db, addresses: [203.0.113.8], ports: {}}, {name: other}]
    checks: {ports.reached: {parameters: {open: [22, 5432]}}}
    vantage_points: [{name: frankfurt, url: "https://frankfurt.example.com", bearer_token_file: /etc/token}]
    checklist: ports
`+"checklist_files: [ports.yaml]\n"))
	require.NoError(t, write(filepath.Join(filepath.Dir(path), "ports.yaml"), `name: ports
title: Ports
categories:
  - id: server
    title: Server
    sections:
      - id: ports
        title: Ports
        items:
          - {id: ports.reached, text: reached, severity: critical, mode: auto, kind: reachable_ports}
          - {id: ports.listening, text: listens, severity: critical, mode: auto, kind: listening_ports}
`))
	loaded, err := config.Load(path, options)
	require.NoError(t, err)
	for _, host := range loaded.Plans[0].System.Hosts[:2] {
		require.Equal(t, []int{22, 443, 5432}, host.Ports.Allowed)
	}
	require.Equal(t, []int{22, 443, 5432}, loaded.Plans[0].System.From("frankfurt").Hosts[1].Ports.Allowed)
}

func TestAQuotedDateIsADate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, write(path, `systems: [{name: shop, environment: production, backups: [
  {name: a, schedule: 1d, since: "2020-01-31", directory: {path: /a}}, {name: b, schedule: 1d, since: '2020-01-31T12:00:00Z', directory: {path: /b}}]}]`))
	loaded, err := config.Load(path, options(t))
	require.NoError(t, err)
	require.Equal(t, time.Date(2020, 1, 31, 0, 0, 0, 0, time.UTC), loaded.Plans[0].System.Backups[0].Since)
	require.Equal(t, time.Date(2020, 1, 31, 12, 0, 0, 0, time.UTC), loaded.Plans[0].System.Backups[1].Since)
}
