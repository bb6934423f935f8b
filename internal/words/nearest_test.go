package words_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

func TestTheNearestNameIsSuggested(t *testing.T) {
	known := []string{"minimum_size", "minimum_free_ratio", "purposes", "id"}
	for unknown, want := range map[string]string{
		"minimum_sise":                     `: did you mean "minimum_size"?`,
		"Purposes":                         `: did you mean "purposes"?`,
		"PURPOSE":                          `: did you mean "purposes"?`,
		"is":                               `: did you mean "id"?`,
		"size":                             "",
		"":                                 "",
		strings.Repeat("minimum_size", 20): "",
	} {
		require.Equal(t, want, words.Suggestion(unknown, known), unknown)
	}
}
