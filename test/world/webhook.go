package world

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/prometheus/common/model"
)

// A Webhook takes what Alertmanager posts to any path, and keeps it. What is not JSON fails the test.
type Webhook struct {
	URL string

	mu    sync.Mutex
	posts []Post
}

// A Post is one that was taken.
type Post struct {
	Path string
	Body []byte
}

// A Notification is the body of a post to a webhook_configs.
type Notification struct {
	Receiver string
	Status   model.AlertStatus
	Alerts   []NotifiedAlert
}

// A NotifiedAlert is one of those that a notification tells of.
type NotifiedAlert struct {
	Status      model.AlertStatus
	Labels      model.LabelSet
	Annotations model.LabelSet
}

// NewWebhook starts a server that takes what is posted until the test ends.
func NewWebhook(tb testing.TB) *Webhook {
	tb.Helper()
	w := &Webhook{}
	server := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		if err != nil || request.Method != http.MethodPost || !json.Valid(body) {
			tb.Errorf("webhook: unexpected %s %s (%v): %s", request.Method, request.URL, err, body)
			return
		}
		w.mu.Lock()
		w.posts = append(w.posts, Post{request.URL.Path, body})
		w.mu.Unlock()
		// Slack and PagerDuty want an answer of their own; each takes this for one.
		response.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(response, "ok")
	}))
	tb.Cleanup(server.Close)
	w.URL = server.URL
	return w
}

// Posts are those taken so far.
func (w *Webhook) Posts() []Post {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.posts)
}

// Notifications are those taken so far from a webhook_configs whose URL has this path.
func (w *Webhook) Notifications(tb testing.TB, path string) (found []Notification) {
	tb.Helper()
	for _, post := range w.Posts() {
		if post.Path != path {
			continue
		}
		var notification Notification
		if err := json.Unmarshal(post.Body, &notification); err != nil {
			tb.Fatalf("read a notification: %v", err)
		}
		found = append(found, notification)
	}
	return found
}
