package importer

import (
	"math"
	"regexp"
	"strings"
	"unicode"

	"github.com/readiness-exporter/readiness-exporter/checklist"
)

// How alike two items must be, from 0 to 1, and by how much more than the next best.
const (
	highLikeness   = 0.8
	mediumLikeness = 0.6
	clearLead      = 0.1
)

// A matcher finds the known item that means the same as a line.
type matcher struct {
	known  []knownItem
	weight map[string]float64 // of each word: the rarer among the known items, the more it says
}

type knownItem struct {
	checklist.Entry
	plain   string // its words, without what does not tell items apart
	section string
	words   map[string]bool
}

// A match is a known item, with how sure that is. Without an item, Closest names the one that came nearest.
type match struct {
	item       *knownItem
	confidence Confidence
	closest    *knownItem
	likeness   float64
}

func newMatcher(known *checklist.Checklist) *matcher {
	m := &matcher{weight: make(map[string]float64)}
	count := make(map[string]int)
	for entry := range known.Items() {
		item := knownItem{
			Entry: entry, plain: plain(entry.Item.Text), section: plain(entry.Section.Title), words: wordsOf(entry.Item.Text),
		}
		for word := range item.words {
			count[word]++
		}
		m.known = append(m.known, item)
	}
	for word, n := range count {
		m.weight[word] = math.Log(1 + float64(len(m.known))/float64(n))
	}
	return m
}

// find gives the best match of a line that stands in a section.
func (m *matcher) find(text, section string) match {
	words, plainText := wordsOf(text), plain(text)
	var exact, best, second *knownItem
	bestLikeness, secondLikeness := 0.0, 0.0
	for i := range m.known {
		item := &m.known[i]
		if item.plain == plainText && (exact == nil || item.section == plain(section) && exact.section != plain(section)) {
			exact = item
		}
		switch likeness := m.likeness(words, item.words); {
		case likeness > bestLikeness:
			best, second, bestLikeness, secondLikeness = item, best, likeness, bestLikeness
		case likeness > secondLikeness:
			second, secondLikeness = item, likeness
		}
	}
	// What is known under several names, such as the same check in two sections, does not make a match less clear.
	clear := second == nil || bestLikeness-secondLikeness >= clearLead || sameCheck(best, second)
	switch {
	case exact != nil:
		return match{item: exact, confidence: Exact}
	case bestLikeness >= highLikeness && clear:
		return match{item: best, confidence: High}
	case bestLikeness >= mediumLikeness && clear:
		return match{item: best, confidence: Medium}
	default:
		return match{closest: best, likeness: bestLikeness}
	}
}

// sameCheck tells whether two items are judged by the same kind of check, other than by a signature.
func sameCheck(one, other *knownItem) bool {
	kind := one.Item.MainKind()
	return kind != checklist.AttestationKind && kind == other.Item.MainKind()
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

// weightOf is a word's weight; one that no known item has says as much as the rarest.
func (m *matcher) weightOf(word string) float64 {
	if weight, known := m.weight[word]; known {
		return weight
	}
	return math.Log(1 + float64(len(m.known)))
}

var (
	codeInParentheses = regexp.MustCompile("\\s*\\(`[^`]*`\\)")
	linkTarget        = regexp.MustCompile(`\]\([^)]*\)`)
)

// plain is a text without what people write differently and mean alike: capitals, marks, a command in parentheses.
func plain(text string) string {
	text = codeInParentheses.ReplaceAllString(linkTarget.ReplaceAllString(text, "]"), "")
	return strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}), " ")
}

// wordsOf are the words of a text that tell what it is about, each in one form.
func wordsOf(text string) map[string]bool {
	words := make(map[string]bool)
	for _, word := range strings.Fields(plain(text)) {
		if same := sameWord(word); same != "" {
			words[same] = true
		}
	}
	return words
}

// sameWord gives a word in the one form that all its forms and synonyms have; "" for a word that says nothing.
func sameWord(word string) string {
	switch word {
	case "a", "an", "and", "any", "are", "as", "at", "be", "been", "by", "can", "do", "does", "for", "from", "has", "have", "if", "in",
		"into", "is", "it", "its", "of", "on", "or", "our", "that", "the", "their", "there", "this", "to", "up", "was", "we", "with",
		"you", "your", "all", "every", "each", "make", "sure", "ensure", "should", "must", "properly", "correctly", "e", "g", "etc":
		return ""
	case "k8s", "k3s":
		return "kubernete"
	case "db", "databases", "postgres", "postgresql":
		return "database"
	case "ssl", "https":
		return "tls"
	case "cert", "certs":
		return "certificate"
	case "pdb", "pdbs":
		return "disruption"
	case "hpa", "autoscaling", "autoscaler":
		return "scal"
	case "auto", "automatic", "automatically", "automated", "automate":
		return "auto"
	case "env":
		return "environment"
	case "prod":
		return "production"
	case "docs", "documented", "documentation":
		return "document"
	case "replica", "replicas", "instances":
		return "replica"
	case "defined", "set", "configured", "configure", "configuration", "enabled", "setup", "available", "exist", "exists", "place":
		return "set"
	case "tested", "verified", "checked", "testing", "tests", "verify":
		return "test"
	}
	for _, ending := range []string{"ations", "ation", "ings", "ing", "ies", "ied", "es", "ed", "s", "al"} {
		if stem, found := strings.CutSuffix(word, ending); found && len(stem) >= 4 {
			return stem
		}
	}
	return word
}
