package fact

import (
	"net/url"
	"slices"
)

// A MetricsExposure is how an address at which metrics could be had from outside answered there to somebody without a credential.
type MetricsExposure struct {
	Standpoint
	URL string `json:"url"`
	// Answers has one for each version of IP, as of an endpoint, and one over plain HTTP where the address is at the port of HTTPS.
	Answers []MetricsAnswer `json:"answers"`
	// NotTried are the versions of IP that its name has addresses of and the machine that asks cannot use.
	NotTried []IPVersion `json:"not_tried,omitempty"`
}

// A MetricsAnswer is one of these answers.
type MetricsAnswer struct {
	EndpointAnswer
	Plain             bool `json:"plain,omitempty"`              // over plain HTTP at port 80
	Connected         bool `json:"connected,omitempty"`          // the address took a connection
	CertificateWanted bool `json:"certificate_wanted,omitempty"` // the server asked for a client certificate
}

// Admission tells whether an answer shows metrics. An address to which there is no connection refuses nobody by that alone: from where
// nothing can be reached, each would.
func (a *MetricsAnswer) Admission() Admission {
	switch status := a.Status(); {
	case a.Exposition != nil && (a.Exposition.Families > 0 || a.Exposition.Typed):
		return AdmissionGranted
	case a.Failure == nil && (a.Cut || status >= 500 || slices.Contains([]int{0, 408, 425, 429}, status)):
		return AdmissionUnclear
	case a.Failure == nil, a.CertificateWanted && a.Failure.Reason != ReasonTimeout, a.sentElsewhere(),
		slices.Contains([]Reason{ReasonUnresolved, ReasonRefused, ReasonDenied}, a.Failure.Reason):
		return AdmissionRefused
	default:
		return AdmissionUnclear
	}
}

// sentElsewhere tells whether the address answered with the way to another server, such as one to log in at, which may not answer.
func (a *MetricsAnswer) sentElsewhere() bool {
	if len(a.Steps) == 0 {
		return false
	}
	from, wrong := url.Parse(a.Steps[0].URL)
	to, wrongToo := url.Parse(a.Steps[len(a.Steps)-1].RedirectsTo)
	return wrong == nil && wrongToo == nil && to.Hostname() != "" && to.Hostname() != from.Hostname()
}

// Dropped tells whether nothing came back at all: no connection, and no refusal of one.
func (a *MetricsAnswer) Dropped() bool {
	return a.Failure != nil && !a.Connected && len(a.Steps) == 0 &&
		slices.Contains([]Reason{ReasonTimeout, ReasonUnreachable}, a.Failure.Reason)
}

// Shown tells whether metrics are shown over one version of IP at least.
func (e *MetricsExposure) Shown() bool {
	return slices.ContainsFunc(e.Answers, func(a MetricsAnswer) bool { return a.Admission() == AdmissionGranted })
}

// MetricsExposures describes the facts of addresses that are to show metrics to nobody outside.
func MetricsExposures() *Kind[MetricsExposure] {
	return &Kind[MetricsExposure]{
		Name:    "metrics_exposure",
		Help:    "An address at which metrics could be had from outside, and how it answered there without a credential.",
		Subject: func(e *MetricsExposure) string { return e.URL + e.From() },
		Labels: []Label[MetricsExposure]{
			{Name: "url", Value: func(e *MetricsExposure) string { return e.URL }},
			{Name: LabelVantage, Value: func(e *MetricsExposure) string { return e.Vantage }},
		},
		Gauges: []Gauge[MetricsExposure]{{
			Name:  "metrics_exposed",
			Help:  "1 where metrics are shown outside to whoever asks without a credential; absent elsewhere.",
			Value: func(e *MetricsExposure) (float64, bool) { return 1, e.Shown() },
		}},
	}
}
