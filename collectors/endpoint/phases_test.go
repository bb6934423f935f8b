package endpoint

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// recorded keeps what was observed.
type recorded struct {
	mu     sync.Mutex
	phases map[string]time.Duration
	forgot []string
}

func (r *recorded) ObserveEndpoint(system, environment, url, phase string, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.phases[system+" "+environment+" "+url+" "+phase] += took
}

func (r *recorded) ForgetEndpoint(system, environment, url string) {
	r.forgot = append(r.forgot, system+" "+environment+" "+url)
}

func TestPhasesOfWholeAnswersAreObserved(t *testing.T) {
	// A client that is not run in time begins to count late, so that it sees a part of that alone.
	const slow, part = 200 * time.Millisecond, 50 * time.Millisecond
	status := http.StatusOK
	s := newSite(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			http.Redirect(w, r, "/next", http.StatusFound)
			return
		case "/cut":
			panic(http.ErrAbortHandler)
		}
		time.Sleep(slow)
		w.WriteHeader(status)
		_ = http.NewResponseController(w).Flush()
		time.Sleep(slow)
		answer(status, "late")(w, r)
	}, redirect(front))
	kept := &recorded{phases: make(map[string]time.Duration)}
	s.durations = kept
	described := system.System{Name: "shop", Environment: "production", Endpoints: []system.Endpoint{
		{URL: front, CAFile: s.ca, Expect: system.EndpointExpectation{Body: "late"}}, {URL: front + "cut", CAFile: s.ca},
	}}
	jobs := s.collector().Jobs(&described, fact.Needs{})
	for _, job := range jobs {
		_, err := job.Collect(t.Context(), nil)
		require.NoError(t, err)
	}
	of := func(phase string) time.Duration { return kept.phases["shop production "+front+" "+phase] }
	require.Len(t, kept.phases, 4, "connect, tls, processing and transfer of the answer that is whole: %v", kept.phases)
	require.Positive(t, of("connect"))
	require.Positive(t, of("tls"))
	require.GreaterOrEqual(t, of("processing"), part)
	require.GreaterOrEqual(t, of("transfer"), part)
	jobs[0].Forget()
	require.Equal(t, []string{"shop production " + front}, kept.forgot)
}
