package checklist_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/checklist"
)

func load(t *testing.T, data []byte) *checklist.Checklist {
	t.Helper()
	var c checklist.Checklist
	require.NoError(t, yaml.Load(data, &c, yaml.WithV4Defaults(), yaml.WithKnownFields()))
	return &c
}

func production(t *testing.T) *checklist.Checklist {
	t.Helper()
	return load(t, checklist.Production())
}

func TestProductionHasNoMistake(t *testing.T) {
	require.Empty(t, production(t).Validate(nil))
}

func TestProductionBytesAreTheCallers(t *testing.T) {
	clear(checklist.Production())
	require.Equal(t, "production", production(t).Name)
}

// An id is a label value that rules, dashboards and configurations refer to.
func TestProductionNeverRenamesAnItem(t *testing.T) {
	committed, err := os.ReadFile("testdata/ids.txt")
	require.NoError(t, err)
	var ids []string
	for entry := range production(t).Items() {
		ids = append(ids, entry.Item.ID)
	}
	require.Len(t, ids, 216)
	if diff := cmp.Diff(strings.Fields(string(committed)), ids); diff != "" {
		t.Errorf("ids differ from testdata/ids.txt (-want +got):\n%s", diff)
	}
}

// line is one item of the document the checklist was made from, with its headings.
type line struct {
	Category, Section, Parent, Text string
}

func TestProductionHoldsTheDocumentWordForWord(t *testing.T) {
	document, err := os.ReadFile("testdata/production-checklist.md")
	require.NoError(t, err)

	c := production(t)
	texts := make(map[string]string)
	var got []line
	for entry := range c.Items() {
		texts[entry.Item.ID] = entry.Item.Text
		got = append(got, line{
			Category: entry.Category.Title, Section: entry.Section.Title,
			Parent: texts[entry.Item.Parent], Text: entry.Item.Text,
		})
	}
	want := readDocument(string(document))
	require.Len(t, want, 216)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the checklist differs from the document (-document +checklist):\n%s", diff)
	}
	require.Equal(t, "Production Deployment Checklist", c.Title)
}

// readDocument gives the items of a Markdown task list; the colon that ends an item with parts is dropped.
func readDocument(document string) []line {
	var lines []line
	var category, section, last string
	for text := range strings.Lines(document) {
		text = strings.TrimRight(text, "\n")
		if heading, ok := strings.CutPrefix(text, "## "); ok {
			category, section = heading, ""
		}
		if heading, ok := strings.CutPrefix(text, "### "); ok {
			section = heading
		}
		if item, ok := strings.CutPrefix(text, "- [ ] "); ok {
			last = strings.TrimSuffix(item, ":")
			lines = append(lines, line{Category: category, Section: section, Text: last})
		}
		if item, ok := strings.CutPrefix(text, "  - [ ] "); ok {
			lines = append(lines, line{Category: category, Section: section, Parent: last, Text: item})
		}
	}
	return lines
}

func TestProductionCategoriesAreNamedAfterTheirTitles(t *testing.T) {
	notWord := regexp.MustCompile(`[^a-z0-9]+`)
	for _, category := range production(t).Categories {
		require.Equal(t, notWord.ReplaceAllString(strings.ToLower(category.Title), "-"), category.ID)
	}
}

// A kind is in the program or it is not, whichever item uses it.
func TestProductionAgreesWithItselfWhichKindsAreSupported(t *testing.T) {
	supported := make(map[string]bool)
	for entry := range production(t).Items() {
		for leaf := range entry.Item.Leaves() {
			if earlier, ok := supported[leaf.Kind]; ok {
				require.Equal(t, earlier, leaf.IsSupported(), "kind %s at %s", leaf.Kind, entry.Item.ID)
			}
			supported[leaf.Kind] = leaf.IsSupported()
		}
	}
}

// An item that is new says since when, so that whoever has pinned a version is not judged by it.
func TestProductionHasOneVersionSoFar(t *testing.T) {
	require.Equal(t, 1, production(t).CurrentVersion())
	for entry := range production(t).Items() {
		require.Zero(t, entry.Item.Since, entry.Item.ID)
	}
}

// Few losses call somebody: those that break users or lose data now, each with the reason beside it.
func TestProductionPagesFewAndSaysWhy(t *testing.T) {
	pages := 0
	for entry := range production(t).Items() {
		if entry.Item.Page {
			pages++
			require.Equal(t, checklist.Critical, entry.Item.Severity, entry.Item.ID)
		}
	}
	require.LessOrEqual(t, pages, 10)
	require.Len(t, regexp.MustCompile(`\n +page: true # \w.+`).FindAll(checklist.Production(), -1), pages)
}

func TestProductionGates(t *testing.T) {
	want := map[string]func(checklist.Entry) bool{
		"production": func(e checklist.Entry) bool { return e.Item.Severity == checklist.Critical },
		"pre-deployment": func(e checklist.Entry) bool {
			switch e.Category.ID {
			case "pre-deployment", "security", "application", "kubernetes", "observability", "testing":
				return e.Item.Severity != checklist.Info
			}
			return false
		},
		"go-live": func(e checklist.Entry) bool { return e.Section.Title == "Before Going Live" },
		"post-deployment": func(e checklist.Entry) bool {
			return e.Item.Severity != checklist.Info &&
				(e.Section.Title == "Post-Deployment" || e.Section.Title == "Go-Live Verification")
		},
		"recovery": func(e checklist.Entry) bool {
			return e.Item.Severity != checklist.Info && e.Category.Title == "Backup & Recovery"
		},
	}
	c := production(t)
	require.Len(t, c.Gates, len(want))
	for _, gate := range c.Gates {
		t.Run(gate.ID, func(t *testing.T) {
			require.Contains(t, want, gate.ID)
			for entry := range c.Items() {
				require.Equal(t, want[gate.ID](entry), gate.Selects(entry), entry.Item.ID)
			}
		})
	}
}
