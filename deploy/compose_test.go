package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
)

// A composed file is what of compose.yaml the tests read.
type composed struct {
	Services map[string]struct {
		Image   string
		Command []string
		Ports   []string
		Volumes []any
	}
	Volumes map[string]any
}

func readCompose(t *testing.T) (c composed) {
	t.Helper()
	content, err := os.ReadFile("compose/compose.yaml")
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(content, &c))
	return c
}

// mounts are the files of the checkout that a service has, by the paths that it has them at.
func (c composed) mounts(t *testing.T, service string) map[string]string {
	t.Helper()
	mounts := map[string]string{}
	for _, volume := range c.Services[service].Volumes {
		short, isShort := volume.(string)
		if !isShort || !strings.HasPrefix(short, ".") {
			continue
		}
		parts := strings.Split(short, ":")
		require.Len(t, parts, 3, short)
		require.Equal(t, "ro", parts[2], short)
		source := filepath.Join("compose", parts[0])
		_, err := os.Stat(source)
		require.NoError(t, err, "what is mounted and is not there becomes an empty folder")
		mounts[parts[1]] = source
	}
	return mounts
}

// file is the file of the checkout that a service reads at a path.
func file(t *testing.T, mounts map[string]string, path string) string {
	t.Helper()
	for target, source := range mounts {
		if rest, inside := strings.CutPrefix(path, target); inside {
			return source + rest
		}
	}
	t.Fatalf("%s is not mounted", path)
	return ""
}

// option is the value of an argument of a service.
func (c composed) option(t *testing.T, service, name string) string {
	t.Helper()
	for _, argument := range c.Services[service].Command {
		if value, found := strings.CutPrefix(argument, name+"="); found {
			return value
		}
	}
	t.Fatalf("%s has no %s", service, name)
	return ""
}

func TestComposeIsValid(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("testdata/compose-spec.json")
	require.NoError(t, err)
	content, err := os.ReadFile("compose/compose.yaml")
	require.NoError(t, err)
	var document any
	require.NoError(t, yaml.Unmarshal(content, &document))
	require.NoError(t, schema.Validate(document))

	c := readCompose(t)
	for name, service := range c.Services {
		for _, port := range service.Ports {
			require.True(t, strings.HasPrefix(port, "127.0.0.1:"), "%s listens wider than this machine: %s", name, port)
		}
		for _, volume := range service.Volumes {
			if short, isShort := volume.(string); isShort && !strings.HasPrefix(short, ".") {
				require.Contains(t, c.Volumes, strings.Split(short, ":")[0])
			}
		}
	}
	// What is composed is what is tested.
	tools, err := os.ReadFile("../tools.mk")
	require.NoError(t, err)
	prometheus := regexp.MustCompile(`PROMETHEUS_VERSION +:= v0\.(\d)(\d\d)\.(\d+)`).FindStringSubmatch(string(tools))
	require.Equal(t, "docker.io/prom/prometheus:v"+prometheus[1]+"."+prometheus[2]+"."+prometheus[3], c.Services["prometheus"].Image)
	alertmanager := regexp.MustCompile(`ALERTMANAGER_VERSION +:= (v[\d.]+)`).FindStringSubmatch(string(tools))
	require.Equal(t, "docker.io/prom/alertmanager:"+alertmanager[1], c.Services["alertmanager"].Image)
}

