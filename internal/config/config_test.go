package config_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/checks/expression"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

var update = flag.Bool("update", false, "write the golden files")

// renewal are the parameters of certificate_renewal here.
type renewal struct {
	WarnBefore quantity.Duration `yaml:"warn_before"`
	FailBefore quantity.Duration `yaml:"fail_before"`
}

func (r renewal) Validate() error {
	if r.FailBefore > r.WarnBefore {
		return errors.New("fail_before is longer than warn_before: expected it to be shorter, or as long")
	}
	return nil
}

// space are the parameters of disk_space here.
type space struct {
	MinimumSize            quantity.Bytes `yaml:"minimum_size"`
	MinimumFreeRatio       float64        `yaml:"minimum_free_ratio"`
	MinimumInodesFreeRatio float64        `yaml:"minimum_inodes_free_ratio"`
	Purposes               []string       `yaml:"purposes"`
	Count                  int            `yaml:"count"`
}

// signature are the parameters of attestation here.
type signature struct {
	MaximumAge quantity.Duration `yaml:"maximum_age"`
}

// others are the parameters of selection here: the ids of items, or sections of them, whose results are judged.
type others struct {
	Checks   []string `yaml:"checks"`
	Sections []string `yaml:"sections"`

	selected []check.ItemRef
}

// Compose selects, and finds fault with ids that no item has; "self" is the item itself.
func (o *others) Compose(item check.ItemRef, all []check.ItemRef) error {
	var errs []error
	for _, id := range o.Checks {
		if id == "self" {
			id = item.ID
		}
		at := slices.IndexFunc(all, func(each check.ItemRef) bool { return each.ID == id })
		if at < 0 {
			errs = append(errs, &check.ParameterError{Parameter: "checks", Message: fmt.Sprintf("no item %q", id)})
			continue
		}
		o.selected = append(o.selected, all[at])
	}
	for _, each := range all {
		if slices.Contains(o.Sections, each.Section) {
			o.selected = append(o.selected, each)
		}
	}
	return errors.Join(errs...)
}

// kindOf is a kind of check that never finds fault.
func kindOf[P any](name string, defaults P) check.Kind[P] {
	return check.Kind[P]{
		Name: name, Defaults: defaults,
		Over: []check.Quantified[P]{
			check.Each(fact.Hosts(), func(check.Context, *fact.Host, P) []check.Problem { return nil }),
		},
	}
}

// options are what the configurations of these tests can refer to: two collectors, kinds of check with parameters of
// their own, and every other kind that the production checklist names, with any parameters.
func options(tb testing.TB) config.Options {
	tb.Helper()
	composite := kindOf("selection", others{})
	composite.Over = []check.Quantified[others]{
		check.Each(check.Results(), func(check.Context, *check.Result, others) []check.Problem { return nil }),
	}
	composite.After = func(o others) (ids []string) {
		for _, each := range o.selected {
			ids = append(ids, each.ID)
		}
		return ids
	}
	kinds := map[string]check.Any{
		"certificate_renewal": kindOf("certificate_renewal", renewal{
			WarnBefore: quantity.Duration(21 * 24 * time.Hour), FailBefore: quantity.Duration(7 * 24 * time.Hour),
		}),
		"cel":         expression.CEL([]fact.Any{fact.Hosts(), fact.Workloads(), fact.Certificates()}),
		"disk_space":  kindOf("disk_space", space{Purposes: []string{"root"}}),
		"attestation": kindOf("attestation", signature{MaximumAge: day}),
		"selection":   composite,
	}
	var production checklist.Checklist
	require.NoError(tb, yaml.Load(checklist.Production(), &production))
	for entry := range production.Items() {
		for leaf := range entry.Item.Leaves() {
			if kinds[leaf.Kind] == nil && leaf.IsSupported() {
				kinds[leaf.Kind] = kindOf(leaf.Kind, map[string]any(nil))
			}
		}
	}
	all := config.Options{
		Now: time.Date(2026, time.May, 1, 0, 0, 0, 0, time.UTC),
		Collectors: []collector.Any{
			collector.Collector[string]{Name: "certificate"}, collector.Collector[string]{Name: "host"},
		},
	}
	for _, kind := range kinds {
		all.Kinds = append(all.Kinds, kind)
	}
	return all
}

// Each file in testdata/invalid is a configuration that is not good; the file of the same name that ends in .txt holds
// what must be reported of it.
func TestEveryMistakeIsReportedWhereItStands(t *testing.T) {
	t.Chdir("testdata/invalid")
	files, err := filepath.Glob("*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(file, ".yaml"), func(t *testing.T) {
			loaded, err := config.Load(file, options(t))
			require.Error(t, err)
			require.Empty(t, loaded.Plans)
			require.False(t, loaded.Changed())

			golden := strings.TrimSuffix(file, ".yaml") + ".txt"
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(err.Error()+"\n"), 0o644))
			}
			want, readErr := os.ReadFile(golden)
			require.NoError(t, readErr)
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(err.Error()+"\n", "\n")); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
		})
	}
}
