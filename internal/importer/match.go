package importer

import (
	_ "embed"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/checklist"
)

// How alike two texts must be, from 0 to 1, and by how much more than the next best.
const (
	mediumLikeness     = 0.6
	missingLikeness    = 0.7 // where one leaves out a word
	noteworthyLikeness = 0.3
	clearLead          = 0.1
)

//go:embed wordings.yaml
var wordings []byte

// A matcher finds the known item that means the same as a line.
type matcher struct {
	*vocabulary
	known  []knownItem
	weight map[string]float64 // of each word: the rarer among the known items, the more it says
}

type knownItem struct {
	checklist.Entry
	plain    string // its text, without what does not tell items apart
	section  string
	wordings []wording // its text first, and then other ways to say it
}

// A match is a known item, with how sure that is. Without an item, closest names the one that came nearest.
type match struct {
	item       *knownItem
	confidence Confidence
	clause     checklist.Clause // with the numbers of the line
	changed    []string         // parameters that the line's numbers changed
	unsaid     []string         // parameters that the line does not say
	closest    *knownItem
	likeness   float64
}

func newMatcher(known *checklist.Checklist) (*matcher, error) {
	others := make(map[string][]string)
	if err := yaml.Load(wordings, &others); err != nil {
		return nil, fmt.Errorf("read the wordings of items: %w", err)
	}
	vocabulary, err := newVocabulary()
	if err != nil {
		return nil, err
	}
	m := &matcher{vocabulary: vocabulary, weight: make(map[string]float64)}
	count := make(map[string]int)
	for entry := range known.Items() {
		item := knownItem{Entry: entry, plain: plain(entry.Item.Text), section: plain(entry.Section.Title)}
		item.wordings = m.wordingsOf(append([]string{entry.Item.Text}, others[entry.Item.ID]...))
		for word := range item.wordings[0].words {
			count[word]++
		}
		m.known = append(m.known, item)
	}
	for _, ids := range slices.Sorted(maps.Keys(others)) {
		if joint, is := together(known, ids); is {
			m.known = append(m.known, knownItem{Entry: joint, wordings: m.wordingsOf(others[ids])})
		}
	}
	for word, n := range count {
		m.weight[word] = math.Log(1 + float64(len(m.known))/float64(n))
	}
	return m, nil
}

func (v *vocabulary) wordingsOf(texts []string) (all []wording) {
	for _, text := range texts {
		nearly, isNearly := strings.CutSuffix(text, "?")
		each := v.wordingOf(nearly)
		each.nearly = isNearly
		all = append(all, each)
	}
	return all
}

// together makes one item of several, whose ids are joined by +, for lines that ask all of them.
func together(known *checklist.Checklist, ids string) (checklist.Entry, bool) {
	var joint checklist.Entry
	var texts []string
	for _, id := range strings.Split(ids, "+") {
		for entry := range known.Items() {
			if entry.Item.ID != id {
				continue
			}
			if joint.Item == nil {
				joint = checklist.Entry{Category: entry.Category, Section: entry.Section, Item: &checklist.Item{
					ID: ids, Severity: entry.Item.Severity, Mode: entry.Item.Mode,
				}}
			}
			if entry.Item.Severity.Weight() > joint.Item.Severity.Weight() {
				joint.Item.Severity = entry.Item.Severity
			}
			joint.Item.AllOf = append(joint.Item.AllOf, cloneClause(entry.Item.Clause))
			texts = append(texts, entry.Item.Text)
		}
	}
	if len(texts) < 2 {
		return checklist.Entry{}, false
	}
	joint.Item.Text = strings.Join(texts, " + ")
	return joint, true
}

// longestStatement is how long in bytes a line can be that says one thing.
const longestStatement = 1000

