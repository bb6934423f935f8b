package words_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

func TestTextsAreCutBetweenCharacters(t *testing.T) {
	require.Equal(t, "abc", words.Clip("abc", 3))
	require.Equal(t, "abc…", words.Clip("abcd", 3))
	require.Equal(t, "ab…", words.Clip("abéd", 3))
}

func TestTextsFromOutsideAreMadePrintable(t *testing.T) {
	require.Equal(t, " a b?c é ", words.Printable("\na\tb\xffc é\x7f", 20))
	require.Equal(t, "a ?…", words.Printable("a\x00\xffbc", 3))
}

func TestExcerpt(t *testing.T) {
	require.Equal(t, "one line of text", words.Excerpt(" one\nline\tof  text "))
	require.Equal(t, "no ? here", words.Excerpt("no \xff here"))
	require.Len(t, words.Excerpt(strings.Repeat("x", 1<<20)), 300+len(" …"))
}
