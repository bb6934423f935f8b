package importer_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/checks"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/importer"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

var update = flag.Bool("update", false, "write the golden files")

func production(tb testing.TB) *checklist.Checklist {
	tb.Helper()
	var known checklist.Checklist
	require.NoError(tb, yaml.Load(checklist.Production(), &known))
	return &known
}

// fromProduction is shared by the tests: to make it costs more than all else.
var fromProduction = sync.OnceValues(func() (*importer.Importer, error) {
	var known checklist.Checklist
	if err := yaml.Load(checklist.Production(), &known); err != nil {
		return nil, err
	}
	return importer.New(&known)
})

// importList makes a checklist of Markdown with the items of production.
func importList(tb testing.TB, source []byte, options importer.Options) (*importer.Import, error) {
	tb.Helper()
	production, err := fromProduction()
	require.NoError(tb, err)
	options.MaximumAge = quantity.Duration(365 * 24 * time.Hour)
	return production.Import(source, options)
}

// judge loads a checklist as the exporter does, and judges a system by it.
func judge(t *testing.T, made *importer.Import) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "own.yaml"), made.YAML, 0o600))
	file := filepath.Join(dir, "readiness.yaml")
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil,
		"checklist_files: [own.yaml]\nsystems: [{name: shop, environment: production, checklist: %q}]\n", made.Checklist.Name), 0o600))
	loaded, err := config.Load(file, config.Options{Kinds: checks.All()})
	require.NoError(t, err, "%s", made.YAML)
	assessment := loaded.Plans[0].Assess(nil, time.Now(), nil)
	want := 0
	for range made.Checklist.Items() {
		want++
	}
	require.Len(t, assessment.Results, want, "every line can be judged or signed")
}

// requireAccounted wants every line that is not blank to be accounted for, once and in order.
func requireAccounted(t *testing.T, source []byte, lines []importer.Line) {
	t.Helper()
	at := 0
	for i, text := range bytes.Split(bytes.TrimPrefix(source, []byte("\xef\xbb\xbf")), []byte("\n")) {
		if len(strings.TrimSpace(string(text))) == 0 {
			continue
		}
		require.Less(t, at, len(lines))
		require.Equal(t, i+1, lines[at].Number)
		require.NotEmpty(t, lines[at].Became)
		at++
	}
	require.Len(t, lines, at)
}

func accountOf(lines []importer.Line) string {
	var out bytes.Buffer
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	for _, line := range lines {
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\t%q\n", line.Number, line.Became, line.ID, line.Confidence, line.Known, line.Note, line.Text)
	}
	table.Flush()
	return out.String()
}

func requireGolden(t *testing.T, name, got string) {
	t.Helper()
	golden := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(string(want), got))
}

func TestListsOfManyKinds(t *testing.T) {
	for _, name := range []string{"launch", "kubernetes", "hostile", "production-checklist"} {
		t.Run(name, func(t *testing.T) {
			source, err := os.ReadFile("testdata/" + name + ".md")
			require.NoError(t, err)
			made, err := importList(t, source, importer.Options{})
			require.NoError(t, err)
			requireGolden(t, name+".yaml", string(made.YAML))
			requireGolden(t, name+".txt", accountOf(made.Lines))
			requireAccounted(t, source, made.Lines)
			judge(t, made)
		})
	}
}

func TestTheProductionChecklistComesBackWhole(t *testing.T) {
	source, err := os.ReadFile("testdata/production-checklist.md")
	require.NoError(t, err)
	made, err := importList(t, source, importer.Options{})
	require.NoError(t, err)
	known := production(t)
	require.Equal(t, known.Gates, made.Checklist.Gates)
	words := make(map[string]string) // as the list has them: with a colon, or a command in parentheses
	for entry := range made.Checklist.Items() {
		words[entry.Item.ID] = entry.Item.Text
	}
	want := make(map[string]string)
	for entry := range known.Items() {
		entry.Item.Text = words[entry.Item.ID]
		want[entry.Item.ID] = written(t, entry)
	}
	for entry := range made.Checklist.Items() {
		id := entry.Item.ID
		require.True(t, entry.Item.IsSupported(), "%s can be judged or signed", id)
		if is := find(known, id); !is.IsSupported() {
			require.Equal(t, append(kindsIn(&is.Clause), "attestation"), kindsIn(&entry.Item.Clause), "a signature stands in for %s", id)
		} else {
			require.Empty(t, cmp.Diff(want[id], written(t, entry)))
		}
		delete(want, id)
	}
	require.Empty(t, want)
}

// written is an item as a file has it, with where it stands.
func written(t *testing.T, entry checklist.Entry) string {
	t.Helper()
	item, err := yaml.Dump(entry.Item)
	require.NoError(t, err)
	return entry.Category.ID + " " + entry.Section.ID + " " + entry.Section.Title + "\n" + string(item)
}

