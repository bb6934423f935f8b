package fact

import "slices"

// An EndpointLogin is how an endpoint that wants a login answered with none, with a wrong one, and with the one for tests.
type EndpointLogin struct {
	URL     string         `json:"url"`
	Without EndpointAnswer `json:"without"`
	Wrong   EndpointAnswer `json:"wrong"`
	With    EndpointAnswer `json:"with"`
}

// An Admission is what an answer says to somebody.
type Admission string

// The admissions.
const (
	AdmissionGranted Admission = "granted" // what is there is shown
	AdmissionRefused Admission = "refused" // 401, 403, 404 or 407, or the way to another page, such as one to log in at
	AdmissionUnclear Admission = "unclear" // an error, or no answer
)

// Admission tells whether one of the answers shows what the login for tests is shown: a page elsewhere is none of it.
func (l *EndpointLogin) Admission(a *EndpointAnswer) Admission {
	status := a.Status()
	switch {
	case len(a.Steps) == 0:
		return AdmissionUnclear
	case slices.Contains([]int{401, 403, 404, 407}, a.Steps[len(a.Steps)-1].Status) || l.elsewhere(a):
		return AdmissionRefused
	case status >= 200 && status < 300:
		return AdmissionGranted
	default:
		return AdmissionUnclear
	}
}

// elsewhere tells whether an answer leads to another page than the login for tests is led to.
func (l *EndpointLogin) elsewhere(a *EndpointAnswer) bool {
	return len(a.Steps) > 0 && len(l.With.Steps) > 0 && a.end() != l.With.end()
}

// end is where an answer leads in the end.
func (a *EndpointAnswer) end() string {
	last := a.Steps[len(a.Steps)-1]
	if last.RedirectsTo != "" {
		return last.RedirectsTo
	}
	return last.URL
}

// EndpointLogins describes the facts of endpoints that want a login.
func EndpointLogins() *Kind[EndpointLogin] {
	return &Kind[EndpointLogin]{
		Name:    "endpoint_login",
		Help:    "How an endpoint that wants a login answered with none, with a wrong one, and with the one for tests.",
		Subject: func(l *EndpointLogin) string { return l.URL },
	}
}
