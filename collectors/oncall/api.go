package oncall

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/httpclient"
	"github.com/readiness-exporter/readiness-exporter/internal/secret"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// An api is a schedule of a service that pages, and how that is asked.
type api struct {
	service, schedule       string
	base, tokenFile, caFile string
	scheme                  string            // before the token in Authorization
	headers                 map[string]string // of every request
	read                    func(ctx context.Context, a api, within fact.TimeSpan) (roster, error)
}

func apis(s system.OnCallSchedule) (all []api) {
	if p := s.PagerDuty; p != nil {
		all = append(all, api{
			service: "PagerDuty", schedule: p.Schedule, base: cmp.Or(p.URL, "https://api.pagerduty.com"), tokenFile: p.TokenFile,
			caFile: p.CAFile, scheme: "Token token=", read: pagerDuty,
			headers: map[string]string{"Accept": "application/vnd.pagerduty+json;version=2", "Content-Type": "application/json"},
		})
	}
	if o := s.Opsgenie; o != nil {
		all = append(all, api{
			service: "Opsgenie", schedule: o.Schedule, base: cmp.Or(o.URL, "https://api.opsgenie.com"), tokenFile: o.TokenFile,
			caFile: o.CAFile, scheme: "GenieKey ", read: opsgenie,
		})
	}
	if g := s.Grafana; g != nil {
		a := api{
			service: "Grafana OnCall", schedule: g.Schedule, base: g.URL, tokenFile: g.TokenFile, caFile: g.CAFile, read: grafana,
		}
		if g.GrafanaURL != "" {
			a.headers = map[string]string{"X-Grafana-URL": g.GrafanaURL}
		}
		all = append(all, a)
	}
	return all
}

// maximumAnswer is how long one answer may be, in bytes.
const maximumAnswer = 8 << 20

// attempts is how often a service is asked that answers that it is asked too often.
const attempts = 3

// get asks for something, and reads the answer. A service that is asked too often is given the time that it wants, if there is that much.
func (a api) get(ctx context.Context, path string, query url.Values, answer any) error {
	token, err := secret.Read(a.tokenFile, "")
	switch {
	case err != nil:
		return err
	case strings.TrimSpace(token.Reveal()) == "":
		return fact.Errorf(fact.ReasonInvalid, "the file %s is empty", a.tokenFile)
	}
	transport, err := httpclient.NewTransport(a.caFile)
	if err != nil {
		return err
	}
	defer transport.CloseIdleConnections()
	client := http.Client{
		Transport: transport,
		// A token is for the declared server alone.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for attempt := 1; ; attempt++ {
		content, wait, err := a.ask(ctx, &client, path, query, strings.TrimSpace(token.Reveal()))
		switch {
		case err == nil:
			if err := json.Unmarshal(content, answer); err != nil {
				return fact.Errorf(fact.ReasonInvalid, "the answer cannot be read as JSON of the API")
			}
			return nil
		case wait < 0 || attempt == attempts:
			return err
		}
		if deadline, limited := ctx.Deadline(); limited && time.Until(deadline) < wait {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(wait):
		}
	}
}

// ask asks once. Where that is too often it tells after which time it is not; else that is less than nothing.
func (a api) ask(ctx context.Context, client *http.Client, path string, query url.Values, token string) ([]byte, time.Duration, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(a.base, "/")+path+"?"+query.Encode(), nil)
	if err != nil {
		return nil, -1, fact.Errorf(fact.ReasonInvalid, "the URL of the API cannot be used")
	}
	request.Header.Set("Accept", "application/json")
	for name, value := range a.headers {
		request.Header.Set(name, value)
	}
	request.Header.Set("Authorization", a.scheme+token)
	response, err := client.Do(request)
	if err != nil {
		return nil, -1, httpclient.Error(ctx, err)
	}
	defer response.Body.Close() // All that was wanted has been read.
	if err := answered(response); err != nil {
		wait := time.Duration(-1)
		if response.StatusCode == http.StatusTooManyRequests {
			wait = patience(response.Header)
		}
		return nil, wait, err
	}
	content, err := body(ctx, response, maximumAnswer)
	return content, -1, err
}

// patience is how long a service that is asked too often wants to be left alone, as each of them says it.
func patience(header http.Header) time.Duration {
	for _, name := range []string{"Retry-After", "Ratelimit-Reset", "X-RateLimit-Period-In-Sec"} {
		if seconds, err := strconv.ParseUint(header.Get(name), 10, 16); err == nil {
			return time.Duration(seconds) * time.Second
		}
	}
	return 2 * time.Second
}

// missing is the error of an answer without what it ought to have.
func missing(what string) error {
	return fact.Errorf(fact.ReasonInvalid, "the answer has no %s", what)
}

