package docgen

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// ChartFolder is where the chart lies in the module.
const ChartFolder = "deploy/chart"

// ChartFiles gives the files of the chart that are written from the code, from its values, and from alerts and dashboards, by
// their paths in the chart. A chart cannot reach beyond its own folder, so that it has copies of what it ships.
func ChartFiles(root string) (map[string][]byte, error) {
	r, closeAll, err := newReference(root, "")
	if err != nil {
		return nil, err
	}
	defer closeAll()
	files, err := shipped(root)
	if err != nil {
		return nil, err
	}
	grants, err := r.grants()
	if err != nil {
		return nil, err
	}
	files["files/rbac.json"], err = encodeSchema(grants)
	if err != nil {
		return nil, err
	}
	files["files/hosts.checklist.yaml"], err = r.hostChecklist()
	if err != nil {
		return nil, err
	}
	written, err := readModuleFile(root, ChartFolder+"/values.yaml")
	if err != nil {
		return nil, err
	}
	values, err := readValues(written)
	if err != nil {
		return nil, fmt.Errorf("read the values of the chart: %w", err)
	}
	thresholds, err := thresholdsOf(files["files/alerts/thresholds.rules.yaml"])
	if err != nil {
		return nil, err
	}
	schema, err := encodeSchema(r.chartSchema(values, thresholds))
	if err != nil {
		return nil, err
	}
	files["values.schema.json"], files["README.md"] = schema, chartPage(values)
	return files, r.sources.err
}

// shipped are the rules and dashboards that the chart has copies of.
func shipped(root string) (map[string][]byte, error) {
	files := make(map[string][]byte)
	for pattern, folder := range map[string]string{
		"alerts/*.rules.yaml": "alerts", "alerts/optional/*.rules.yaml": "alerts", "dashboards/*.json": "dashboards",
	} {
		found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", pattern, err)
		}
		for _, path := range found {
			content, err := os.ReadFile(path) //nolint:forbidigo // A file of this module.
			if err != nil {
				return nil, fmt.Errorf("read what the chart ships: %w", err)
			}
			files["files/"+folder+"/"+filepath.Base(path)] = content
		}
	}
	return files, nil
}

func readModuleFile(root, name string) ([]byte, error) {
	content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name))) //nolint:forbidigo // A file of this module.
	if err != nil {
		return nil, fmt.Errorf("read the module: %w", err)
	}
	return content, nil
}

// A threshold is one number of the alerts.
type threshold struct{ name, expression string }

const thresholdPrefix = "readiness:threshold:"

func thresholdsOf(rules []byte) (all []threshold, err error) {
	var file struct {
		Groups []struct {
			Rules []struct{ Record, Expr string }
		}
	}
	if err := yaml.Load(rules, &file); err != nil {
		return nil, fmt.Errorf("read the thresholds of the alerts: %w", err)
	}
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			all = append(all, threshold{strings.TrimPrefix(rule.Record, thresholdPrefix), rule.Expr})
		}
	}
	return all, nil
}

// hostChecklist is what of the built-in checklist is judged by the facts of a machine alone.
func (r *reference) hostChecklist() ([]byte, error) {
	ofHost := []string{
		fact.Hosts().Name, fact.Filesystems().Name, fact.SSHDaemons().Name, fact.Firewalls().Name, fact.Fail2bans().Name,
		fact.UpdatesOfHosts().Name,
	}
	onHost := make(map[string]bool)
	for _, kind := range r.kinds {
		about := kind.Describe()
		onHost[about.Name] = len(about.FactKinds) > 0 && slices.Contains(ofHost, about.FactKinds[0])
	}
	hosts := checklist.Checklist{
		Name: "hosts", Title: "Hosts of a cluster",
		Gates: []checklist.Gate{{ID: "hosts", Title: "Every machine is ready"}},
	}
	for entry := range r.production.Items() {
		if !onHost[entry.Item.Kind] || !entry.Item.IsSupported() {
			continue
		}
		item := *entry.Item
		item.Since, item.Parent = 0, ""
		categories := &hosts.Categories
		if n := len(*categories); n == 0 || (*categories)[n-1].ID != entry.Category.ID {
			*categories = append(*categories, checklist.Category{ID: entry.Category.ID, Title: entry.Category.Title})
		}
		sections := &(*categories)[len(*categories)-1].Sections
		if n := len(*sections); n == 0 || (*sections)[n-1].ID != entry.Section.ID {
			*sections = append(*sections, checklist.Section{ID: entry.Section.ID, Title: entry.Section.Title})
		}
		items := &(*sections)[len(*sections)-1].Items
		*items = append(*items, item)
	}
	written, err := yaml.Dump(hosts)
	if err != nil {
		return nil, fmt.Errorf("write the checklist of hosts: %w", err)
	}
	return append([]byte("# Written by make generate: what checklist/production.yaml asks of a machine. Do not edit.\n"), written...), nil
}

