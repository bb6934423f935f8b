// Package checks lists every kind of check. To add one, write it as one file in the package of its category, and name it
// here.
package checks

import (
	"github.com/readiness-exporter/readiness-exporter/internal/check"
)

// All lists every kind of check.
func All() []check.Any {
	return []check.Any{}
}
