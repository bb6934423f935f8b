package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	kubernetesyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

const guide = "../../docs/guide"

// A block is one of the fenced ones of a document. What stands behind its language says what it is, and how it is tested.
type block struct {
	language string
	is       string // run, configuration, kubernetes and so on; empty where the language says it all
	name     string // of the file that it is; or how a command ends
	content  string
}

// blocksOf reads the fenced blocks of a document, those within a list too.
func blocksOf(t *testing.T, document string) (blocks []block) {
	t.Helper()
	fence := regexp.MustCompile("(?ms)^([ ]*)```([^\n`]*)\n(.*?)^[ ]*```[ ]*$")
	found := fence.FindAllStringSubmatch(document, -1)
	require.Len(t, regexp.MustCompile("(?m)^[ ]*```").FindAllString(document, -1), 2*len(found), "a fence that is not closed")
	for _, match := range found {
		words := append(strings.Fields(match[2]), "", "", "")
		content := regexp.MustCompile("(?m)^"+match[1]).ReplaceAllString(match[3], "")
		blocks = append(blocks, block{language: words[0], is: words[1], name: words[2], content: content})
	}
	return blocks
}

// TestTheGuideIsTrue runs every command of the guide that can be run here, and has each file read by whoever is to read it.
func TestTheGuideIsTrue(t *testing.T) {
	documents, err := filepath.Glob(guide + "/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, documents)
	for _, document := range documents {
		t.Run(filepath.Base(document), func(t *testing.T) {
			content, err := os.ReadFile(document)
			require.NoError(t, err)
			linksLead(t, document, string(content))
			namesAreKnown(t, string(content))
			blocks := blocksOf(t, string(content))
			folder := t.TempDir()
			for _, each := range blocks {
				if each.language != "sh" && each.name != "" {
					path := filepath.Join(folder, each.name)
					require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
					require.NoError(t, os.WriteFile(path, []byte(dated(each.content)), 0o600))
				}
			}
			for _, each := range blocks {
				each.hold(t, folder)
			}
			inlineCommandsRun(t, folder, string(content))
		})
	}
}

// dated puts dates of a description where they are good today: a waiver ends within a year, and a signature is not of tomorrow.
func dated(content string) string {
	for key, days := range map[string]int{"until": 30, "at": -10} {
		date := time.Now().AddDate(0, 0, days).Format(time.DateOnly)
		content = regexp.MustCompile(`(?m)\b`+key+`: \d{4}-\d{2}-\d{2}\b`).ReplaceAllString(content, key+": "+date)
	}
	return content
}

// hold has a block read, or run, in the folder of the document's files.
func (b block) hold(t *testing.T, folder string) {
	t.Helper()
	switch b.language + " " + b.is {
	case "sh run":
		b.run(t, folder)
	case "sh ":
		b.parse(t, folder)
	case "yaml configuration":
		succeeds(t, folder, "readiness-exporter", "--config.file", b.name, "--config.check")
	case "yaml systems", "yaml checklist":
		// A part of a configuration: alone it is a configuration too, with the list named where it is one.
		config := "system_files: [part.yaml]\n"
		if b.is == "checklist" {
			config = "checklist_files: [part.yaml]\nsystems: [{name: shop, environment: production}]\n"
		}
		alone := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(alone, "part.yaml"), []byte(strings.ReplaceAll(b.content, "checklist: company@1\n", "\n")), 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(alone, "readiness.yaml"), []byte(config), 0o600))
		succeeds(t, alone, "readiness-exporter", "--config.file", "readiness.yaml", "--config.check")
	case "yaml values":
		var values struct{ Config any }
		require.NoError(t, yaml.Load([]byte(b.content), &values))
		config, err := yaml.Dump(values.Config)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(folder, "of-values.yaml"), config, 0o600))
		succeeds(t, folder, "readiness-exporter", "--config.file", "of-values.yaml", "--config.check")
	case "markdown file", "yaml blackbox": // It is there for the commands.
	case "yaml kubernetes":
		decodes(t, b.content)
	case "yaml prometheus":
		require.NoError(t, os.WriteFile(filepath.Join(folder, "prometheus.yaml"), []byte(b.content), 0o600))
		succeeds(t, folder, tool(t, "promtool"), "check", "config", "--syntax-only", "prometheus.yaml")
	case "yaml rules":
		readRules(t, folder, b.content)
	case "yaml alertmanager":
		require.NoError(t, os.WriteFile(filepath.Join(folder, "alertmanager.yaml"), []byte(b.content), 0o600))
		succeeds(t, folder, tool(t, "amtool"), "check-config", "alertmanager.yaml")
	case "yaml web", "yaml workflow":
		var content map[string]any // Those of the web are used by the tests of the recipes, workflows by hosts that are not here.
		require.NoError(t, yaml.Load([]byte(b.content), &content))
	case "sql ":
		database := servers.Postgres(t, world.NewCA(t, world.Spec{}).Issue(t, world.Spec{DNSNames: []string{"localhost"}}))
		database.SQL(t, "CREATE DATABASE shop")
		database.SQL(t, b.content)
	case "promql ":
		rule, err := yaml.Dump(map[string]any{"groups": []any{map[string]any{
			"name": "guide", "rules": []any{map[string]string{"record": "guide:expression", "expr": b.content}},
		}}})
		require.NoError(t, err)
		readRules(t, folder, string(rule))
	default:
		require.Fail(t, "no test knows what this block is", "```%s %s\n%s", b.language, b.is, b.content)
	}
}

