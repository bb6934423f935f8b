// Package mistake describes what is wrong with a piece of configuration: where, as a path of keys and indexes, and
// what was expected. Whoever read the file turns the path into file, line and column.
//
// A message has two forms: one for the log and the terminal of whoever wrote the file, and one for anybody else, in which
// what the file says is left out. In formats of this package, %q and %v are for what a file says; %s and %d are for what
// the program knows, such as the values that it expects.
package mistake

import (
	"errors"
	"fmt"
)

// A Mistake is one thing wrong with a configuration.
type Mistake struct {
	Path    []any  // keys (string) and list indexes (int) from the top
	Message string // what is wrong, and what was expected
	Public  string // the same without what the file says; empty: nothing is known that could be said
}

// New makes a mistake at a path.
func New(path []any, format string, args ...any) Mistake {
	return Mistake{Path: path, Message: written(format, args, false), Public: written(format, args, true)}
}

// A List collects mistakes, so that all are reported in one go.
type List []Mistake

// Add notes a mistake at a path.
func (l *List) Add(path []any, format string, args ...any) {
	*l = append(*l, New(path, format, args...))
}

// At extends a path by keys and indexes; the path given stays as it is.
func At(path []any, more ...any) []any {
	return append(append(make([]any, 0, len(path)+len(more)), path...), more...)
}

// An Error is a message about a value whose place somebody else knows.
type Error struct{ message, public string }

// Errorf makes an error about a value.
func Errorf(format string, args ...any) error {
	return &Error{written(format, args, false), written(format, args, true)}
}

func (e *Error) Error() string { return e.message }

// Public is what may be said of an error to anybody: its message without what the file says; empty where that is not known.
func Public(err error) string {
	var known *Error
	if errors.As(err, &known) {
		return known.public
	}
	return ""
}

// shownCharacters is how much of a value a message repeats: enough to know it again, too little to give a secret away.
const shownCharacters = 10

// Clip shortens a value to what a message may repeat of it.
func Clip[T ~string | ~[]byte](value T) string {
	return shorten(string(value[:min(len(value), 4*(shownCharacters+1))]), shownCharacters)
}

// shorten keeps the beginning of a text that is longer than a number of characters.
func shorten(text string, characters int) string {
	if len(text) <= characters {
		return text
	}
	kept := []rune(text[:min(len(text), 4*(characters+1))])
	if len(kept) <= characters {
		return text
	}
	return string(kept[:characters-1]) + "…"
}

// longestQuoted is how many characters of a value a message quotes at most.
const longestQuoted = 200

func written(format string, args []any, public bool) string {
	shown := make([]any, len(args))
	for i, arg := range args {
		shown[i] = argument{arg, public}
	}
	return fmt.Sprintf(format, shown...)
}

// An argument of a message is left out of its public form where it is what a file says; else it is shortened.
type argument struct {
	value  any
	public bool
}

// Format writes the value, as far as it is shown.
func (a argument) Format(state fmt.State, verb rune) {
	ofFile := verb == 'q' || verb == 'v'
	text, isText := a.value.(string)
	switch {
	case ofFile && a.public:
		fmt.Fprint(state, "…")
	case verb == 'q' && isText:
		fmt.Fprintf(state, "%q", shorten(text, longestQuoted))
	default:
		fmt.Fprintf(state, fmt.FormatString(state, verb), a.value)
	}
}
