package quantity

import (
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// A Set is a closed set of values; its zero value knows them all.
type Set interface{ Values() []string }

// A Choice is one of a closed set of values, written as it stands there. The zero value is none of them.
type Choice[S Set] string

// UnmarshalText reads one of the values; the error names them, and the one that was probably meant.
func (c *Choice[S]) UnmarshalText(text []byte) error {
	var set S
	if values := set.Values(); !slices.Contains(values, string(text)) {
		return mistake.Errorf("%q is not allowed: expected one of %s%s",
			mistake.Clip(text), strings.Join(values, ", "), words.Suggestion(string(text), values))
	}
	*c = Choice[S](text)
	return nil
}

// ChoiceOf tells whether a value is among choices.
func ChoiceOf[S Set](choices []Choice[S], value string) bool {
	return slices.Contains(choices, Choice[S](value))
}
