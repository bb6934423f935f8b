package login

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/httpclient"
)

// maximumAnswer bounds what is read of an answer, in bytes: that on who is logged in is some hundred.
const maximumAnswer = 64 << 10

// A reply is what a server answered.
type reply struct {
	status int
	body   []byte
}

// get asks for an address, with the login of a target if it is to be tried.
func get(ctx context.Context, client *http.Client, address string, as *Target) (*reply, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", "readiness-exporter")
	if as != nil {
		request.SetBasicAuth(as.Username, as.Password.Reveal())
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, httpclient.Error(ctx, err)
	}
	defer response.Body.Close() // All that was wanted has been read.
	body, err := io.ReadAll(io.LimitReader(response.Body, maximumAnswer))
	if err != nil {
		return nil, httpclient.Error(ctx, fmt.Errorf("read the answer: %w", err))
	}
	return &reply{response.StatusCode, body}, nil
}

// unclear is why an answer says nothing of a login; nil: it does.
func (r *reply) unclear() error {
	switch {
	case r.status == http.StatusTooManyRequests:
		return fact.Errorf(fact.ReasonDenied, "the server answers 429: it takes no logins from here for now")
	case r.status >= http.StatusBadRequest && !slices.Contains(refusals(), r.status), r.status < http.StatusOK:
		return fact.Errorf(fact.ReasonFailed, "the server answers %d, which neither admits nor refuses", r.status)
	}
	return nil
}

// refusals are the statuses of whoever is not let in; 404 hides that there is anything.
func refusals() []int {
	return []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusProxyAuthRequired}
}

// refuses tells whether an answer sends away, or to another page, such as one to log in at.
func (r *reply) refuses() bool { return r.status >= 300 }

// tryHTTP asks without a login, and with it where that is refused.
func (p *prober) tryHTTP(ctx context.Context, t Target) (made outcome, err error) {
	client, err := p.client(t)
	if err != nil {
		return made, err
	}
	without, err := get(ctx, client, t.URL, nil)
	if err == nil {
		err = without.unclear()
	}
	if err != nil {
		return made, err
	}
	switch {
	case !without.refuses():
		made.open = true
		return made, nil
	case without.status == http.StatusNotFound:
		return made, fact.Errorf(fact.ReasonNotFound, "the server answers 404: declare an address that asks for a login")
	}
	made.sent = true
	with, err := get(ctx, client, t.URL, &t)
	if err == nil {
		err = with.unclear()
	}
	if err != nil {
		return made, err
	}
	if made.accepted = !with.refuses(); !made.accepted {
		made.refusal = fmt.Sprintf("it answers %d", with.status)
	}
	return made, nil
}

// A grafanaAnswer is of the API of Grafana: on whom it takes one for, or what is wrong.
type grafanaAnswer struct {
	Login     string `json:"login"`
	Name      string `json:"name"` // of an organization
	Message   string `json:"message"`
	MessageID string `json:"messageId"`
}

// grafana reads an answer of the API of Grafana.
func (r *reply) grafana() (read grafanaAnswer, err error) {
	if err := r.unclear(); err != nil {
		return read, err
	}
	if r.status >= 300 && r.status < 400 {
		return read, fact.Errorf(fact.ReasonUnsupported, "the server redirects (%d): declare the URL of Grafana itself", r.status)
	}
	if json.Unmarshal(bytes.TrimSpace(r.body), &read) != nil || read == (grafanaAnswer{}) {
		reason := fact.ReasonInvalid
		if r.refuses() {
			reason = fact.ReasonDenied
		}
		return read, fact.Errorf(reason, "the server answers %d, and not as the API of Grafana does", r.status)
	}
	return read, nil
}

// tryGrafana asks whom Grafana takes for whom: https://grafana.com/docs/grafana/latest/developers/http_api/user/#actual-user.
//
// Where anonymous access is on, a wrong login is passed over and answered as anonymous, so that an answer counts only if it names the
// user. Where basic authentication is off, a login is passed over, and the answer is the one without: that says nothing. While Grafana
// blocks a name, which takes five wrong logins of others within five minutes, it answers as to a wrong password, on purpose: the next
// try finds out.
func (p *prober) tryGrafana(ctx context.Context, t Target) (made outcome, err error) {
	client, err := p.client(t)
	if err != nil {
		return made, err
	}
	base := strings.TrimSuffix(t.URL, "/")
	organization, err := get(ctx, client, base+"/api/org", nil)
	if err != nil {
		return made, err
	}
	if _, err := organization.grafana(); err != nil {
		return made, err
	}
	made.open = !organization.refuses()
	without, err := get(ctx, client, base+"/api/user", nil)
	if err != nil {
		return made, err
	}
	nobody, err := without.grafana()
	switch {
	case err != nil:
		return made, err
	case !without.refuses():
		return made, fact.Errorf(fact.ReasonUnsupported, "something before Grafana logs everybody in: declare the URL of Grafana itself")
	}
	made.sent = true
	with, err := get(ctx, client, base+"/api/user", &t)
	if err != nil {
		return made, err
	}
	somebody, err := with.grafana()
	switch {
	case err != nil:
		return made, err
	case !with.refuses() && !strings.EqualFold(somebody.Login, t.Username):
		return made, fact.Errorf(fact.ReasonInvalid, "Grafana takes the user %s for another one", t.Username)
	case !with.refuses():
		made.accepted = true
	case made.open:
		// Whether it was refused is not known, and no matter.
	case with.status == without.status && somebody.Message == nobody.Message && somebody.MessageID == nobody.MessageID:
		return made, fact.Errorf(fact.ReasonUnsupported,
			"Grafana passes the login over, as where basic authentication is off (auth.basic): log in at its page to find out")
	default:
		made.refusal = fmt.Sprintf("it answers %d", with.status)
	}
	return made, nil
}
