package docgen_test

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/checks"
	"github.com/readiness-exporter/readiness-exporter/collectors"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/docgen"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/metrics"
	"github.com/readiness-exporter/readiness-exporter/internal/schedule"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

var snakeCase = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// isSentence wants a text that people read to begin as one and to end with a period.
func isSentence(t *testing.T, text string) {
	t.Helper()
	require.Regexp(t, `^[A-Z0-9].*\.$`, text)
	require.NotContains(t, text, "\n")
}

func TestEveryKindOfCheckIsWhole(t *testing.T) {
	names := make(map[string]bool)
	for _, kind := range checks.All() {
		about := kind.Describe()
		t.Run(about.Name, func(t *testing.T) {
			require.Regexp(t, snakeCase, about.Name)
			require.False(t, names[about.Name], "the name is taken")
			names[about.Name] = true
			isSentence(t, about.Summary)
			require.Regexp(t, `[^ ]\.$`, about.Remedy) // it may begin with a command
			if about.WhenEmpty.Name != "" {
				require.Contains(t, []check.Status{check.Undeclared, check.Fail}, about.WhenEmpty.Level)
			}
			require.NotEmpty(t, about.Reasons)
			reasons := make(map[string]bool)
			for _, reason := range about.AllReasons() {
				require.Regexp(t, snakeCase, reason.Name)
				require.False(t, reasons[reason.Name], "reason %s is there twice", reason.Name)
				reasons[reason.Name] = true
				isSentence(t, reason.Sentence)
				if reason.Remedy != "" {
					require.Regexp(t, `[^ ]\.$`, reason.Remedy)
				}
			}
			for _, reason := range about.Reasons {
				require.Contains(t, []check.Status{check.Warn, check.Fail, check.Unknown, check.Undeclared}, reason.Level)
			}
		})
	}
}

func TestEveryParameterIsDocumentedAndItsDefaultGood(t *testing.T) {
	for _, kind := range checks.All() {
		t.Run(kind.Describe().Name, func(t *testing.T) {
			parameters := kind.Parameters()
			if validated, can := parameters.(interface{ Validate() error }); can {
				// What these ask only their user knows.
				mustBeGiven := slices.Contains([]string{"cel", "database_schema_document", "document", "document_folder", "environment_document", "items", "promql"}, kind.Describe().Name)
				require.Equal(t, mustBeGiven, validated.Validate() != nil)
			}
			kind.Bind(parameters)
			documented, err := docgen.Comments(root, reflect.TypeOf(parameters).Elem())
			require.NoError(t, err)
			structure := reflect.TypeOf(parameters).Elem()
			for i := range structure.NumField() {
				if !structure.Field(i).IsExported() {
					continue
				}
				field := structure.Field(i)
				require.Regexp(t, snakeCase, field.Tag.Get("yaml"), field.Name)
				require.NotEmpty(t, documented[field.Name], "%s has no comment", field.Name)
				// Each item gets a copy of the defaults, and must not share them with another.
				if kind := field.Type.Kind(); kind == reflect.Map {
					require.True(t, reflect.ValueOf(parameters).Elem().Field(i).IsNil(), field.Name)
				} else {
					require.NotContains(t, []reflect.Kind{reflect.Pointer, reflect.Interface}, kind, field.Name)
				}
			}
		})
	}
}

func TestTheProductionChecklistNamesTheKindsThatThereAre(t *testing.T) {
	var production checklist.Checklist
	require.NoError(t, yaml.Load(checklist.Production(), &production))
	kinds := make(map[string]check.Any)
	for _, kind := range checks.All() {
		kinds[kind.Describe().Name] = kind
	}
	for entry := range production.Items() {
		item := entry.Item
		unknown := false
		for leaf := range item.Leaves() {
			kind, known := kinds[leaf.Kind]
			unknown = unknown || !known
			require.Equal(t, known, leaf.Supported == nil || *leaf.Supported, "item %s and kind %s", item.ID, leaf.Kind)
			if !known || leaf.Parameters.IsZero() {
				continue
			}
			parameters := kind.Parameters()
			require.NoError(t, leaf.Parameters.Load(parameters, yaml.WithV4Defaults(), yaml.WithKnownFields()), item.ID)
			if validated, can := parameters.(interface{ Validate() error }); can {
				require.NoError(t, validated.Validate(), item.ID)
			}
		}
		require.True(t, unknown || item.IsSupported(), "item %s has kinds that are all there, and is not supported", item.ID)
	}
}

