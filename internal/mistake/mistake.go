// Package mistake describes what is wrong with a piece of configuration: where, as a path of keys and indexes, and
// what was expected. Whoever read the file turns the path into file, line and column.
package mistake

import "fmt"

// A Mistake is one thing wrong with a configuration.
type Mistake struct {
	Path    []any  // keys (string) and list indexes (int) from the top
	Message string // what is wrong, and what was expected
}

// A List collects mistakes, so that all are reported in one go.
type List []Mistake

// Add notes a mistake at a path.
func (l *List) Add(path []any, format string, args ...any) {
	*l = append(*l, Mistake{Path: path, Message: fmt.Sprintf(format, args...)})
}

// At extends a path by keys and indexes; the path given stays as it is.
func At(path []any, more ...any) []any {
	return append(append(make([]any, 0, len(path)+len(more)), path...), more...)
}
