package system_test

import (
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// now is when descriptions are validated.
var now = time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)

// mistakesOf are those of a description, as whoever wrote it reads them.
func mistakesOf(s *system.System, path ...any) mistake.List {
	list := s.Validate(path, now)
	for i := range list {
		list[i].Public = ""
	}
	return list
}
