package endpoint_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/endpoint"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// exposure is an address as it answers from Frankfurt.
func exposure(url string, answers ...fact.MetricsAnswer) fact.MetricsExposure {
	return fact.MetricsExposure{Standpoint: fact.Standpoint{Vantage: "frankfurt"}, URL: url, Answers: answers}
}

// stranger is an answer over IPv4 to whoever has no credential.
func stranger(status int, exposed *fact.EndpointExposition) fact.MetricsAnswer {
	return fact.MetricsAnswer{Connected: true, EndpointAnswer: fact.EndpointAnswer{
		IPVersion: fact.IPv4, Exposition: exposed, Steps: []fact.EndpointStep{{URL: address + "metrics", Status: status}},
	}}
}

func unreached(version fact.IPVersion, reason fact.Reason) fact.MetricsAnswer {
	return fact.MetricsAnswer{EndpointAnswer: fact.EndpointAnswer{IPVersion: version, Failure: &fact.Failure{Reason: reason, Detail: "it is away"}}}
}

func TestPrivateMetrics(t *testing.T) {
	const own = "http://app.example.com:9090/metrics"
	families := &fact.EndpointExposition{Families: 7}
	exposed := stranger(200, families)
	inClear := exposed
	inClear.IPVersion, inClear.Plain = "", true
	overIPv6 := exposed
	overIPv6.IPVersion = fact.IPv6
	silent := unreached(fact.IPv4, fact.ReasonTimeout)
	slow := silent
	slow.Connected = true
	cut := stranger(200, nil)
	cut.Cut = true
	wanted := unreached(fact.IPv4, fact.ReasonInvalid)
	wanted.Connected, wanted.CertificateWanted = true, true
	for name, c := range map[string]struct {
		from []fact.MetricsExposure
		want []checktest.Finding
	}{
		"what nobody reaches is private":   {from: []fact.MetricsExposure{exposure(own, unreached(fact.IPv4, fact.ReasonRefused)), exposure(address+"metrics", stranger(404, nil))}},
		"a page for everybody is not open": {from: []fact.MetricsExposure{exposure(own, stranger(200, &fact.EndpointExposition{Fault: "invalid metric name"}))}},
		"so is a name that has no address": {from: []fact.MetricsExposure{exposure(own, unreached("", fact.ReasonUnresolved))}},
		"a client certificate refuses":     {from: []fact.MetricsExposure{exposure(own, wanted)}},
		"what shows metrics fails": {
			from: []fact.MetricsExposure{exposure(own, exposed, overIPv6, inClear)},
			want: checktest.One("exposed", check.Fail, "Metrics are shown to whoever asks, over IPv4, IPv6 and plain HTTP."),
		},
		"whatever else is not clear": {
			from: []fact.MetricsExposure{exposure(own, stranger(503, nil), overIPv6)},
			want: checktest.One("exposed", check.Fail, "Metrics are shown to whoever asks, over IPv6."),
		},
		"that a firewall drops it counts where something else answers": {
			from: []fact.MetricsExposure{exposure(own, silent), exposure(address+"metrics", stranger(404, nil))},
		},
		"where nothing answers it may be the network": {
			from: []fact.MetricsExposure{exposure(own, silent)},
			want: checktest.One("unclear_answer", check.Unknown, "Over IPv4 there is no answer: it is away. Nor does anything else answer the machine of frankfurt "+
				"over it: it may be that it reaches nothing."),
		},
		"so it may over the other version of IP": {
			from: []fact.MetricsExposure{exposure(own, unreached(fact.IPv6, fact.ReasonUnreachable)), exposure(address+"metrics", stranger(404, nil))},
			want: checktest.One("unclear_answer", check.Unknown, "Over IPv6 there is no answer: it is away. Nor does anything else answer the machine of frankfurt "+
				"over it: it may be that it reaches nothing."),
		},
		"what takes long may answer yet": {
			from: []fact.MetricsExposure{exposure(own, slow), exposure(address+"metrics", stranger(404, nil))},
			want: checktest.One("unclear_answer", check.Unknown, "Over IPv4 a connection was made, and there is no answer: it is away."),
		},
		"an error is none for long": {
			from: []fact.MetricsExposure{exposure(own, stranger(503, nil))},
			want: checktest.One("unclear_answer", check.Unknown, "Over IPv4 the answer is 503 (Service Unavailable)."),
		},
		"what is too long may be anything": {
			from: []fact.MetricsExposure{exposure(own, cut)},
			want: checktest.One("unclear_answer", check.Unknown, "Over IPv4 the answer is 200 (OK), and longer than is read."),
		},
		"a version of IP that was not asked over may show them": {
			from: []fact.MetricsExposure{{
				Standpoint: fact.Standpoint{Vantage: "frankfurt"}, URL: own, Answers: []fact.MetricsAnswer{stranger(404, nil)}, NotTried: []fact.IPVersion{fact.IPv6},
			}},
			want: checktest.One("unclear_answer", check.Unknown, "The address was not asked over IPv6, for which the machine of frankfurt has no route."),
		},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, judgePrivate(t, own, c.from...)) })
	}
}

// judgePrivate judges a system with one endpoint of metrics, which answers them here, from Frankfurt.
func judgePrivate(t *testing.T, url string, from ...fact.MetricsExposure) []checktest.Finding {
	t.Helper()
	here := answered("metrics", func(e *fact.Endpoint) {
		e.URL, e.Plain, e.Answers[0].Exposition = url, nil, &fact.EndpointExposition{Families: 7}
	})
	sets := []fact.AnySet{
		checktest.Facts(fact.Endpoints(), here), checktest.Facts(fact.VantagePoints(), fact.VantagePoint{Name: "frankfurt"}),
	}
	if len(from) > 0 {
		sets = append(sets, checktest.Facts(fact.MetricsExposures(), from...))
	}
	return checktest.Case{Kind: endpoint.PrivateMetrics(), Now: checktest.Now(), Sets: sets, System: &system.System{
		VantagePoints: []system.VantagePoint{{Name: "frankfurt"}}, Endpoints: []system.Endpoint{{URL: url, Purpose: "metrics"}},
	}}.Judge(t)
}

// Without an address to ask from outside, nothing is known, however well they are scraped here.
func TestMetricsThatNobodyAsksForOutsideAreNotPrivate(t *testing.T) {
	require.Equal(t, checktest.One("not_asked", check.Undeclared, "The endpoint has no address that could be asked from vantage points."),
		judgePrivate(t, "http://127.0.0.1:9090/metrics"))
}
