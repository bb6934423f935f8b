package importer

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"
)

//go:embed vocabulary.yaml
var vocabularyFile []byte

// A vocabulary is how words are read: vocabulary.yaml.
type vocabulary struct {
	compounds []compound
	marker    map[string]string // what a word turns round
	same      map[string]string // the form that words of one meaning have; "" of those that say nothing
	filler    map[string]bool
	bare      map[string]bool
	pivotal   map[string]bool
}

// A compound is replaced wherever it is found.
type compound struct {
	found *regexp.Regexp
	as    string
}

func newVocabulary() (*vocabulary, error) {
	var file struct {
		Compounds             []struct{ Found, As string }
		Markers, Same         map[string][]string
		Empty                 []string
		Bare, Filler, Pivotal []string
	}
	if err := yaml.Load(vocabularyFile, &file); err != nil {
		return nil, fmt.Errorf("read the vocabulary: %w", err)
	}
	v := &vocabulary{marker: byWord(file.Markers), same: byWord(file.Same)}
	for _, word := range file.Empty {
		v.same[word] = ""
	}
	v.filler, v.bare, v.pivotal = v.setOf(file.Filler, file.Bare), v.setOf(file.Bare), v.setOf(file.Pivotal)
	for _, each := range file.Compounds {
		found, err := regexp.Compile(each.Found)
		if err != nil {
			return nil, fmt.Errorf("read the vocabulary: compound %q: %w", each.As, err)
		}
		v.compounds = append(v.compounds, compound{found, each.As})
	}
	return v, nil
}

// byWord turns lists of words round.
func byWord(lists map[string][]string) map[string]string {
	names := make(map[string]string)
	for name, words := range lists {
		for _, word := range words {
			names[word] = name
		}
	}
	return names
}

// setOf is a set of words, each as it is listed and in the form that words have here.
func (v *vocabulary) setOf(lists ...[]string) map[string]bool {
	set := make(map[string]bool)
	for _, word := range slices.Concat(lists...) {
		set[word], set[v.sameWord(word)] = true, true
	}
	return set
}

// A wording is what a text says, as the matcher compares it.
type wording struct {
	plain   []string        // all words, as they are written
	words   map[string]bool // what it is about, each word in one form
	markers []string        // what turns its sense round, sorted
	numbers []number
	several bool // it may say more than one thing
	nearly  bool // it means nearly what its item asks
}

// wordingOf reads a text, in which code stands in backquotes.
func (v *vocabulary) wordingOf(text string) wording {
	text = v.simplify(text)
	numbers, rest := numbersIn(text)
	w := wording{plain: fieldsOf(text), words: make(map[string]bool), numbers: numbers, several: conjunction.MatchString(text)}
	w.read(rest, v)
	slices.Sort(w.markers)
	return w
}

var conjunction = regexp.MustCompile(`\band\b|[&/,;+]`)

// has tells whether a word is written in the text.
func (w *wording) has(word string) bool { return slices.Contains(w.plain, word) }

func fieldsOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// read sorts the words of a text into what it is about and what turns its sense round. A negation is kept with the word
// that it stands before: "not exposed" and "not tested" differ.
func (w *wording) read(text string, v *vocabulary) {
	negations := 0
	for _, word := range fieldsOf(text) {
		marker := v.markerOf(word)
		if marker == negation {
			negations++
			continue
		}
		if marker != "" {
			w.markers = append(w.markers, marker)
			continue
		}
		same := v.sameWord(word)
		if same == "" {
			continue
		}
		w.words[same] = true
		if negations > 0 && !v.filler[same] {
			for range negations {
				w.markers = append(w.markers, negation+" "+same)
			}
			negations = 0
		}
	}
	for range negations {
		w.markers = append(w.markers, negation)
	}
}

// subject is how many words say what a text is about, without those that fill a sentence.
func (v *vocabulary) subject(w wording) int { return len(v.without(w.words, nil)) }

// saySame tells whether two texts say the same.
func (v *vocabulary) saySame(w, other wording) bool {
	return len(v.without(w.words, other.words)) == 0 && len(v.without(other.words, w.words)) == 0 && slices.Equal(w.markers, other.markers)
}

// saysNoMore tells whether another text says no more than the first, but that it is there.
func (v *vocabulary) saysNoMore(first, other wording) bool {
	for word := range other.words {
		if !first.words[word] && !v.bare[word] {
			return false
		}
	}
	return true
}

var (
	codeInParentheses = regexp.MustCompile("\\s*\\(`[^`]*`\\)")
	linkTarget        = regexp.MustCompile(`\]\([^)]*\)`)
	condition         = regexp.MustCompile(`\s*\((?:if|when|where|as|optional|recommended)\b[^()]*\)`)
)

// simplify writes a text in small letters, without commands and conditions in parentheses, each compound in one way.
func (v *vocabulary) simplify(text string) string {
	text = strings.ToLower(codeInParentheses.ReplaceAllString(linkTarget.ReplaceAllString(text, "]"), ""))
	text = strings.NewReplacer("’", "'", "n't", "n not", "`", " ", "_", " ", "–", "-", "—", "-", "‑", "-").Replace(text)
	text = condition.ReplaceAllString(text, "")
	for _, each := range v.compounds {
		text = each.found.ReplaceAllString(text, each.as)
	}
	return text
}

// plain is a text without what people write differently and mean alike: capitals, marks, a command in parentheses.
func plain(text string) string {
	text = codeInParentheses.ReplaceAllString(linkTarget.ReplaceAllString(text, "]"), "")
	return strings.Join(fieldsOf(strings.ToLower(text)), " ")
}

// negation marks a word that denies the next one.
const negation = "not"

// markerOf gives what a word turns round in a sentence; "" for a word that turns nothing.
func (v *vocabulary) markerOf(word string) string {
	if rest, found := strings.CutPrefix(word, "un"); found && strings.HasSuffix(rest, "ed") && len(rest) > 4 && v.marker[word] == "" {
		return negation + " " + v.sameWord(rest)
	}
	return v.marker[word]
}

// strong leaves the markers that turn round what stands before them too: "Backups: none".
func strong(markers []string) []string {
	return slices.DeleteFunc(slices.Clone(markers), func(marker string) bool {
		return slices.Contains([]string{"before", "after", "during", "allow", "less"}, marker)
	})
}

// sameWord gives a word in the one form that all its forms and synonyms have; "" for a word that says nothing.
func (v *vocabulary) sameWord(word string) string {
	word = british.ReplaceAllString(word, "iz$1")
	if same, found := v.same[word]; found {
		return same
	}
	for _, ending := range []string{
		"ations", "ation", "ators", "ator", "ating", "ated", "ates", "ate", "ions", "ion", "ings", "ing", "ments", "ment", "ible", "able",
		"ies", "ied", "es", "ed", "s", "ly", "al", "y", "e",
	} {
		if stem, found := strings.CutSuffix(word, ending); found && len(stem) >= 4 {
			return single(stem)
		}
	}
	return single(word)
}

var british = regexp.MustCompile(`is(e|ed|es|ing|ation|ations)$`)

// single ends a word in one consonant where it ends in two: commit, committed.
func single(word string) string {
	if n := len(word); n > 4 && word[n-1] == word[n-2] {
		return word[:n-1]
	}
	return word
}

// without gives the words of one text that another has not, as far as they say something.
func (v *vocabulary) without(one, other map[string]bool) (rest []string) {
	for word := range one {
		if !other[word] && !v.filler[word] {
			rest = append(rest, word)
		}
	}
	return rest
}
