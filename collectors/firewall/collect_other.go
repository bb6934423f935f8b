//go:build !linux

package firewall

import (
	"runtime"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func collect(_, _ string) (*fact.Firewall, error) {
	return nil, fact.Errorf(fact.ReasonUnsupported, "this machine runs %s, and only the rules of Linux can be read", runtime.GOOS)
}
