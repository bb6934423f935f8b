package importer

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/checklist"
)

// idWords is how many words of a text an id is made of, at most.
const idWords = 5

// A composer makes a checklist of a document.
type composer struct {
	*Importer
	options Options
	read    *document
	taken   map[string]bool // ids of categories, sections and items, each with its own prefix
	list    *checklist.Checklist
}

// compose makes the checklist, and notes of each line with an item what became of it.
func (i *Importer) compose(read *document, options Options) *checklist.Checklist {
	title := orElse(read.title, "Imported checklist")
	c := &composer{
		Importer: i, options: options, read: read, taken: make(map[string]bool),
	}
	c.list = &checklist.Checklist{Name: orElse(options.Name, c.slug(title, "imported")), Title: title}
	for _, section := range read.sections {
		if len(section.items) > 0 {
			c.section(section)
		}
	}
	c.accountForHeadings()
	c.list.Gates = c.gates()
	return c.list
}

// accountForHeadings notes of the headings without items of their own whether they are categories.
func (c *composer) accountForHeadings() {
	for _, section := range c.read.sections {
		if len(section.items) > 0 || len(section.path) == 0 {
			continue
		}
		heading := c.read.accounts[section.line]
		heading.Note = "no item stands beneath it"
		if len(section.path) > 1 {
			continue
		}
		for _, category := range c.list.Categories {
			if category.Title == section.path[0] {
				heading.ID, heading.Note = category.ID, "a category"
			}
		}
	}
}

// section adds what stands beneath one heading. Its category is the heading above it, or itself where there is none.
func (c *composer) section(from *section) {
	categoryTitle, sectionTitle := "General", "General"
	if len(from.path) > 0 {
		categoryTitle, sectionTitle = from.path[0], strings.Join(from.path[min(1, len(from.path)-1):], ", ")
	}
	matches := make([]match, len(from.items))
	for i, item := range from.items {
		matches[i] = c.matcher.find(item.raw, sectionTitle)
	}
	known := c.knownSection(sectionTitle, matches)
	category := c.category(categoryTitle, known)
	made := checklist.Section{Title: sectionTitle}
	if known != nil {
		made.ID = known.Section.ID
	} else {
		made.ID = c.free("section", c.slug(sectionTitle, "section"))
	}
	c.taken["section "+made.ID] = true
	ids := make(map[*item]string)
	for i, item := range from.items {
		each := c.item(item, matches[i], made.ID, known != nil)
		each.Parent = ids[item.parent]
		ids[item] = each.ID
		made.Items = append(made.Items, each)
	}
	category.Sections = append(category.Sections, made)
	if len(from.path) > 0 {
		c.read.accounts[from.line].ID = made.ID
	}
}

// knownSection tells whether a section is one that is known: it has its title, and an item of it.
func (c *composer) knownSection(title string, matches []match) *knownItem {
	for _, match := range matches {
		if match.confidence == Exact && match.item.section == plain(title) && !c.taken["section "+match.item.Section.ID] {
			return match.item
		}
	}
	return nil
}

// category gives the category of a title, which it makes where there is none yet.
func (c *composer) category(title string, known *knownItem) *checklist.Category {
	at := slices.IndexFunc(c.list.Categories, func(each checklist.Category) bool { return each.Title == title })
	if at < 0 {
		id := c.slug(title, "category")
		if known != nil && plain(known.Category.Title) == plain(title) {
			id = known.Category.ID
		}
		c.list.Categories = append(c.list.Categories, checklist.Category{ID: c.free("category", id), Title: title})
		at = len(c.list.Categories) - 1
	}
	return &c.list.Categories[at]
}

// item makes an item of a line, and notes that there.
func (c *composer) item(from *item, found match, section string, sectionIsKnown bool) checklist.Item {
	line := c.read.accounts[from.line]
	words := strings.TrimSuffix(from.text, ":")
	severity, isSaid := severityOf(from)
	each := checklist.Item{Text: words, Severity: severity, Mode: checklist.Attest, Clause: c.signature()}
	id := section + "." + c.slug(words, "item")
	if line.ID != "" { // A row of a table can have several items.
		others := append(line.Others, *line)
		others[len(others)-1].Others = nil
		*line = Line{Number: line.Number, Text: line.Text, Others: others}
	}
	line.Became = BecameAttestation
	if found.item != nil {
		known := found.item.Item
		each = *known
		each.Text, each.Parent, each.Since, each.Clause = words, "", 0, found.clause
		if isSaid {
			each.Severity = severity
		}
		if !known.IsSupported() {
			each.Clause, each.Mode = c.signable(each.Clause), signableMode(known.Mode)
		}
		if sectionIsKnown && found.confidence == Exact && strings.HasPrefix(known.ID, section+".") {
			id = known.ID
		}
		line.Known, line.Confidence = known.ID, found.confidence
		switch {
		case judged(known):
			line.Became = BecameCheck
		case known.MainKind() != checklist.AttestationKind:
			line.Awaited = true
		}
	}
	each.ID = c.free("item", id)
	line.ID, line.Note = each.ID, noteOf(from, found)
	return each
}

func joined(notes ...string) string {
	return strings.Join(slices.DeleteFunc(notes, func(note string) bool { return note == "" }), "; ")
}

// judged tells whether an item is judged by more than a signature in this version.
func judged(item *checklist.Item) bool {
	for leaf := range item.Leaves() {
		if leaf.Kind != checklist.AttestationKind && leaf.IsSupported() {
			return item.IsSupported()
		}
	}
	return false
}