func TestEveryCollectorIsWhole(t *testing.T) {
	all, closeAll := collectors.All(collectors.Options{RootFS: "/"})
	defer closeAll()
	names := make(map[string]bool)
	for _, each := range all {
		about := each.Describe()
		t.Run(about.Name, func(t *testing.T) {
			require.Regexp(t, snakeCase, about.Name)
			require.False(t, names[about.Name], "the name is taken")
			names[about.Name] = true
			isSentence(t, about.Summary)
			require.Positive(t, about.Timeout)
			require.NoError(t, schedule.Check(about.Schedule))
			require.NotEmpty(t, about.Yields)
			for _, kind := range about.Yields {
				require.Regexp(t, snakeCase, kind.KindName())
				isSentence(t, kind.KindHelp())
			}
		})
	}
	yielded := make(map[string]bool)
	for _, each := range all {
		for _, kind := range each.Describe().Yields {
			yielded[kind.KindName()] = true
		}
	}
	for _, kind := range checks.All() {
		about := kind.Describe()
		for _, name := range append(about.FactKinds, about.Inputs...) {
			require.True(t, yielded[name] || name == check.Results().Name, "no collector yields what %s judges, %s", about.Name, name)
		}
	}
	known := make(map[string]bool)
	for _, kind := range fact.Kinds() {
		known[kind.KindName()] = true
	}
	require.Equal(t, yielded, known, "fact.Kinds lists what collectors yield")
}

// units are what the name of a metric with a unit ends in.
var units = []string{"seconds", "bytes", "ratio"}

func TestEveryMetricIsNamedAsPrometheusWantsIt(t *testing.T) {
	all, closeAll := collectors.All(collectors.Options{RootFS: "/"})
	defer closeAll()
	families, err := metrics.Families(all)
	require.NoError(t, err)
	names := make(map[string]bool)
	var exposition strings.Builder
	for _, family := range families {
		require.False(t, names[family.Name], "%s is there twice", family.Name)
		names[family.Name] = true
		if family.Name != "readiness_build_info" { // its words are of the common library
			isSentence(t, family.Help)
		}
		require.True(t, strings.HasPrefix(family.Name, "readiness_"), family.Name)
		distinct := slices.Compact(slices.Sorted(slices.Values(family.Labels)))
		require.Len(t, distinct, len(family.Labels), "%s has a label twice: %v", family.Name, family.Labels)
		for _, label := range family.Labels {
			require.Regexp(t, snakeCase, label)
			require.NotContains(t, []string{"job", "instance", "le", "quantile"}, label, family.Name)
		}
		if family.Type == "histogram" {
			continue
		}
		words := strings.Split(strings.TrimSuffix(family.Name, "_total"), "_")
		for _, unit := range units {
			require.NotContains(t, words[:len(words)-1], unit, "%s: a unit comes last", family.Name)
		}
		if family.Source != metrics.SourceSelf {
			require.NotContains(t, words, "age", "%s: export the time instead", family.Name)
		}
		fmt.Fprintf(&exposition, "# HELP %s %s\n# TYPE %s %s\n%s 1\n", family.Name, family.Help, family.Name, family.Type, family.Name)
	}
	problems, err := promlint.New(strings.NewReader(exposition.String())).Lint()
	require.NoError(t, err)
	require.Empty(t, problems)
}

func TestEveryRunbookOfAKindIsAHeading(t *testing.T) {
	page, err := os.ReadFile(reference + "/checks.md")
	require.NoError(t, err)
	var production checklist.Checklist
	require.NoError(t, yaml.Load(checklist.Production(), &production))
	for entry := range production.Items() {
		for leaf := range entry.Item.Leaves() {
			if leaf.IsSupported() {
				require.Contains(t, string(page), "\n## "+leaf.Kind+"\n")
			} else {
				require.Contains(t, string(page), fmt.Sprintf("<a id=%q></a>", leaf.Kind))
			}
		}
	}
}

// TestEveryPermissionIsSaidToBuySomething holds the page of permissions against what collectors take of a cluster with every
// option, which is what the rbac command prints.
func TestEveryPermissionIsSaidToBuySomething(t *testing.T) {
	files, err := docgen.Files(root, "")
	require.NoError(t, err)
	all, closeAll := collectors.All(collectors.Options{RootFS: "/"})
	defer closeAll()
	loaded, err := config.For([]*system.System{{
		Name: "shop", Environment: "production", Kubernetes: []system.Cluster{{Name: "main", TLSSecrets: true, SecretValues: true}},
	}}, config.Options{Kinds: checks.All(), Collectors: all})
	require.NoError(t, err)
	rows := 0
	for _, each := range all {
		for _, job := range each.Jobs(loaded.Plans[0].System, loaded.Plans[0].Needs()) {
			for _, permission := range job.Permissions(job.Asked) {
				name := strings.TrimSuffix(permission.Resource+"."+permission.Group, ".")
				require.Regexp(t, "(?m)^\\| `"+regexp.QuoteMeta(name)+"` \\| "+strings.Join(permission.Verbs, ", ")+" .*\\| `[a-z-]+\\.[a-z-]+`",
					string(files["permissions.md"]))
				rows++
			}
		}
	}
	require.Greater(t, rows, 50)
}
