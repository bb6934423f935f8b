package prose

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

const (
	// maximumWords is how many different words of a document are kept.
	maximumWords = 50_000
	// longestName is how long a word is that can be a name of something in a database, in bytes: PostgreSQL cuts longer ones.
	longestName = 63
)

// Vocabulary gives the words of a document that can be names of things in a database, sorted: identifiers, and texts between quotation
// marks and in code, as names with blanks are written. Each is there as it is written, and with A to Z in lower case, as PostgreSQL
// takes it where it is not quoted. A document with more words than are kept is an error: what is not among them might be in it.
func Vocabulary(format Format, content []byte) ([]string, error) {
	r := newReader()
	r.vocabulary = make(map[string]bool)
	r.read(format, content)
	if len(r.vocabulary) > maximumWords {
		return nil, fmt.Errorf("the document has more than %d different words", maximumWords)
	}
	all := make([]string, 0, len(r.vocabulary))
	for word := range r.vocabulary {
		all = append(all, word)
	}
	slices.Sort(all)
	return all, nil
}

// quoted is what stands between quotation marks of a database, in one line.
var quoted = regexp.MustCompile("\"[^\"\\n]+\"|`[^`\\n]+`|'[^'\\n]+'")

// name notes the words of a text; code: the whole of it can be one, too.
func (r *reader) name(text string, code bool) {
	if r.vocabulary == nil {
		return
	}
	if code {
		r.word(strings.TrimSpace(text))
	}
	for _, each := range quoted.FindAllString(text, -1) {
		r.word(each[1 : len(each)-1])
	}
	for _, word := range strings.FieldsFunc(text, notInIdentifier) {
		r.word(word)
		for _, part := range strings.Split(word, "-") {
			r.word(part)
		}
	}
}

// word notes one word, as it is written and folded as PostgreSQL does.
func (r *reader) word(text string) {
	if text == "" || len(text) > longestName || len(r.vocabulary) > maximumWords {
		return
	}
	r.vocabulary[text] = true
	folded := strings.Map(func(c rune) rune {
		if c >= 'A' && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}, text)
	r.vocabulary[folded] = true
}

func notInIdentifier(c rune) bool {
	return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !unicode.IsMark(c) && c != '_' && c != '$' && c != '-'
}
