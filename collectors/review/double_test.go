package review_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/readiness-exporter/readiness-exporter/collectors/review"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "token-of-the-exporter"

var now = time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)

// sha is a commit by one of its digits.
func sha(digit int) string { return fmt.Sprintf("%040x", digit+0xa00) }

// A reply is what a host answers.
type reply func(w http.ResponseWriter, r *http.Request)

func says(text string) reply {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }
}

// status answers with a status and headers, in pairs.
func status(code int, headers ...string) reply {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
	}
}

// A double stands in for a host, as its published description has it, and takes nothing that is not in its replies.
type double struct {
	address string
	headers map[string]string

	mu      sync.Mutex
	replies map[string]reply // by what is asked for, below the address
	asked   []string
}

func newDouble(t *testing.T, headers map[string]string) *double {
	t.Helper()
	d := &double{headers: headers, replies: make(map[string]reply)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.asked = append(d.asked, r.URL.RequestURI())
		answer := d.replies[r.URL.RequestURI()]
		if !assert.NotNil(t, answer, "nobody expects %s", r.URL.RequestURI()) || !assert.Equal(t, http.MethodGet, r.Method) {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		for name, value := range d.headers {
			assert.Equal(t, value, r.Header.Get(name), name)
		}
		w.Header().Set("Content-Type", "application/json")
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	d.address = server.URL
	return d
}

func (d *double) on(path string, answer reply) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.replies[path] = answer
}

// requests gives what was asked for since the last time.
func (d *double) requests() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	asked := d.asked
	d.asked = nil
	return asked
}

// A run collects one review, as often as it is called, at a time.
type run func(at time.Time) (*fact.ReviewedBranch, []fact.Gap, error)

func newRun(t *testing.T, declared system.Review) run {
	t.Helper()
	if declared.TokenFile == "" {
		declared.TokenFile = filepath.Join(t.TempDir(), "token")
		require.NoError(t, os.WriteFile(declared.TokenFile, []byte(token+"\n"), 0o600))
	}
	declared.Name, declared.Component = "shop", "api"
	clock := now
	jobs := review.New(func() time.Time { return clock }).Jobs(&system.System{Reviews: []system.Review{declared}}, fact.Needs{})
	require.Len(t, jobs, 1)
	return func(at time.Time) (*fact.ReviewedBranch, []fact.Gap, error) {
		clock = at
		sets, err := jobs[0].Collect(t.Context(), nil)
		if err != nil {
			require.NotContains(t, err.Error(), token)
			return nil, nil, err
		}
		require.Equal(t, 1, sets[0].Len())
		return sets[0].At(0).(*fact.ReviewedBranch), sets[0].Gaps(), nil
	}
}

// changes are the commits of a branch with the changes by which they came, in few words.
func changes(b *fact.ReviewedBranch) (texts []string) {
	for _, c := range b.Commits {
		text := c.Commit[37:]
		for _, tag := range c.Tags {
			text += " " + tag
		}
		switch {
		case c.Unavailable != "":
			text += " unavailable"
		case c.Change == nil:
			text += " pushed"
		default:
			text += " " + c.Change.Name + " " + c.Change.Author
			for _, a := range c.Change.Approvals {
				text += " " + a.By
				for _, flag := range []struct {
					is   bool
					text string
				}{{a.Rejected, "-rejected"}, {a.Dismissed, "-dismissed"}, {a.Bot, "-bot"}, {a.Unofficial, "-unofficial"}, {a.Stale, "-stale"}, {a.Undated, "-undated"}} {
					if flag.is {
						text += flag.text
					}
				}
			}
		}
		texts = append(texts, text)
	}
	return texts
}
