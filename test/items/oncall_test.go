package items_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// TestTheItemsOnWhoIsOnCallPassAndBreak describes a rota for the weeks and a calendar for who stands in, then breaks them one by one. Both
// items read the same schedules, and no other item changes.
func TestTheItemsOnWhoIsOnCallPassAndBreak(t *testing.T) {
	both := itemsOf(t, fact.OnCallSchedules().Name)
	require.Equal(t, []string{"alerting.on-call", "team.on-call"}, both)
	folder := t.TempDir()
	wall := func(days int) string { return time.Now().UTC().AddDate(0, 0, days).Format("2006-01-02 15:04") }
	rota := func(start, days int, people ...string) map[string]any {
		return map[string]any{"rotas": []any{map[string]any{"people": people, "start": wall(start), "length": fmt.Sprintf("%dd", days)}}}
	}
	calendar := func(name string, days int) map[string]any {
		stamp := func(days int) string { return time.Now().UTC().AddDate(0, 0, days).Format("20060102T150405Z") }
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nSUMMARY:Ann\nDTSTART:%s\nDTEND:%s\nEND:VEVENT\n"+
			"BEGIN:VEVENT\nUID:2\nSUMMARY:Bob\nDTSTART:%s\nDTEND:%s\nEND:VEVENT\nEND:VCALENDAR\n", stamp(-3), stamp(2), stamp(2), stamp(days)), 0o600))
		return map[string]any{"calendars": []any{map[string]any{"path": path}}}
	}
	judge := func(t *testing.T, attested bool, schedules ...map[string]any) judged {
		t.Helper()
		system := map[string]any{"name": "shop", "environment": "production"}
		for i, schedule := range schedules {
			schedule["name"] = fmt.Sprintf("level-%d", i+1)
		}
		if len(schedules) > 0 {
			system["on_call"] = schedules
		}
		if attested {
			var signed []any
			for _, item := range both {
				signed = append(signed, map[string]any{"check": item, "by": "ann", "at": time.Now().UTC().Format(time.DateOnly)})
			}
			system["attestations"] = signed
		}
		content, err := yaml.Dump(map[string]any{"systems": []any{system}})
		require.NoError(t, err)
		w := reportedWorld{config: filepath.Join(t.TempDir(), "config.yaml")}
		require.NoError(t, os.WriteFile(w.config, content, 0o600))
		return w.judge(t)
	}
	sound := judge(t, false, rota(-8, 7, "Ann", "Bob"), calendar("sound.ics", 9))
	for _, item := range both {
		require.Equal(t, "pass", sound.statuses[item], sound.reasons[item])
	}
	for _, c := range []struct {
		name, status string
		reasons      []string
		attested     bool
		schedules    []map[string]any
	}{
		{"one person is the whole rota", "fail", []string{"same_person"}, false, []map[string]any{rota(-8, 7, "Ann")}},
		{"a calendar ends within the week", "fail", []string{"on_call_gap"}, false, []map[string]any{rota(-8, 7, "Ann", "Bob"), calendar("short.ics", 5)}},
		{"the rota begins tomorrow", "fail", []string{"nobody_on_call"}, false, []map[string]any{rota(1, 7, "Ann", "Bob")}},
		{"a signature says nothing where there is a schedule", "fail", []string{"nobody_on_call"}, true, []map[string]any{rota(1, 7, "Ann", "Bob")}},
		{"the calendar is gone", "unknown", []string{"not_collected"}, false, []map[string]any{{"calendars": []any{map[string]any{"path": filepath.Join(folder, "gone.ics")}}}}},
		{"nothing is declared", "undeclared", nil, false, nil},
		{"nothing is declared, and somebody signs", "pass", nil, true, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := judge(t, c.attested, c.schedules...)
			for _, item := range both {
				require.Equal(t, c.status, got.statuses[item], got.reasons[item])
				if c.reasons != nil {
					require.Equal(t, c.reasons, got.reasons[item])
				}
			}
			require.Empty(t, statusesBut(sound.statuses, got.statuses, both))
		})
	}
}