// find gives the best match of a line that stands in a section.
func (m *matcher) find(text, section string) match {
	if len(text) > longestStatement {
		return match{}
	}
	for _, same := range []string{text, withoutLabel(text)} {
		if found := m.exact(same, section); found != nil {
			return match{item: found, confidence: Exact, clause: cloneClause(found.Item.Clause)}
		}
	}
	text = withoutLabel(text)
	line := m.wordingOf(text)
	// It is to be filled in, is something to look for, or heads what stands beneath it.
	if form.MatchString(text) || search.MatchString(text) || strings.HasSuffix(text, ":") {
		return match{}
	}
	found := m.best(line, line)
	if found.confidence < high {
		found = m.bestPart(text, line, found)
	}
	if found.confidence == unmatched {
		return match{closest: found.item, likeness: found.likeness}
	}
	made := match{item: found.item, clause: cloneClause(found.item.Item.Clause), confidence: High}
	made.changed, _ = takeNumbers(found.item.Item.ID, &made.clause, line, found.wording)
	made.unsaid = unsaid(found.item.Item.ID, &made.clause, line)
	if found.confidence < high || len(made.unsaid) > 0 {
		made.confidence = Medium
	}
	return made
}

// bestPart gives the item that a part of a line matches, where the whole has no better and no other part has another.
func (m *matcher) bestPart(text string, line wording, best candidate) candidate {
	var found candidate
	for _, part := range partsOf(text) {
		each := m.best(m.wordingOf(part), line)
		switch {
		case each.confidence < high: // it leaves out more than what it explains
		case found.item != nil && found.item != each.item && !sameCheck(found.item, each.item):
			return candidate{item: best.item, likeness: best.likeness}
		default:
			found = each
		}
	}
	if found.item == nil {
		return best
	}
	found.confidence = medium
	return found
}

// A sureness is a confidence that can be compared.
type sureness int

const (
	unmatched sureness = iota
	medium
	high
)

// A candidate is a known item that may mean the same as a line.
type candidate struct {
	item       *knownItem
	wording    wording // the one that came nearest
	confidence sureness
	likeness   float64
}

// exact gives the item of the same words, that of the section where there are several.
func (m *matcher) exact(text, section string) (found *knownItem) {
	words, line := plain(text), m.wordingOf(text)
	for i := range m.known {
		item := &m.known[i]
		if words == "" || item.plain != words || !slices.EqualFunc(line.numbers, item.wordings[0].numbers, number.same) {
			continue
		}
		if found == nil || item.section == plain(section) && found.section != plain(section) {
			found = item
		}
	}
	return found
}

// best gives the item that a part of a line comes nearest to, as far as nothing else does. The whole line must not turn
// the sense round.
func (m *matcher) best(part, whole wording) candidate {
	var best, second candidate
	for i := range m.known {
		if len(whole.numbers) == 0 && needsNumber(m.known[i].Item.ID) {
			continue
		}
		found := candidate{item: &m.known[i]}
		for _, each := range m.known[i].wordings {
			said := candidate{item: found.item, wording: each, likeness: m.likeness(part.words, each.words)}
			said.confidence = m.sure(part, whole, each, said.likeness)
			if said.confidence > unmatched && !said.takes(whole) {
				said.confidence = unmatched
			}
			found = found.orBetter(said)
		}
		if better := best.orBetter(found); better.item == found.item {
			best, second = found, best
		} else {
			second = second.orBetter(found)
		}
	}
	// What is known under several names, such as the same check in two sections, does not make a match less clear.
	if second.confidence > unmatched && second.confidence == best.confidence && best.likeness-second.likeness < clearLead &&
		!sameCheck(best.item, second.item) && !m.saySame(best.item.wordings[0], second.item.wordings[0]) {
		best.confidence = unmatched
	}
	return best
}

// takes tells whether the item has a place for each number of a line.
func (c candidate) takes(line wording) bool {
	clause := cloneClause(c.item.Item.Clause)
	_, fits := takeNumbers(c.item.Item.ID, &clause, line, c.wording)
	return fits
}