// TestWhatIsComposedWorksTogether starts Prometheus and Alertmanager with the files that they have in their containers: all rules are
// loaded, and each knows the next. Paths and the name of Alertmanager's container are mapped to this machine.
func TestWhatIsComposedWorksTogether(t *testing.T) {
	c := readCompose(t)
	require.Len(t, load(t, file(t, c.mounts(t, "exporter"), c.option(t, "exporter", "--config.file"))).Plans, 1)

	alertmanagerFile := file(t, c.mounts(t, "alertmanager"), c.option(t, "alertmanager", "--config.file"))
	content, err := os.ReadFile(alertmanagerFile)
	require.NoError(t, err)
	alertmanager := servers.Alertmanager(t, string(content))

	mounts := c.mounts(t, "prometheus")
	prometheusFile := file(t, mounts, c.option(t, "prometheus", "--config.file"))
	content, err = os.ReadFile(prometheusFile)
	require.NoError(t, err)
	rules, err := filepath.Abs(mounts["/etc/prometheus/readiness"])
	require.NoError(t, err)
	configuration := strings.NewReplacer("/etc/prometheus/readiness", rules, "alertmanager:9093", alertmanager.Addr).Replace(string(content))
	checked := filepath.Join(t.TempDir(), "prometheus.yaml")
	require.NoError(t, os.WriteFile(checked, []byte(configuration), 0o600))
	output, err := exec.CommandContext(t.Context(), "../.cache/bin/promtool", "check", "config", checked).CombinedOutput()
	require.NoError(t, err, "promtool check config (build it with: make tools-monitoring): %s", output)

	prometheus := servers.Prometheus(t, configuration)
	groups, err := prometheus.API.Rules(t.Context(), nil)
	require.NoError(t, err)
	shipped, err := filepath.Glob("../alerts/*.rules.yaml")
	require.NoError(t, err)
	loaded := map[string]bool{}
	for _, group := range groups.Groups {
		loaded[filepath.Base(group.File)] = true
	}
	require.Len(t, loaded, len(shipped), "the rules that are loaded: %v", loaded)
	require.EventuallyWithT(t, func(collect *assert.CollectT) {
		found, err := prometheus.API.AlertManagers(t.Context())
		require.NoError(collect, err)
		require.Len(collect, found.Active, 1)
		require.Equal(collect, alertmanager.URL+"/api/v2/alerts", found.Active[0].URL)
		targets, err := prometheus.API.Targets(t.Context())
		require.NoError(collect, err)
		require.Len(collect, targets.Active, 1)
		require.Equal(collect, "http://exporter:10216/metrics", targets.Active[0].ScrapeURL)
	}, 2*time.Minute, 100*time.Millisecond)
}

// The forms of Grafana's provisioning files, as its documentation has them; what else stands in one is a mistake.
type (
	dataSources struct {
		APIVersion  int `yaml:"apiVersion"`
		DataSources []struct {
			Name, Type, UID, Access, URL string
			IsDefault                    bool `yaml:"isDefault"`
			JSONData                     struct {
				TimeInterval string `yaml:"timeInterval"`
			} `yaml:"jsonData"`
		} `yaml:"datasources"`
	}
	dashboardProviders struct {
		APIVersion int `yaml:"apiVersion"`
		Providers  []struct {
			Name, Folder, Type string
			Options            struct{ Path string }
		}
	}
)

// TestGrafanaIsProvisioned has every dashboard, and nothing else, in the folder that Grafana is told of, and a Prometheus that is
// composed.
func TestGrafanaIsProvisioned(t *testing.T) {
	c := readCompose(t)
	mounts := c.mounts(t, "grafana")
	strict := func(path string, into any) {
		t.Helper()
		content, err := os.ReadFile(file(t, mounts, path))
		require.NoError(t, err)
		require.NoError(t, yaml.Load(content, into, yaml.WithV4Defaults(), yaml.WithKnownFields()))
	}
	var sources dataSources
	strict("/etc/grafana/provisioning/datasources/readiness.yaml", &sources)
	require.Len(t, sources.DataSources, 1)
	require.Equal(t, "prometheus", sources.DataSources[0].Type)
	require.Equal(t, "http://prometheus:9090", sources.DataSources[0].URL)
	require.True(t, sources.DataSources[0].IsDefault)
	require.Contains(t, c.Services["prometheus"].Ports, "127.0.0.1:9090:9090")

	var providers dashboardProviders
	strict("/etc/grafana/provisioning/dashboards/readiness.yaml", &providers)
	require.Len(t, providers.Providers, 1)
	var provided []string
	for target, source := range mounts {
		if filepath.Dir(target) == providers.Providers[0].Options.Path {
			provided = append(provided, filepath.Base(source))
		}
	}
	shipped, err := filepath.Glob("../dashboards/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, shipped)
	for i := range shipped {
		shipped[i] = filepath.Base(shipped[i])
	}
	require.ElementsMatch(t, shipped, provided)
}
