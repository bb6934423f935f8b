package prose_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/prose"
)

func TestTheVocabularyHasNamesHoweverTheyAreWritten(t *testing.T) {
	for name, test := range map[string]struct {
		format prose.Format
		text   string
		has    string
		hasNot string // the name with another end, most of the time
	}{
		"in a sentence":                 {prose.Markdown, "All customers are kept.", "customers", "customer"},
		"in a heading":                  {prose.Markdown, "## orders\n\nText.\n", "orders", "order"},
		"as code":                       {prose.Markdown, "The table `orders`.", "orders", "code"},
		"in a table":                    {prose.Markdown, "| table | for |\n|---|---|\n| order_items | goods |\n", "order_items", "order"},
		"with its schema":               {prose.Markdown, "See `audit.orders`.", "orders", "order"},
		"in a link":                     {prose.Markdown, "[orders](orders.md)", "orders", "md"},
		"in a diagram of Mermaid":       {prose.Markdown, "```mermaid\nerDiagram\n  CUSTOMER ||--o{ ORDER : places\n```\n", "customer", "custom"},
		"in SQL, not quoted":            {prose.Markdown, "```sql\nCREATE TABLE Orders (id int);\n```\n", "orders", "order"},
		"in SQL, quoted":                {prose.Markdown, "```sql\nCREATE TABLE \"Order Items\" (id int);\n```\n", "Order Items", "order items2"},
		"in DBML":                       {prose.Plain, "Table orders {\n  id int\n}\n", "orders", "order"},
		"in Prisma, by another name":    {prose.Plain, "model Order {\n  @@map(\"orders\")\n}\n", "orders", "order_"},
		"in Prisma, as the model":       {prose.Plain, "model OrderItem {\n}\n", "OrderItem", "Order"},
		"with blanks, as code":          {prose.Markdown, "The table `Order Items`.", "Order Items", "Order  Items"},
		"with a hyphen":                 {prose.Markdown, "The table order-items.", "order-items", "order_items"},
		"in another alphabet":           {prose.Markdown, "Die Tabelle größen.", "größen", "größe"},
		"in a page":                     {prose.HTML, "<table><tr><td>orders</td><td>goods</td></tr></table>", "orders", "ordersgoods"},
		"in AsciiDoc":                   {prose.ASCIIDoc, "== Tables\n\n[source,sql]\n----\nCREATE TABLE orders ();\n----\n", "orders", "order"},
		"not in a comment of Markdown":  {prose.Markdown, "<!-- orders -->\n\nText.\n", "Text", "orders"},
		"not within another word":       {prose.Markdown, "The table old_orders.", "old_orders", "orders"},
		"not for a name that is quoted": {prose.Markdown, "The table orders.", "orders", "Orders"},
	} {
		t.Run(name, func(t *testing.T) {
			words, err := prose.Vocabulary(test.format, []byte(test.text))
			require.NoError(t, err)
			require.True(t, slices.IsSorted(words))
			require.Contains(t, words, test.has)
			require.NotContains(t, words, test.hasNot)
		})
	}
}

func TestTheVocabularyIsBounded(t *testing.T) {
	var text strings.Builder
	for i := range 60_000 {
		text.WriteString("w" + strconv.Itoa(i) + " ")
	}
	_, err := prose.Vocabulary(prose.Plain, []byte(text.String()))
	require.ErrorContains(t, err, "more than 50000 different words")
	words, err := prose.Vocabulary(prose.Plain, []byte(strings.Repeat("x", 1<<20)))
	require.NoError(t, err)
	require.Empty(t, words, "no name is that long")
}

func FuzzVocabulary(f *testing.F) {
	f.Add("# A `b c`\n\n\"d\" 'e' f-g\n", uint8(0))
	f.Fuzz(func(t *testing.T, text string, format uint8) {
		formats := []prose.Format{prose.Markdown, prose.HTML, prose.ASCIIDoc, prose.ReStructuredText, prose.Plain}
		words, err := prose.Vocabulary(formats[int(format)%len(formats)], []byte(text))
		require.NoError(t, err)
		for _, word := range words {
			require.LessOrEqual(t, len(word), 63)
		}
	})
}
