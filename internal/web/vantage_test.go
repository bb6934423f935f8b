package web_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/exchange"
	"github.com/readiness-exporter/readiness-exporter/internal/intake"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/web"
)

// pulled are options of an exporter that knows two tokens, and keeps nothing.
func pulled(vantage string) web.Options {
	served := options()
	assessment := example()
	assessment.Plan.System = assessment.Plan.System.From(vantage)
	served.Assessments = func() []*assess.Assessment { return []*assess.Assessment{assessment} }
	hashed := func(token string) []string {
		sum := sha256.Sum256([]byte(token))
		return []string{hex.EncodeToString(sum[:])}
	}
	served.Intake = intake.New(intake.Options{Now: time.Now, Tokens: func() []system.Token {
		return []system.Token{
			{Name: "main", SHA256: hashed("of-main"), Systems: []string{"shop/*"}, May: []string{system.MayFacts}},
			{Name: "others", SHA256: hashed("of-others"), Systems: []string{"wiki/*"}, May: []string{system.MayFacts}},
			{Name: "ci", SHA256: hashed("of-ci"), Systems: []string{"*/*"}, Checks: []string{"*"}},
		}
	}})
	return served
}

func TestFactsAreHandedToWhoMayReadThem(t *testing.T) {
	const path = "/api/v1/systems/shop/production/vantage"
	for _, c := range []struct {
		name, vantage, path, token string
		status                     int
		contains                   string
	}{
		{"with its token", "frankfurt", path, "of-main", http.StatusOK, `"vantage":"frankfurt"`},
		{"without a token", "frankfurt", path, "", http.StatusUnauthorized, "No known token"},
		{"with a token that is none", "frankfurt", path, "of-nobody", http.StatusUnauthorized, "No known token"},
		{"with the token of a pipeline", "frankfurt", path, "of-ci", http.StatusForbidden, "does not permit facts of shop/production"},
		{"with a token for another system", "frankfurt", path, "of-others", http.StatusForbidden, "does not permit facts of shop/production"},
		{"from no vantage point", "", path, "of-main", http.StatusNotFound, "runs without --vantage.name"},
		{"of a system that is not there", "frankfurt", "/api/v1/systems/shop/staging/vantage", "of-main", http.StatusNotFound, "no system"},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer := askAs(t, pulled(c.vantage), http.MethodGet, c.path, func(r *http.Request) {
				if c.token != "" {
					r.Header.Set("Authorization", "Bearer "+c.token)
				}
			})
			require.Equal(t, c.status, answer.Code)
			require.Contains(t, answer.Body.String(), c.contains)
			require.Equal(t, "no-store", answer.Header().Get("Cache-Control"), "an old answer may pass for a new one")
			if c.status == http.StatusOK {
				_, err := exchange.Read(answer.Body.Bytes(), "shop", "production", "frankfurt")
				require.NoError(t, err)
			}
		})
	}
}

// A token that lets read facts lets do nothing else, also where its patterns are for everything.
func TestATokenThatReadsFactsSignsNothing(t *testing.T) {
	token := system.Token{Systems: []string{"*/*"}, Checks: []string{"*"}, May: []string{system.MayFacts}}
	for _, right := range system.Rights() {
		require.Equal(t, right == system.MayFacts, token.Permits(right, "shop/production", "quality.unit-tests"), right)
	}
}

// An exporter that has just begun asks for patience: that it has no such system would be a mistake to fix.
func TestAVantagePointThatBeginsIsNotReady(t *testing.T) {
	served := pulled("frankfurt")
	served.Assessments = func() []*assess.Assessment { return nil }
	served.Ready = func() bool { return false }
	answer := askAs(t, served, http.MethodGet, "/api/v1/systems/shop/production/vantage", func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer of-main")
	})
	require.Equal(t, http.StatusServiceUnavailable, answer.Code)
	require.Equal(t, "1", answer.Header().Get("Retry-After"))
}

func TestThePageOfAVantagePointSaysWhereItIs(t *testing.T) {
	require.Contains(t, ask(t, pulled("frankfurt"), "GET", "/systems/shop/production").Body.String(), "from the vantage point frankfurt alone")
	require.NotContains(t, ask(t, options(), "GET", "/systems/shop/production").Body.String(), "vantage point")
}