// pagerDuty reads the final schedule, overrides included (GET /schedules/{id}).
func pagerDuty(ctx context.Context, a api, within fact.TimeSpan) (found roster, err error) {
	var answer struct {
		Schedule *struct {
			Final *struct {
				Entries *[]struct {
					Start time.Time  `json:"start"`
					End   *time.Time `json:"end"` // null: it does not end
					User  *struct {
						Summary string `json:"summary"`
					} `json:"user"`
				} `json:"rendered_schedule_entries"`
			} `json:"final_schedule"`
		} `json:"schedule"`
	}
	query := url.Values{
		"since": {within.Start.Format(time.RFC3339)}, "until": {within.End.Format(time.RFC3339)}, "time_zone": {"UTC"},
	}
	if err := a.get(ctx, "/schedules/"+url.PathEscape(a.schedule), query, &answer); err != nil {
		return found, err
	}
	if answer.Schedule == nil || answer.Schedule.Final == nil || answer.Schedule.Final.Entries == nil {
		return found, missing("schedule.final_schedule.rendered_schedule_entries")
	}
	for _, entry := range *answer.Schedule.Final.Entries {
		name, end := "", within.End
		if entry.User != nil {
			name = entry.User.Summary
		}
		if entry.End != nil {
			end = *entry.End
		}
		if entry.Start.IsZero() {
			return found, missing("start of an entry")
		}
		found.add(name, entry.Start, end)
	}
	return found, nil
}

var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// A recipient is who is notified in a period of Opsgenie: a user, or none.
type recipient struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// opsgenie reads the final timeline, overrides and forwarding included (GET /v2/schedules/{identifier}/timeline).
func opsgenie(ctx context.Context, a api, within fact.TimeSpan) (found roster, err error) {
	var answer struct {
		Data *struct {
			Parent struct {
				Enabled *bool `json:"enabled"`
			} `json:"_parent"`
			Final *struct {
				Rotations []struct {
					Periods []struct {
						Start     time.Time   `json:"startDate"`
						End       time.Time   `json:"endDate"`
						Recipient *recipient  `json:"recipient"`
						Flattened []recipient `json:"flattenedRecipients"` // of what has passed
					} `json:"periods"`
				} `json:"rotations"`
			} `json:"finalTimeline"`
		} `json:"data"`
	}
	kind := "name"
	if uuid.MatchString(a.schedule) {
		kind = "id"
	}
	query := url.Values{
		"identifierType": {kind}, "date": {within.Start.Format(time.RFC3339)},
		"interval": {strconv.Itoa((daysBefore + daysAfter) / 7)}, "intervalUnit": {"weeks"},
	}
	if err := a.get(ctx, "/v2/schedules/"+url.PathEscape(a.schedule)+"/timeline", query, &answer); err != nil {
		return found, err
	}
	if answer.Data == nil || answer.Data.Final == nil {
		return found, missing("data.finalTimeline")
	}
	found.disabled = answer.Data.Parent.Enabled != nil && !*answer.Data.Parent.Enabled
	for _, rotation := range answer.Data.Final.Rotations {
		for _, period := range rotation.Periods {
			if period.Start.IsZero() || period.End.IsZero() {
				return found, missing("startDate or endDate of a period")
			}
			all := period.Flattened
			if period.Recipient != nil {
				all = append(all, *period.Recipient)
			}
			for _, each := range all {
				if each.Type != "none" { // The rotation says that nobody is on call.
					found.add(each.Name, period.Start, period.End)
				}
			}
		}
	}
	return found, nil
}

// mostPages is how many pages of shifts are read.
const mostPages = 100

// grafana reads the final shifts, overrides included (GET /api/v1/schedules/{id}/final_shifts), page by page.
func grafana(ctx context.Context, a api, within fact.TimeSpan) (found roster, err error) {
	for page := 1; page <= mostPages; page++ {
		var answer struct {
			Next    *string `json:"next"`
			Results *[]struct {
				User  string    `json:"user_username"`
				Email string    `json:"user_email"`
				Start time.Time `json:"shift_start"`
				End   time.Time `json:"shift_end"`
			} `json:"results"`
		}
		query := url.Values{
			"start_date": {within.Start.Format(time.DateOnly)}, "end_date": {within.End.Format(time.DateOnly)}, "page": {strconv.Itoa(page)},
		}
		if err := a.get(ctx, "/api/v1/schedules/"+url.PathEscape(a.schedule)+"/final_shifts", query, &answer); err != nil {
			return found, err
		}
		if answer.Results == nil {
			return found, missing("results")
		}
		for _, shift := range *answer.Results {
			if shift.Start.IsZero() || shift.End.IsZero() {
				return found, missing("shift_start or shift_end of a shift")
			}
			found.add(cmp.Or(shift.User, shift.Email), shift.Start, shift.End)
		}
		// The address of the next page is not trusted with the token: only that there is one.
		if answer.Next == nil || *answer.Next == "" {
			return found, nil
		}
	}
	return found, fact.Errorf(fact.ReasonUnsupported, "the schedule has more than %d pages of shifts", mostPages)
}
