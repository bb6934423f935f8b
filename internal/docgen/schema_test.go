package docgen_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/checks"
	"github.com/readiness-exporter/readiness-exporter/collectors"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
)

const (
	examples = root + "/docs/examples"
	fixtures = root + "/internal/config/testdata"
)

// schemaOf compiles a committed schema.
func schemaOf(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join(reference, name))
	require.NoError(t, err)
	return schema
}

// valuesIn gives what is in a YAML file as JSON has it.
func valuesIn(t *testing.T, file string) any {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	var value any
	require.NoError(t, yaml.Load(content, &value))
	return asJSON(value)
}

func asJSON(value any) any {
	switch value := value.(type) {
	case time.Time:
		return value.Format(time.RFC3339)
	case map[string]any:
		for key := range value {
			value[key] = asJSON(value[key])
		}
		return value
	case []any:
		for i := range value {
			value[i] = asJSON(value[i])
		}
		return value
	default:
		return value
	}
}

// yamlFiles lists the YAML files in a folder and below it, without those of pipelines, which are read by other programs.
func yamlFiles(t *testing.T, folder string) []string {
	t.Helper()
	var files []string
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Name() == "pipelines" {
			return fs.SkipDir
		}
		if err == nil && filepath.Ext(path) == ".yaml" {
			files = append(files, path)
		}
		return err
	}))
	require.NotEmpty(t, files)
	return files
}

func TestTheSchemasTakeWhatIsValid(t *testing.T) {
	for _, folder := range []string{examples, fixtures + "/valid"} {
		for _, file := range yamlFiles(t, folder) {
			t.Run(filepath.Base(file), func(t *testing.T) {
				name := "configuration.schema.json"
				if filepath.Base(filepath.Dir(file)) == "checklists" {
					name = "checklist.schema.json"
				}
				require.NoError(t, schemaOf(t, name).Validate(valuesIn(t, file)))
			})
		}
	}
}

func TestTheProductionChecklistFollowsItsSchema(t *testing.T) {
	require.NoError(t, schemaOf(t, "checklist.schema.json").Validate(valuesIn(t, root+"/checklist/production.yaml")))
}

func TestTheExamplesLoad(t *testing.T) {
	all, closeAll := collectors.All(collectors.Options{RootFS: "/"})
	defer closeAll()
	files, err := filepath.Glob(examples + "/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			loaded, err := config.Load(file, config.Options{
				Kinds: checks.All(), Collectors: all,
			})
			require.NoError(t, err)
			require.NotEmpty(t, loaded.Plans)
		})
	}
}

// Where the schema is more lenient than the program, an editor shows no mistake; where it is stricter, it shows a false
// one. What it can see, it must see as the program does.
func TestTheSchemaRejectsWhatTheProgramRejectsForItsForm(t *testing.T) {
	schema := schemaOf(t, "configuration.schema.json")
	for _, name := range []string{"unknown-keys", "wrong-types", "quantities", "no-systems", "not-a-mapping", "only-null"} {
		t.Run(name, func(t *testing.T) {
			err := schema.Validate(valuesIn(t, fixtures+"/invalid/"+name+".yaml"))
			require.Error(t, err)

			messages, readErr := os.ReadFile(fixtures + "/invalid/" + name + ".txt")
			require.NoError(t, readErr)
			for _, match := range unknownKey.FindAllStringSubmatch(string(messages), -1) {
				require.Contains(t, err.Error(), "'"+match[1]+"'")
			}
		})
	}
}

var unknownKey = regexp.MustCompile(`unknown key "([^"]+)"`)

func TestTheSchemaRejectsEachWrongValueByItself(t *testing.T) {
	schema := schemaOf(t, "configuration.schema.json")
	system := func(key string, value any) any {
		return map[string]any{"systems": []any{map[string]any{"name": "shop", "environment": "production", key: value}}}
	}
	require.NoError(t, schema.Validate(system("owner", "me")))
	for name, value := range map[string]any{
		"a name is a text":          system("name", []any{"shop"}),
		"hosts are a list":          system("hosts", "web"),
		"a file system has a mount": system("hosts", []any{map[string]any{"filesystems": []any{map[string]any{"purpose": "root"}}}}),
		"a purpose is one of those known": system("hosts", []any{map[string]any{
			"name": "web", "filesystems": []any{map[string]any{"mount": "/", "purpose": "fun"}},
		}}),
		"a protocol is one of those known": system("certificates", []any{map[string]any{"starttls": "ftp"}}),
		"a severity is one of those known": system("checks", map[string]any{"tls.renewal": map[string]any{"severity": "urgent"}}),
		"parameters have names":            system("checks", map[string]any{"tls.renewal": map[string]any{"parameters": []any{1}}}),
		"a duration has a unit":            system("objectives", map[string]any{"recovery_point": "26"}),
		"a duration is not empty":          system("objectives", map[string]any{"recovery_point": ""}),
		"a truth is no text":               system("backups", []any{map[string]any{"name": "a", "off_site": "perhaps"}}),
		"a waiver ends":                    system("waivers", []any{map[string]any{"check": "a.b", "by": "me", "reason": "so"}}),
		"a date is a date":                 system("waivers", []any{map[string]any{"check": "a.b", "by": "me", "reason": "so", "until": "soon"}}),
	} {
		t.Run(name, func(t *testing.T) { require.Error(t, schema.Validate(value)) })
	}
}