// orBetter is the candidate, or another that is better.
func (c candidate) orBetter(other candidate) candidate {
	if other.confidence > c.confidence || other.confidence == c.confidence && other.likeness > c.likeness {
		return other
	}
	return c
}

// sure says how sure it is that a part of a line says what a wording says.
func (v *vocabulary) sure(part, whole, known wording, likeness float64) sureness {
	if likeness < mediumLikeness || v.subject(part) == 0 ||
		!slices.Equal(part.markers, known.markers) || !slices.Equal(strong(whole.markers), strong(known.markers)) {
		return unmatched
	}
	extra, missing := v.without(part.words, known.words), v.without(known.words, part.words)
	switch {
	case len(extra) > 0, v.lacksPivotal(known, part):
		return unmatched
	case v.subject(known) == 1 && !v.saysNoMore(known, part):
		return unmatched // "alerts" says nothing of critical alerts
	case len(missing) > 0 && likeness < missingLikeness:
		return unmatched
	case len(missing) > 0, known.nearly, part.several && !known.several:
		return medium
	default:
		return high
	}
}

// lacksPivotal tells whether a text has a pivotal word that another has not, be it one that only says that something is there.
func (v *vocabulary) lacksPivotal(one, other wording) bool {
	for word := range one.words {
		if v.pivotal[word] && !other.words[word] {
			return true
		}
	}
	return false
}

// sameCheck tells whether two items are judged in the same way, other than by a signature.
func sameCheck(one, other *knownItem) bool {
	kind := one.Item.MainKind()
	return kind != checklist.AttestationKind && kind == other.Item.MainKind() &&
		parametersOf(one.Item.Main()) == parametersOf(other.Item.Main())
}

func parametersOf(clause *checklist.Clause) string {
	var texts []string
	for _, node := range clause.Parameters.Content {
		texts = append(texts, node.Value)
		for _, each := range node.Content {
			texts = append(texts, each.Value)
		}
	}
	return strings.Join(texts, "\n")
}

// likeness is how much of what two texts say they have in common: the weight of the words of both over that of all.
func (m *matcher) likeness(one, other map[string]bool) float64 {
	both, all := 0.0, 0.0
	for word := range one {
		weight := m.weightOf(word)
		all += weight
		if other[word] {
			both += weight
		}
	}
	for word := range other {
		if !one[word] {
			all += m.weightOf(word)
		}
	}
	if all == 0 {
		return 0
	}
	return both / all
}

// weightOf is a word's weight; one that no known item has says as much as the rarest, and one that fills next to nothing.
func (m *matcher) weightOf(word string) float64 {
	if m.filler[word] {
		return fillerWeight
	}
	if weight, known := m.weight[word]; known {
		return weight
	}
	return math.Log(1 + float64(len(m.known)))
}

const fillerWeight = 0.1

var (
	imperative = regexp.MustCompile(`(?i)^(?:verify|check|confirm|validate)(?: that)? (.+)`)
	search     = regexp.MustCompile(`(?i)^(?:check|look|watch|search) for `) // what to look for is not what there should be
	leadIn     = regexp.MustCompile(`^([^:]{3,60}?)(?::| [-–—] )\s+\S`)
	form       = regexp.MustCompile(`_{3,}`) // something is to be filled in
	inBrackets = regexp.MustCompile(`\s*\([^()]*\)`)
)

// partsOf gives what a line says before a colon or a dash, and without what stands in brackets, which explains it, often; and
// what it tells people to verify.
func partsOf(text string) (parts []string) {
	if short := inBrackets.ReplaceAllString(text, ""); short != text && strings.ContainsFunc(short, isLetter) {
		parts = append(parts, short)
	}
	if statement := imperative.FindStringSubmatch(text); statement != nil {
		parts = append(parts, statement[1])
	}
	if lead := leadIn.FindStringSubmatch(text); lead != nil {
		parts = append(parts, lead[1])
	}
	return parts
}
