package mistake_test

import (
	"errors"
	"fmt"
	"strings"
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
		{Path: []any{"name"}, Message: "name is missing", Public: "name is missing"},
		{Message: `mode "guess": expected one of auto, attest`, Public: "mode …: expected one of auto, attest"},
	}, list)
}

func TestWhatAFileSaysIsLeftOutForThePublic(t *testing.T) {
	err := fmt.Errorf("age: %w", mistake.Errorf("%q is no age of %d: expected %s, not %v", "hunter2", 7, "30s", errors.New("hunter2")))
	require.EqualError(t, err, `age: "hunter2" is no age of 7: expected 30s, not hunter2`)
	require.Equal(t, "… is no age of 7: expected 30s, not …", mistake.Public(err))
	require.Empty(t, mistake.Public(errors.New("hunter2")))
}

func TestLongValuesAreShortened(t *testing.T) {
	long := strings.Repeat("ä", 1000)
	require.Equal(t, `"`+strings.Repeat("ä", 199)+`…"`, mistake.New(nil, "%q", long).Message)
	require.Equal(t, "ääääääääää", mistake.Clip(long[:20]))
	require.Equal(t, "äääääääää…", mistake.Clip(long))
	require.Equal(t, `"a\x1b[31m"`, mistake.New(nil, "%q", "a\x1b[31m").Message)
}
