package mistake_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

func TestAPathThatIsExtendedStaysAsItIs(t *testing.T) {
	path := make([]any, 0, 8)
	path = append(path, "systems", 1)
	hosts := mistake.At(path, "hosts", 0)
	backups := mistake.At(path, "backups")
	require.Equal(t, []any{"systems", 1}, path)
	require.Equal(t, []any{"systems", 1, "hosts", 0}, hosts)
	require.Equal(t, []any{"systems", 1, "backups"}, backups)
	require.Equal(t, []any{"name"}, mistake.At(nil, "name"))
}

func TestMistakesAreListedInTheirOrder(t *testing.T) {
	var list mistake.List
	list.Add([]any{"name"}, "name is missing")
	list.Add(nil, "%s %q: expected one of %s", "mode", "guess", "auto, attest")
	require.Equal(t, mistake.List{
		{Path: []any{"name"}, Message: "name is missing"},
		{Message: `mode "guess": expected one of auto, attest`},
	}, list)
}
