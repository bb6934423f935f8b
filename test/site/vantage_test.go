package site_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks"
	"github.com/readiness-exporter/readiness-exporter/collectors"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/exchange"
	"github.com/readiness-exporter/readiness-exporter/internal/intake"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/web"
	"github.com/readiness-exporter/readiness-exporter/test/judging"
)

// A vantagePoint is an exporter elsewhere, which serves what it has collected as any exporter does.
type vantagePoint struct {
	name    string
	url     string
	current atomic.Pointer[[]*assess.Assessment]
}

// newVantagePoint serves one; it has collected nothing yet.
func newVantagePoint(t *testing.T, name string) *vantagePoint {
	t.Helper()
	v := &vantagePoint{name: name}
	sum := sha256.Sum256([]byte("token-of-the-exporter"))
	handler, err := web.Handler(web.Options{
		Metrics: http.NotFoundHandler(), Version: "1.2.3", Ready: func() bool { return v.current.Load() != nil },
		Assessments: func() []*assess.Assessment { return *v.current.Load() },
		Intake: intake.New(intake.Options{Now: time.Now, Tokens: func() []system.Token {
			return []system.Token{{
				Name: "main", SHA256: []string{hex.EncodeToString(sum[:])}, Systems: []string{"*/*"}, May: []string{system.MayFacts},
			}}
		}}),
	})
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	v.url = server.URL
	return v
}

// collect collects what there is now, by the same description.
func (v *vantagePoint) collect(t *testing.T, dir, description string) {
	t.Helper()
	file := filepath.Join(dir, "vantage.yml")
	require.NoError(t, os.WriteFile(file, []byte(description), 0o600))
	all, closeAll := collectors.All(collectors.Options{})
	defer closeAll()
	loaded, err := config.Load(file, config.Options{Kinds: checks.All(), Collectors: all})
	require.NoError(t, err)
	require.NoError(t, loaded.From(v.name, exchange.Kinds()))
	judged := judging.Assess(t, loaded.Plans, collectors.From(v.name, collectors.Options{}))
	v.current.Store(&judged)
}