func find(list *checklist.Checklist, id string) *checklist.Item {
	for entry := range list.Items() {
		if entry.Item.ID == id {
			return entry.Item
		}
	}
	return nil
}

func kindsIn(clause *checklist.Clause) (kinds []string) {
	for leaf := range clause.Leaves() {
		kinds = append(kinds, leaf.Kind)
	}
	return kinds
}

func TestBulletsAreTakenWhereThatIsWanted(t *testing.T) {
	source, err := os.ReadFile("testdata/bullets.md")
	require.NoError(t, err)
	_, err = importList(t, source, importer.Options{})
	require.EqualError(t, err, `found no item: expected lines such as "- [ ] Backups are restored"; --bullets takes what has no box too: 2 entries of lists`)
	made, err := importList(t, source, importer.Options{Bullets: true, Name: "own"})
	require.NoError(t, err)
	require.Equal(t, "own", made.Checklist.Name)
	requireGolden(t, "bullets.yaml", string(made.YAML))
	judge(t, made)
}

func TestEveryBoxIsAnItemOfItsOwn(t *testing.T) {
	const source = `# Launch

-[ ] Certificates are renewed automatically
• [ ] Fire drill held
(1) [ ] Budget agreed
a) [x] Owner named

| Area | Item |
| --- | --- |
| Security | <ul><li>[ ] Firewall enabled</li><li>[x] Guards hired</li></ul> |
| Security | [ ] Gates locked [ ] Keys counted |
| Security | [ ] Low [ ] N/A |
`
	made, err := importList(t, []byte(source), importer.Options{})
	require.NoError(t, err)
	var got []string
	for _, line := range made.Lines {
		for _, each := range line.Each() {
			if each.ID != "" {
				got = append(got, fmt.Sprint(each.Number, " ", each.Became, " ", each.ID, " ", each.Known))
			}
		}
	}
	require.Equal(t, []string{
		"3 check general.certificates-renewed-automatically tls.renewal",
		"4 attestation general.fire-drill-held ",
		"5 attestation general.budget-agreed ",
		"6 attestation general.owner-named ",
		"10 check general.firewall-enabled access.firewall",
		"10 attestation general.guards-hired ",
		"11 attestation general.gates-locked ",
		"11 attestation general.keys-counted ",
		"12 attestation general.security ",
	}, got)
	require.Contains(t, string(made.YAML), "# line 10: high match with access.firewall\n    - id: general.firewall-enabled")
	require.Contains(t, string(made.YAML), "# line 10: an attestation\n    - id: general.guards-hired")
}

// What people have signed is found by the id, so that it must not hang on where a line stands.
func TestLinesInOtherScriptsKeepTheirIDs(t *testing.T) {
	ids := func(lines ...string) map[string]string {
		made, err := importList(t, []byte("# 清单\n## 安全\n- [ ] "+strings.Join(lines, "\n- [ ] ")+"\n"), importer.Options{})
		require.NoError(t, err)
		found := make(map[string]string)
		for entry := range made.Checklist.Items() {
			found[entry.Item.Text] = entry.Item.ID
		}
		return found
	}
	before, after := ids("防火墙已启用", "证书自动续期"), ids("备份", "证书自动续期", "防火墙已启用")
	require.Len(t, after, 3)
	for text, id := range before {
		require.Equal(t, id, after[text])
	}
}

func TestAListWithoutItemsIsAnError(t *testing.T) {
	const none = `found no item: expected lines such as "- [ ] Backups are restored"`
	for source, want := range map[string]string{
		"": none, "\n\n": none, "# Title\n\nSome text.\n": none,
		"```\n- [ ] code\n```\n":       none + "; lines with a box within code, running text or markup that is not read: 1",
		"\xff\xfe-\x00 \x00[\x00 \x00": "the file is in UTF-16: save it in UTF-8",
	} {
		_, err := importList(t, []byte(source), importer.Options{})
		require.EqualError(t, err, want)
	}
}

func FuzzImport(f *testing.F) {
	fixtures, err := filepath.Glob("testdata/*.md")
	require.NoError(f, err)
	for _, fixture := range fixtures {
		source, err := os.ReadFile(fixture)
		require.NoError(f, err)
		f.Add(source)
	}
	for _, seed := range []string{"- [ ] a\n- [ ] a\n", "## [\n- [ ] :\n", "a\n=\n- [x] - [ ] b", "* [ ] |\n  ***\n", "---\n---\n- [ ] x"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		made, err := importList(t, source, importer.Options{})
		if err != nil {
			return
		}
		requireAccounted(t, source, made.Lines)
		// Less than loading it as the exporter does, which would take all the time there is.
		var read checklist.Checklist
		require.NoError(t, yaml.Load(made.YAML, &read, yaml.WithV4Defaults(), yaml.WithKnownFields()))
		require.Empty(t, read.Validate(nil))
	})
}