// signature is the clause of what somebody signs.
func (c *composer) signature() checklist.Clause {
	scalar := func(text string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text} }
	return checklist.Clause{Kind: checklist.AttestationKind, Parameters: yaml.Node{
		Kind: yaml.MappingNode, Tag: "!!map", Style: yaml.FlowStyle,
		Content: []*yaml.Node{scalar("maximum_age"), scalar(c.options.MaximumAge.String())},
	}}
}

// signable lets a signature stand in for a clause that is not supported yet.
func (c *composer) signable(clause checklist.Clause) checklist.Clause {
	if len(clause.FirstOf) == 0 {
		clause = checklist.Clause{FirstOf: []checklist.Clause{clause}}
	}
	clause.Supported = nil
	clause.FirstOf = append(clause.FirstOf, c.signature())
	return clause
}

// signableMode is the mode of an item of a mode whose clause was made signable.
func signableMode(mode checklist.Mode) checklist.Mode {
	if mode == checklist.AutoAttest {
		return checklist.Auto // the signature is enough as long as nothing else is supported
	}
	return mode
}

// cloneClause copies a clause with all within it.
func cloneClause(clause checklist.Clause) checklist.Clause {
	clause.Parameters = clone(clause.Parameters)
	for _, list := range []*[]checklist.Clause{&clause.AllOf, &clause.AnyOf, &clause.FirstOf} {
		*list = slices.Clone(*list)
		for i, each := range *list {
			(*list)[i] = cloneClause(each)
		}
	}
	return clause
}

// clone copies a node with all within it: writing one changes it.
func clone(node yaml.Node) yaml.Node {
	node.Content = slices.Clone(node.Content)
	for i, each := range node.Content {
		copied := clone(*each)
		node.Content[i] = &copied
	}
	return node
}

// noteOf is what a reader should know of a line that became an item.
func noteOf(from *item, found match) string {
	var notes []string
	switch {
	case found.confidence == Medium:
		notes = append(notes, fmt.Sprintf("check whether it means the same as %q", found.item.Item.Text))
	case found.confidence == High:
		notes = append(notes, fmt.Sprintf("as %q", found.item.Item.Text))
	case found.item == nil && found.closest != nil && found.likeness >= mediumLikeness:
		notes = append(notes, fmt.Sprintf("it resembles %s, and does not mean the same", found.closest.Item.ID))
	case found.item == nil && found.closest != nil && found.likeness > noteworthyLikeness:
		notes = append(notes, fmt.Sprintf("the nearest known item, %s, has %.0f %% in common", found.closest.Item.ID, found.likeness*100))
	}
	if len(found.changed) > 0 {
		notes = append(notes, "with "+strings.Join(found.changed, ", ")+", as it says")
	}
	if len(found.unsaid) > 0 {
		notes = append(notes, "with "+strings.Join(found.unsaid, ", ")+", which it does not say")
	}
	if found.item != nil && found.item.Item.MainKind() != checklist.AttestationKind && !judged(found.item.Item) {
		notes = append(notes, "its check is not supported yet: somebody signs it until then")
	}
	if from.ticked {
		notes = append(notes, "that it was ticked counts for nothing")
	}
	return joined(notes...)
}

// gates are the known ones, where all that they name is here too; else one of everything.
func (c *composer) gates() []checklist.Gate {
	has := make(map[string]bool)
	for entry := range c.list.Items() {
		has["category "+entry.Category.ID], has["section "+entry.Section.ID], has["check "+entry.Item.ID] = true, true, true
	}
	all := func(prefix string, ids []string) bool {
		return !slices.ContainsFunc(ids, func(id string) bool { return !has[prefix+id] })
	}
	var gates []checklist.Gate
	for _, gate := range c.known.Gates {
		named := len(gate.Categories)+len(gate.Sections)+len(gate.Checks) > 0
		if !all("category ", gate.Categories) || !all("section ", gate.Sections) || !all("check ", gate.Checks) {
			return []checklist.Gate{{ID: "complete", Title: "Everything on the list"}}
		}
		if named || slices.Contains(gate.Severities, checklist.Critical) {
			gates = append(gates, gate)
		}
	}
	return gates
}

// free gives an id that is not taken yet, by a number where it must be.
func (c *composer) free(what, id string) string {
	candidate := id
	for n := 2; c.taken[what+" "+candidate]; n++ {
		candidate = fmt.Sprintf("%s-%d", id, n)
	}
	c.taken[what+" "+candidate] = true
	return candidate
}

// slug makes an id of the first words of a text; of one without a word in ASCII, by its checksum, so that what people have signed stays
// with its line wherever that goes.
func (c *composer) slug(text, otherwise string) string {
	words := strings.FieldsFunc(strings.ToLower(linkTarget.ReplaceAllString(text, "]")), func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	var telling []string
	for _, word := range words {
		if same, known := c.matcher.same[word]; same != "" || !known {
			telling = append(telling, word)
		}
	}
	if len(telling) == 0 {
		telling = words
	}
	if len(telling) == 0 && strings.ContainsFunc(text, unicode.IsLetter) {
		sum := fnv.New32a()
		_, _ = sum.Write([]byte(text))
		return fmt.Sprintf("%s-%08x", otherwise, sum.Sum32())
	}
	return orElse(strings.Join(telling[:min(idWords, len(telling))], "-"), otherwise)
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