// chartSchema is the schema of values: strict, with the configuration's own where a value is one.
func (r *reference) chartSchema(values *value, thresholds []threshold) *jsonschema.Schema {
	configuration, own := r.configurationSchema(), r.checklistSchema()
	schema := values.schema(map[string]*jsonschema.Schema{
		"config":     embedded(configuration),
		"files":      filesSchema(configuration, own),
		"thresholds": thresholdsSchema(thresholds),
		"object":     {Type: "object"},
	})
	schema.Version, schema.Title = jsonschema.Version, "Values of the chart readiness-exporter"
	schema.Definitions = maps.Clone(configuration.Definitions)
	maps.Copy(schema.Definitions, own.Definitions)
	return schema
}

// embedded is a schema without what only stands at the top of a file.
func embedded(schema *jsonschema.Schema) *jsonschema.Schema {
	copied := *schema
	copied.Version, copied.ID, copied.Title, copied.Definitions = "", "", "", nil
	return &copied
}

// filesSchema is that of further files: each has systems, or a checklist.
func filesSchema(configuration, own *jsonschema.Schema) *jsonschema.Schema {
	systems := &jsonschema.Schema{
		Type: "object", Properties: jsonschema.NewProperties(), AdditionalProperties: jsonschema.FalseSchema, Required: []string{"systems"},
	}
	property, _ := configuration.Properties.Get("systems")
	systems.Properties.Set("systems", property)
	return &jsonschema.Schema{
		Type: "object", PropertyNames: &jsonschema.Schema{Pattern: `^[A-Za-z0-9][A-Za-z0-9._-]*\.ya?ml$`},
		AdditionalProperties: &jsonschema.Schema{If: &jsonschema.Schema{Required: []string{"categories"}}, Then: embedded(own), Else: systems},
	}
}

func thresholdsSchema(thresholds []threshold) *jsonschema.Schema {
	schema := &jsonschema.Schema{
		Type: "object", Properties: jsonschema.NewProperties(), AdditionalProperties: jsonschema.FalseSchema,
	}
	for _, each := range thresholds {
		schema.Properties.Set(each.name, &jsonschema.Schema{
			OneOf:       []*jsonschema.Schema{{Type: "string", Pattern: `^[0-9(]`}, {Type: "number"}},
			Description: "In place of " + each.expression + ".",
		})
	}
	return schema
}

// chartPage is the README of the chart.
func chartPage(values *value) []byte {
	p := newPage("Helm chart of readiness-exporter", "Installs the exporter, and with it, where they are turned on, its scraping, its "+
		"alerts and its dashboards. `config` is the [configuration file](../../docs/reference/configuration.md) itself; every value is "+
		"checked against values.schema.json before anything is installed.")
	p.WriteString("```sh\nhelm install readiness-exporter deploy/chart --namespace readiness --create-namespace\n```\n\n")
	for _, paragraph := range chartNotes() {
		p.paragraph("%s", paragraph)
	}
	p.heading(2, "Values")
	var rows [][]string
	values.rows("", &rows)
	p.table([]string{"value", "default", "meaning"}, rows)
	return p.bytes()
}

// chartNotes are what a table of values cannot say.
func chartNotes() []string {
	return []string{
		"**Permissions.** The roles are those that the command `rbac` prints for the same configuration, item by item of the built-in " +
			"checklist: an item under `not_applicable` takes none. Systems that name their namespaces take Roles there, and a ClusterRole " +
			"for what is in no namespace; others take a ClusterRole. For a checklist of one's own the chart refuses to guess: " +
			"`--set-file rbac.manifests=` takes the output of `rbac`.",
		"**Configuration.** A change of `config` or `configFiles` changes a ConfigMap, which the exporter notices by itself within the " +
			"minute or two that Kubernetes takes to hand it out: no pod restarts. A bad one changes nothing, and " +
			"`ReadinessReloadFailed` fires.",
		"**Secrets** stay out of values. `existingSecret` is mounted at `/etc/readiness-exporter/secrets`, and the configuration names " +
			"its files, such as `access_key_file: /etc/readiness-exporter/secrets/s3-access-key`.",
		"**Pod Security.** The exporter runs at the level `restricted`. The exporters of machines, `hosts.enabled`, run without root and " +
			"without capabilities too, but mount the machine's file systems and see its processes, which takes the level `privileged`: " +
			"`hosts.namespace` puts them into a namespace of their own. Folders that only root can enter are unknown to them. So are the rules of " +
			"the firewall, unless `hosts.firewall` is set: that takes root, the capability NET_ADMIN and the network of the machine. Failed " +
			"units of systemd are unavailable where AppArmor closes the system bus to containers; `appArmorProfile: {type: Unconfined}` in " +
			"`hosts.podSecurityContext` opens it.",
		"**Availability.** One replica is the default: a restart loses no alert, since the rules keep for half an hour what was last " +
			"seen. With `replicas: 2`, both collect everything, and rules and dashboards count each series once. A volume is written by " +
			"one replica only.",
		"**restic** is not in the image. Mount it: an init container with an image that has it copies the program to an `emptyDir`, " +
			"which `extraVolumes` and `extraVolumeMounts` put on the `PATH`; see [the image](../image/README.md).",
	}
}

// marshalled is a value as it stands in a table.
func marshalled(node *yaml.Node) string {
	var content any
	if err := node.Decode(&content); err != nil {
		return ""
	}
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(content); err != nil {
		return ""
	}
	return strings.TrimSpace(buffer.String())
}
