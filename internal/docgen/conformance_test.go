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
	"github.com/readiness-exporter/readiness-exporter/internal/docgen"
	"github.com/readiness-exporter/readiness-exporter/internal/engine"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/metrics"
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
			require.Contains(t, []check.Status{check.Undeclared, check.Fail, check.Pass, check.Unknown}, about.None)
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
			// What is about facts that its parameters name has no defaults that are good by themselves.
			if validated, can := parameters.(interface{ Validate() error }); can && kind.Describe().FactKind != "" {
				require.NoError(t, validated.Validate())
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
				require.NotContains(t, []reflect.Kind{reflect.Map, reflect.Pointer, reflect.Interface}, field.Type.Kind(), field.Name)
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
		if item.Kind == "" {
			continue
		}
		kind, built := kinds[item.Kind]
		require.Equal(t, !item.NotBuilt, built, "item %s and kind %s", item.ID, item.Kind)
		if !built || item.Parameters.IsZero() {
			continue
		}
		parameters := kind.Parameters()
		require.NoError(t, item.Parameters.Load(parameters, yaml.WithV4Defaults(), yaml.WithKnownFields()), item.ID)
		if validated, can := parameters.(interface{ Validate() error }); can {
			require.NoError(t, validated.Validate(), item.ID)
		}
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
			require.NoError(t, engine.CheckSchedule(about.Schedule))
			require.Regexp(t, snakeCase, about.Kind.KindName())
			isSentence(t, about.Kind.KindHelp())
		})
	}
	seen := make(map[string]bool)
	for _, each := range all {
		seen[each.Describe().Kind.KindName()] = true
	}
	for _, kind := range checks.All() {
		if about := kind.Describe(); about.FactKind != "" {
			require.True(t, seen[about.FactKind], "no collector sees what %s looks at, %s", about.Name, about.FactKind)
		}
	}
	known := make(map[string]bool)
	for _, kind := range fact.Kinds() {
		known[kind.KindName()] = true
	}
	require.Equal(t, seen, known, "fact.Kinds lists what collectors see")
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
		if family.Name != "readiness_exporter_build_info" { // its words are of the common library
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
		switch item := entry.Item; {
		case item.Kind == "":
			require.Contains(t, string(page), "\n## attestations\n")
		case item.NotBuilt:
			require.Contains(t, string(page), fmt.Sprintf("<a id=%q></a>", item.Kind))
		default:
			require.Contains(t, string(page), "\n## "+item.Kind+"\n")
		}
	}
}
