package config_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
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
	"github.com/readiness-exporter/readiness-exporter/internal/engine"
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

// kindOf is a kind of check that never finds fault.
func kindOf[P any](name string, defaults P) check.Any {
	return check.Kind[fact.Waiver, P]{
		Name: name, About: fact.Waivers(), Defaults: defaults,
		Judge: func(fact.Waiver, P, time.Time) []check.Problem { return nil },
	}
}

// options are what the configurations of these tests can refer to: two collectors, two kinds of check with parameters of
// their own, and every other kind that the production checklist names, with any parameters.
func options(tb testing.TB) config.Options {
	tb.Helper()
	kinds := map[string]check.Any{
		"certificate_renewal": kindOf("certificate_renewal", renewal{
			WarnBefore: quantity.Duration(21 * 24 * time.Hour), FailBefore: quantity.Duration(7 * 24 * time.Hour),
		}),
		"cel":        expression.CEL([]fact.Any{fact.Hosts(), fact.Workloads(), fact.Certificates()}),
		"disk_space": kindOf("disk_space", space{Purposes: []string{"root"}}),
	}
	var production checklist.Checklist
	require.NoError(tb, yaml.Load(checklist.Production(), &production))
	for entry := range production.Items() {
		if name := entry.Item.Kind; kinds[name] == nil && name != "" && !entry.Item.NotBuilt {
			kinds[name] = kindOf(name, map[string]any(nil))
		}
	}
	all := config.Options{
		Collectors: []collector.Any{
			collector.Collector[string, fact.Waiver]{Name: "certificate"}, collector.Collector[string, fact.Waiver]{Name: "host"},
		},
		CheckSchedule: engine.CheckSchedule,
	}
	for _, kind := range kinds {
		all.Kinds = append(all.Kinds, kind)
	}
	return all
}

// Each file in testdata/invalid is a configuration that is not good; the file of the same name that ends in .txt holds
// what must be said of it.
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
