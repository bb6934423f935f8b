package words_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

func TestNumbersOfThings(t *testing.T) {
	require.Equal(t, "no pods", words.Count(0, "pod"))
	require.Equal(t, "1 pod", words.Count(1, "pod"))
	require.Equal(t, "2 pods", words.Count(2, "pod"))
	require.Equal(t, "are", words.Verb(0))
	require.Equal(t, "is", words.Verb(1))
	require.Equal(t, "are", words.Verb(2))
}

func TestLists(t *testing.T) {
	for _, c := range []struct {
		name  string
		names []string
		want  string
	}{
		{"nothing is none", nil, "none"},
		{"one is its name", []string{"a"}, "a"},
		{"two are joined by and", []string{"a", "b"}, "a and b"},
		{"the last of five is joined by and", []string{"a", "b", "c", "d", "e"}, "a, b, c, d and e"},
		{"of more the first five are named", []string{"a", "b", "c", "d", "e", "f", "g"}, "a, b, c, d, e and 2 more"},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, words.List(c.names)) })
	}
	require.Equal(t, "label team", words.Named("label", []string{"team"}))
	require.Equal(t, "labels team and cost-center", words.Named("label", []string{"team", "cost-center"}))
}
