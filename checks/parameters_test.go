package checks_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/readiness-exporter/readiness-exporter/checks"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// needed are the parameters without which a kind can judge nothing.
func needed() map[string]map[string]string {
	return map[string]map[string]string{
		"items":                    {"above": "true"},
		"promql":                   {"prometheus": "main", "expression": "up == 0", "require": "up"},
		"cel":                      {"fact": "workload", "expression": "fact.replicas.desired >= 2"},
		"document":                 {"document": "readme"},
		"document_folder":          {"folder": "runbooks"},
		"database_schema_document": {"document": "readme"},
		"environment_document":     {"document": "readme"},
		"maintenance_window":       {"windows": "[{cron: 0 12 20 11 *, duration: 1h}]"},
	}
}

// nonsense is what no parameter may be, whatever its type.
func nonsense() []string {
	return []string{
		".nan", "NaN", "[.nan]", ".inf", "-.inf", "+Inf", "-1", "-0.5", "[-1]", "-1h", "-3GB", "1e308", "1e400", "9999999999999999999999",
		"999999y", "0x10", "''", "' '", "['']", "[]", "{}", "{a: b}", "Critical", "CRITICAL", "[Critical]", "[critical, Critical]", "nobody-knows",
		"[nobody-knows]", "Yes", "null", "[null]", "2006-01-02", "\"a\\u001b[31mb\"",
	}
}

// written is a parameter of a kind with a value, as a system would write it.
type written struct{ kind, parameter, value string }

// keysOf are the parameters of a kind.
func keysOf(kind check.Any) (keys []string) {
	structure := reflect.TypeOf(kind.Describe().Defaults)
	for i := range structure.NumField() {
		if key := structure.Field(i).Tag.Get("yaml"); key != "" {
			keys = append(keys, key)
		}
	}
	return keys
}

// load loads a checklist with an item each. It gives which of them were refused or, where none was, their parameters.
func load(t require.TestingT, dir string, all []written) (refused []bool, bound []*check.Bound) {
	var list strings.Builder
	list.WriteString("name: own\ntitle: Own\ncategories:\n- id: own\n  title: Own\n  sections:\n  - id: own\n    title: Own\n    items:\n" +
		"    - {id: own.first, text: First, severity: info, mode: auto, kind: kubernetes_health}\n")
	line := strings.Count(list.String(), "\n")
	for i, each := range all {
		parameters := each.parameter + ": " + each.value
		for key, value := range needed()[each.kind] {
			if key != each.parameter {
				parameters += ", " + key + ": " + value
			}
		}
		fmt.Fprintf(&list, "    - {id: own.p%d, text: Text, severity: info, mode: auto, kind: %s, parameters: {%s}}\n", i, each.kind, parameters)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "list.yaml"), []byte(list.String()), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "config.yaml"), []byte("checklist_files: [list.yaml]\n"+
		"systems: [{name: shop, environment: production, checklist: own, prometheus: [{name: main, url: 'https://a.test'}]}]\n"), 0o600))
	loaded, err := config.Load(filepath.Join(dir, "config.yaml"), config.Options{Kinds: checks.All()})
	refused = make([]bool, len(all))
	if err != nil {
		var mistakes config.Errors
		require.ErrorAs(t, err, &mistakes)
		for _, each := range mistakes {
			require.Greater(t, each.Line, line, "%s", each)
			require.Positive(t, each.Column)
			if what := all[each.Line-line-1]; what.kind != "cel" { // What CEL says of expressions is its own.
				require.Contains(t, each.Message, "expected", "%v: the message says what is expected", what)
			}
			require.NotContains(t, each.Error(), "\x1b")
			refused[each.Line-line-1] = true
		}
		return refused, nil
	}
	for i := range loaded.Plans[0].Items[1:] {
		bound = append(bound, loaded.Plans[0].Items[i+1].Rule.Clause.Bound)
	}
	return refused, bound
}

// accepted are those that are not refused, with the parameters that they make.
func accepted(t require.TestingT, dir string, all []written) ([]written, []*check.Bound) {
	refused, _ := load(t, dir, all)
	var rest []written
	for i, each := range all {
		if !refused[i] {
			rest = append(rest, each)
		}
	}
	_, bound := load(t, dir, rest)
	require.Len(t, bound, len(rest))
	return rest, bound
}

