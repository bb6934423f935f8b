package prose_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/prose"
)

func anchors(text *prose.Text) (names []string) {
	for name := range text.Anchors {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func TestMarkdown(t *testing.T) {
	text := prose.Read(prose.Markdown, []byte("---\ntitle: Roll back\n---\n# Roll back *now*\n\nWhen `DATABASE_URL` is wrong, or API_KEY.\n\n"+
		"## Steps\n\n1. Run [the script](../bin/roll.sh).\n2. TODO\n\n```mermaid\ngraph TD\n```\n\n```sh\nexport SHOP_TOKEN=x # TODO words that are code\n```\n\n"+
		"![shop](shop.png) and <img src=\"b.png\"> <a name=\"Custom\"></a>\n\n| a | b |\n|---|---|\n| `CELL_NAME` | two words |\n"))
	require.Equal(t, []prose.Heading{{Text: "Roll back now", Level: 1, Words: 16}, {Text: "Steps", Level: 2, Words: 10}}, text.Headings)
	require.Equal(t, 16, text.Words)
	require.Equal(t, []prose.Point{{Line: 11, Text: "TODO"}}, text.Placeholders)
	require.Equal(t, []prose.Point{{Line: 10, Text: "../bin/roll.sh"}}, text.Links)
	require.Equal(t, []prose.Point{{Line: 21, Text: "shop.png"}, {Line: 21, Text: "b.png"}}, text.Images)
	require.Equal(t, 1, text.Diagrams)
	require.Equal(t, []string{"Custom", "roll-back-now", "steps"}, anchors(text))
	for _, term := range []string{"API_KEY", "CELL_NAME", "DATABASE_URL", "SHOP_TOKEN"} {
		require.Contains(t, text.Terms, term)
	}
	require.NotContains(t, text.Terms, "wrong")
}

// TestAnchorsAreThoseOfCodeHosts has what link checkers get wrong: brackets, doubled blanks, repeated headings, links and signs
// in headings.
func TestAnchorsAreThoseOfCodeHosts(t *testing.T) {
	text := prose.Read(prose.Markdown, []byte("# Estimator (MLE)\n# Has > Sign\n# Twice\n# Twice\n# [Linked](https://example.com) heading\n"+
		"# ⚠️ Disclaimer\n# Größe der `a_b`\n# Client/server\n## 1. First\n"))
	require.Equal(t, []string{
		"-disclaimer", "1-first", "clientserver", "estimator-mle", "größe-der-a_b", "has--sign", "linked-heading", "twice", "twice-1",
	}, anchors(text))
}

// TestAnchorsOfGenerators has what MkDocs, Hugo and Docusaurus take out of a heading.
func TestAnchorsOfGenerators(t *testing.T) {
	text := prose.Read(prose.Markdown, []byte("# Roll back {#back-out .wide}\n# {{ template }}\n# A { #b }\n"))
	require.Equal(t, []string{"-template-", "a", "a--b-", "b", "back-out", "roll-back", "roll-back-back-out-wide"}, anchors(text))
	require.Equal(t, "Roll back", text.Headings[0].Text)
}

func TestAFootnoteIsNoLink(t *testing.T) {
	text := prose.Read(prose.Markdown, []byte("Roll back[^1] at once.\n\n[^1]: Soon.\n"))
	require.Empty(t, text.Links)
	require.Equal(t, 5, text.Words)
}

func TestPlaceholdersAreNotTakenForText(t *testing.T) {
	for content, found := range map[string]bool{
		"TODO: write this": true, "Lorem ipsum dolor sit amet": true, "Steps to be defined": true, "<insert name here>": false,
		"\\<insert name here>": true, "[insert date]": true, "Coming soon": true, "TBD": true,
		"Buy milk from the todo list": false, "The method of the To Do app": false, "Todos los pedidos": false, "`TODO` is a comment": false,
	} {
		text := prose.Read(prose.Markdown, []byte(content))
		require.Equal(t, found, len(text.Placeholders) > 0, content)
		if found {
			require.Zero(t, text.Words, content)
		}
	}
}

func TestWordsAreCountedInAnyScript(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "one, two – three": 3, "don't": 1, "回滚步骤": 2, "先 restore 数据库": 3, "שלום עולם": 2, "--- ***": 0,
	} {
		require.Equal(t, want, prose.Count(text), text)
	}
}

func TestOtherFormats(t *testing.T) {
	for format, content := range map[prose.Format]string{
		prose.ASCIIDoc:         "= Roll back\n\n// a comment\nDo it now.\n\n== Steps\n\nOne two.\n\n[mermaid]\n----\ngraph\n----\n\nimage::shop.png[]\n",
		prose.ReStructuredText: "=========\nRoll back\n=========\n\nDo it now.\n\nSteps\n-----\n\nOne two.\n\n.. graphviz::\n\n   digraph {}\n\n.. image:: shop.png\n",
		prose.HTML: "<html><head><title>x</title></head><body><h1>Roll back</h1><p>Do it now.</p><script>a b c</script><h2>Steps</h2>" +
			"<p>One two.</p><img src=shop.png></body></html>",
	} {
		text := prose.Read(format, []byte(content))
		var headings []string
		for _, heading := range text.Headings {
			headings = append(headings, heading.Text)
		}
		require.Equal(t, []string{"Roll back", "Steps"}, headings, format)
		require.Len(t, text.Images, 1, format)
		require.GreaterOrEqual(t, text.Words, 5, format)
		if format != prose.HTML {
			require.Equal(t, 1, text.Diagrams, format)
		}
	}
	require.Equal(t, 3, prose.Read(prose.Plain, []byte("one two three")).Words)
}

// TestWhatSurroundsAPageIsNotItsText has the frame of a site, and what a template of Confluence asks for and does not show.
func TestWhatSurroundsAPageIsNotItsText(t *testing.T) {
	text := prose.Read(prose.HTML, []byte("<nav><a href=other>Home</a> Runbooks Plans</nav><aside>Related</aside><main><h1>Roll back</h1><p>one two</p>"+
		"<p><ac:placeholder>Describe the steps</ac:placeholder></p></main><footer>Powered by</footer>"))
	require.Equal(t, 2, text.Words)
	require.Equal(t, 2, text.Headings[0].Words)
	require.Empty(t, text.Links)
}

func TestFormatsAreToldByNames(t *testing.T) {
	for name, want := range map[string]prose.Format{
		"a.md": prose.Markdown, "A.MD": prose.Markdown, "README": prose.Plain, "docs/readme.rst": prose.ReStructuredText, "a.adoc": prose.ASCIIDoc,
	} {
		format, is := prose.FormatOf(name)
		require.True(t, is, name)
		require.Equal(t, want, format, name)
	}
	for _, name := range []string{"LICENSE", "a.go", "a.png", "Makefile"} {
		_, is := prose.FormatOf(name)
		require.False(t, is, name)
	}
}

// TestHostileDocumentsTakeNoTime: what lies deep in itself costs parsers quadratic time.
func TestHostileDocumentsTakeNoTime(t *testing.T) {
	for _, content := range []string{
		strings.Repeat("> ", 20_000), strings.Repeat("[", 20_000), strings.Repeat("[a](", 20_000), strings.Repeat("* ", 20_000),
		strings.Repeat("`", 20_000), strings.Repeat("# a\n", 20_000), strings.Repeat("<a name=b>", 20_000), strings.Repeat("![", 20_000),
		strings.Repeat("- a\n", 20_000), strings.Repeat("a\n=\n", 20_000), strings.Repeat("|a", 20_000) + "\n" + strings.Repeat("|-", 20_000),
	} {
		for _, format := range []prose.Format{prose.Markdown, prose.HTML, prose.ASCIIDoc, prose.ReStructuredText} {
			text := prose.Read(format, []byte(content))
			require.LessOrEqual(t, len(text.Headings), 500)
			require.LessOrEqual(t, len(text.Links), 500)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("# a\n\n[b](c) `D_E`\n", 0)
	f.Add("<h1>a<p>b", 1)
	f.Add("= a\n----\nb", 2)
	f.Add("a\n=\n\n.. image:: b", 3)
	formats := []prose.Format{prose.Markdown, prose.HTML, prose.ASCIIDoc, prose.ReStructuredText, prose.Plain}
	f.Fuzz(func(t *testing.T, content string, format int) {
		text := prose.Read(formats[uint(format)%uint(len(formats))], []byte(content))
		require.GreaterOrEqual(t, text.Words, 0)
		lines := strings.Count(content, "\n") + 1
		for _, point := range slices.Concat(text.Links, text.Images, text.Placeholders) {
			require.Positive(t, point.Line)
			require.LessOrEqual(t, point.Line, lines)
		}
	})
}
