package main

import (
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestACommandWhoseOutputCannotBeWrittenFails(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, full.Close()) })
	for _, arguments := range [][]string{
		{"checklist", "list"}, {"checklist", "explain", "tls.renewal"}, {"check"}, {"check", "--output=json"}, {"facts"}, {"--version"},
	} {
		require.Equal(t, exitUnjudged, run(t.Context(), arguments, full, io.Discard), arguments)
	}
}