func TestNoParameterHoldsNonsense(t *testing.T) {
	var all []written
	for _, kind := range checks.All() {
		for _, key := range keysOf(kind) {
			for _, value := range nonsense() {
				all = append(all, written{kind.Describe().Name, key, value})
			}
		}
	}
	rest, bound := accepted(t, t.TempDir(), all)
	require.Less(t, len(rest), len(all)/2)
	for i, each := range rest {
		sound(t, each, bound[i])
		judged(t, each, bound[i])
	}
}

func TestNoNumberMakesNonsense(t *testing.T) {
	var numbers []written // parameters whose values are numbers, sizes or durations
	for _, kind := range checks.All() {
		defaults := reflect.ValueOf(kind.Describe().Defaults)
		for i := range defaults.NumField() {
			if field := defaults.Type().Field(i); field.Tag.Get("yaml") != "" && (defaults.Field(i).CanInt() || defaults.Field(i).CanUint() || defaults.Field(i).CanFloat()) {
				numbers = append(numbers, written{kind: kind.Describe().Name, parameter: field.Tag.Get("yaml")})
			}
		}
	}
	require.NotEmpty(t, numbers)
	number := rapid.OneOf(rapid.Float64(), rapid.Float64Range(-2, 2), rapid.Map(rapid.IntRange(-3, 30), func(n int) float64 { return float64(n) }))
	unit := rapid.SampledFrom([]string{"", "", "", "h", "d", "y", "GB"})
	var all []written
	for i, each := range numbers {
		for j := range 40 {
			value := fmt.Sprint(number.Example(40*i+j)) + unit.Example(40*i+j)
			all = append(all, written{each.kind, each.parameter, value})
		}
	}
	rest, bound := accepted(t, t.TempDir(), all)
	require.NotEmpty(t, rest)
	for i, each := range rest {
		sound(t, each, bound[i])
	}
}

// sound holds what is true of all parameters that are not refused: no number in them is negative or none, and they can be
// shown.
func sound(t require.TestingT, what written, bound *check.Bound) {
	_, err := json.Marshal(bound.Parameters)
	require.NoError(t, err, "%v", what)
	noNonsense(t, what, reflect.ValueOf(bound.Parameters).Elem())
}

// judged holds that with parameters which are not refused the kind's world that is broken is not ready, unless they say so.
func judged(t require.TestingT, what written, bound *check.Bound) {
	if allowed(what) {
		return
	}
	w := worlds()[what.kind]
	s := newSubject(kindNamed(what.kind), w)
	usual := s.judge(s.isBad()).Status // some kinds only warn
	s.bound = bound
	result := s.judge(s.isBad())
	require.True(t, result.Status == usual || !result.Status.Ready(), "%v: the broken world comes to %s", what, result.Status)
	require.NotContains(t, fmt.Sprint(result.Problems), string(fact.ReasonPanic), "%v", what)
}

func noNonsense(t require.TestingT, what written, value reflect.Value) {
	switch {
	case value.CanFloat():
		require.False(t, math.IsNaN(value.Float()) || math.IsInf(value.Float(), 0) || value.Float() < 0, "%v is %v", what, value)
	case value.CanInt():
		require.GreaterOrEqual(t, value.Int(), int64(0), "%v", what)
	case value.Kind() == reflect.Slice:
		for i := range value.Len() {
			noNonsense(t, what, value.Index(i))
		}
	case value.Kind() == reflect.Struct:
		for i := range value.NumField() {
			if value.Type().Field(i).IsExported() {
				noNonsense(t, what, value.Field(i))
			}
		}
	}
}

func kindNamed(name string) check.Any {
	for _, kind := range checks.All() {
		if kind.Describe().Name == name {
			return kind
		}
	}
	return nil
}

// allowed tells values with which a broken world may be ready: what a Prometheus is asked is for it to understand.
func allowed(what written) bool { return what.kind == "promql" && what.parameter == "expression" }
