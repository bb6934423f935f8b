package docgen_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/intake"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/web"
)

// described serves a system of which every part of an answer is there once.
func described(t *testing.T) http.Handler {
	t.Helper()
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	loaded, err := config.For([]*system.System{{
		Name: "shop", Environment: "production", Description: "The shop.", Owner: "shop-team",
		Contacts: system.Contacts{
			Primary: &system.Contact{Name: "Ann", Phone: "+49 30 901820"}, Channel: "#shop",
			Escalation: []system.EscalationLevel{{After: quantity.Duration(time.Hour), Call: system.Contact{Name: "Bo", Email: "bo@shop-team.io"}}},
		},
		NotApplicable: []system.Exclusion{{Check: "domain.grafana", Reason: "There is none."}},
	}}, config.Options{Kinds: checks.All()})
	require.NoError(t, err)
	runs := []*fact.Run{
		collected(now, fact.Hosts(), fact.Host{Name: "server-1", Cores: 1}),
		{
			Collector: "backup", Target: "database", Interval: time.Hour, TriedAt: now, Declared: []fact.AnySet{fact.Backups().NoFacts()},
			Failure: &fact.Failure{Reason: fact.ReasonTimeout, Detail: "no answer within 5s"},
		},
		collected(now, fact.Attestations(), fact.Attestation{Check: "team.trained", By: "ann", At: now}),
		collected(now, fact.Waivers(), fact.Waiver{Check: "server.capacity", By: "ann", Reason: "ordered", Until: now.Add(time.Hour)}),
	}
	endpoint := fact.Endpoint{EndpointPlace: fact.EndpointPlace{URL: "https://shop.example.com/", Purpose: "front"}}
	fromFrankfurt := collected(now, fact.Endpoints(), endpoint)
	fromFrankfurt.Declared = []fact.AnySet{fact.Endpoints().Missing(endpoint)}
	judged := loaded.Plans[0].Assess(append(runs, fromFrankfurt), now, nil)
	judged.Plan.System.Vantage = "frankfurt"
	sum := sha256.Sum256([]byte(token))
	handler, err := web.Handler(web.Options{
		Metrics: http.NotFoundHandler(), Ready: func() bool { return true },
		Assessments: func() []*assess.Assessment { return []*assess.Assessment{judged} },
		Intake: intake.New(intake.Options{Now: time.Now, Tokens: func() []system.Token {
			return []system.Token{{Name: "main", SHA256: []string{hex.EncodeToString(sum[:])}, Systems: []string{"*/*"}, May: []string{system.MayFacts}}}
		}}),
	})
	require.NoError(t, err)
	return handler
}

// token lets read facts.
const token = "token-of-the-main-exporter"

// collected is a run that has collected one fact.
func collected[F any](now time.Time, kind *fact.Kind[F], f F) *fact.Run {
	return &fact.Run{
		Collector: kind.Name, Target: "here", Interval: time.Hour, Declared: []fact.AnySet{kind.NoFacts()},
		CollectedAt: now, TriedAt: now, Sets: []fact.AnySet{kind.Set(&fact.Set[F]{
			Facts: []*F{&f}, Unavailable: []fact.Unavailable[F]{{Subject: "other", Reason: fact.ReasonDenied, Topic: "topic", Detail: "no"}},
		})},
	}
}

func TestTheAPIAnswersWhatItsDescriptionSays(t *testing.T) {
	handler := described(t)
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	file, err := filepath.Abs(filepath.Join(reference, "openapi.json"))
	require.NoError(t, err)
	fill := strings.NewReplacer(
		"{system}", "shop", "{environment}", "production", "{gate}", "go-live", "{check}", "server.capacity")
	escape := strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D")
	for _, endpoint := range web.Endpoints() {
		for status, path := range map[string]string{
			"200": fill.Replace(endpoint.Path), "404": strings.ReplaceAll(endpoint.Path, "{system}", "nothing"),
		} {
			if status == "404" && !strings.Contains(endpoint.Path, "{") {
				continue
			}
			t.Run(path, func(t *testing.T) {
				schema, err := compiler.Compile("file://" + file + "#/paths/" + escape.Replace(endpoint.Path) +
					"/get/responses/" + status + "/content/application~1json/schema")
				require.NoError(t, err)
				recorded := httptest.NewRecorder()
				request := httptest.NewRequest(http.MethodGet, path, http.NoBody)
				request.RemoteAddr = "127.0.0.1:40000" // Details are shown to this machine alone.
				request.Header.Set("Authorization", "Bearer "+token)
				handler.ServeHTTP(recorded, request)
				value, err := jsonschema.UnmarshalJSON(bytes.NewReader(recorded.Body.Bytes()))
				require.NoError(t, err)
				require.NoError(t, schema.Validate(value), "%s", recorded.Body)
				requireKnown(t, schema, value)
			})
		}
	}
}

// requireKnown wants every key of an answer to be described.
func requireKnown(t *testing.T, schema *jsonschema.Schema, value any) {
	t.Helper()
	for schema.Ref != nil {
		schema = schema.Ref
	}
	switch value := value.(type) {
	case []any:
		for _, each := range value {
			if items, are := schema.Items2020, schema.Items2020 != nil; are {
				requireKnown(t, items, each)
			}
		}
	case map[string]any:
		for key, each := range value {
			property, known := schema.Properties[key]
			if len(schema.Properties) > 0 {
				require.True(t, known, "%s is not described", key)
				requireKnown(t, property, each)
			}
		}
	}
}