// readRules has promtool read rules.
func readRules(t *testing.T, folder, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "rules.yaml"), []byte(content), 0o600))
	succeeds(t, folder, tool(t, "promtool"), "check", "rules", "rules.yaml")
}

// run runs commands in a shell that stops at the first which fails, where they may end in nothing but what the block says.
func (b block) run(t *testing.T, folder string) {
	t.Helper()
	want := 0
	if status, named := strings.CutPrefix(b.name, "exit="); named {
		var err error
		want, err = strconv.Atoi(status)
		require.NoError(t, err)
	}
	command := exec.CommandContext(t.Context(), "bash", "-eu", "-c", b.content)
	command.Dir = folder
	// No cluster is found but one that the description names.
	command.Env = append(os.Environ(), "KUBECONFIG="+filepath.Join(folder, "none"), "HOME="+folder)
	output, err := command.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	require.Equal(t, want, command.ProcessState.ExitCode(), "%s\n%s", b.content, output)
}

// parse has a shell parse commands, and the program its own: what serves is given --config.check in addition.
func (b block) parse(t *testing.T, folder string) {
	t.Helper()
	succeeds(t, folder, "bash", "-n", "-c", b.content)
	for _, own := range regexp.MustCompile(`(?m)^(?:sudo )?(?:[A-Z]+=\S+ )*readiness-exporter\b(.*)$`).FindAllStringSubmatch(strings.ReplaceAll(b.content, "\\\n", ""), -1) {
		arguments := regexp.MustCompile(` #.*`).ReplaceAllString(own[1], "")
		last := " --config.check"
		if regexp.MustCompile(` (check|facts|rbac|checklist|evidence|attest|waive)\b`).MatchString(arguments) {
			last = " --help"
		}
		command := exec.CommandContext(t.Context(), "bash", "-eu", "-c", "readiness-exporter"+arguments+last)
		command.Dir = folder
		output, err := command.CombinedOutput()
		require.NoError(t, err, "%s: %s", own[0], output)
	}
}

// inlineCommandsRun has a shell parse the commands within the text, and runs the program's own: nothing may be wrong with their flags
// or with the names in them.
func inlineCommandsRun(t *testing.T, folder, content string) {
	t.Helper()
	prose := regexp.MustCompile("(?ms)^[ ]*```.*?^[ ]*```[ ]*$").ReplaceAllString(content, "")
	for _, found := range regexp.MustCompile("`((?:readiness-exporter|curl|ssh|kubectl|helm|systemctl|htpasswd|restic) [^`]+)`").FindAllStringSubmatch(prose, -1) {
		command := strings.ReplaceAll(found[1], `\|`, "|")
		succeeds(t, folder, "bash", "-n", "-c", command)
		if !strings.HasPrefix(command, "readiness-exporter ") || strings.HasSuffix(command, " ID") {
			continue
		}
		run := exec.CommandContext(t.Context(), "bash", "-c", command)
		run.Dir = folder
		run.Env = append(os.Environ(), "KUBECONFIG="+filepath.Join(folder, "none"))
		output, err := run.CombinedOutput()
		require.Contains(t, []int{exitReady, exitNotReady}, run.ProcessState.ExitCode(), "%s: %v\n%s", command, err, output)
	}
}

// decodes reads manifests as strictly as an API server: a key that it does not know is a mistake.
func decodes(t *testing.T, manifests string) {
	t.Helper()
	decoder := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	reader := kubernetesyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(manifests)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
		_, _, err = decoder.Decode(document, nil, nil)
		require.NoError(t, err, "%s", document)
	}
}

// linksLead wants every file that a document links to, or names in a command, to be there.
func linksLead(t *testing.T, document, content string) {
	t.Helper()
	for _, link := range regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`).FindAllStringSubmatch(content, -1) {
		require.FileExists(t, existing(filepath.Join(filepath.Dir(document), link[1])), link[0])
	}
}

// namesAreKnown wants the metrics and alerts that a document names to be there.
func namesAreKnown(t *testing.T, content string) {
	t.Helper()
	metrics, err := os.ReadFile("../../docs/reference/metrics.md")
	require.NoError(t, err)
	for _, name := range regexp.MustCompile(`\breadiness_[a-z_]+[a-z]`).FindAllString(content, -1) {
		require.Contains(t, string(metrics), "`"+name+"`")
	}
	for _, name := range regexp.MustCompile(`\bReadiness[A-Z][A-Za-z]+`).FindAllString(content, -1) {
		require.FileExists(t, "../../alerts/runbooks/"+name+".md")
	}
}

// existing is a path, or that of the README of a folder.
func existing(path string) string {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return filepath.Join(path, "README.md")
	}
	return path
}

// succeeds runs a program, and wants it to end well.
func succeeds(t *testing.T, folder, name string, arguments ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, arguments...)
	command.Dir = folder
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s %s: %s", name, fmt.Sprint(arguments), output)
}

// tool is where one of the programs is that the Makefile installs.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("../../.cache/bin", name))
	require.NoError(t, err)
	return path
}
