package endpoint

import (
	"fmt"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// TransitParameters say what counts as encrypted.
type TransitParameters struct {
	// MinimumTLSVersion is the oldest version of TLS that may be accepted: "1.2" or "1.3".
	MinimumTLSVersion quantity.Choice[minimumTLSVersions] `yaml:"minimum_tls_version"`
}

type minimumTLSVersions struct{}

// Values lists the versions that are not deprecated (RFC 8996).
func (minimumTLSVersions) Values() []string { return []string{string(fact.TLS12), string(fact.TLS13)} }

type transitReasons struct{ oldVersion, brokenCipher, plainContent, notReached check.Reason }

func transitReasonsOf() transitReasons {
	return transitReasons{
		oldVersion: check.Reason{
			Name: "old_tls_version", Level: check.Fail, Sentence: "The server accepts a version of TLS that is too old.",
			Remedy: "Allow only newer ones: ssl_protocols TLSv1.2 TLSv1.3; in nginx, --tls-min-version or the TLS policy of an Ingress " +
				"controller or load balancer. Check it with: openssl s_client -tls1_1 -cipher ALL:@SECLEVEL=0 -connect HOST:443.",
		},
		brokenCipher: check.Reason{
			Name: "broken_cipher", Level: check.Fail, Sentence: "The server accepts a cipher suite that protects too little.",
			Remedy: "Take it out of the server's list, such as ssl_ciphers in nginx: the profile intermediate of Mozilla's SSL " +
				"Configuration Generator has none of them.",
		},
		plainContent: check.Reason{
			Name: "plain_content", Level: check.Fail, Sentence: "Plain HTTP is answered, and not with a redirect to HTTPS.",
			Remedy: "Serve it over HTTPS, and redirect from plain HTTP or close port 80.",
		},
		notReached: check.Reason{
			Name: "not_reached", Level: check.Unknown, Sentence: "The server cannot be reached, so that what it accepts is not known.",
			Remedy: "Fix what keeps the server from being reached; functional.domain says more.",
		},
	}
}

// Transit judges whether what goes between users and the system is encrypted.
func Transit() check.Kind[TransitParameters] {
	reasons := transitReasonsOf()
	public := func(_ check.Context, e *fact.Endpoint, _ TransitParameters) bool { return isPublic(e) }
	return check.Kind[TransitParameters]{
		Name: "encryption_in_transit",
		Summary: "The server of every HTTPS endpoint accepts no old version of TLS and no broken cipher suite, and no public endpoint " +
			"answers over plain HTTP. Connections to databases are not judged.",
		Remedy:   "Restrict the versions of TLS and the cipher suites on the server, and redirect from plain HTTP.",
		Reasons:  []check.Reason{reasons.oldVersion, reasons.brokenCipher, reasons.plainContent, reasons.notReached},
		Defaults: TransitParameters{MinimumTLSVersion: "1.2"},
		Over: []check.Quantified[TransitParameters]{
			check.Each(fact.TLSOffers(), reasons.offer),
			check.Each(fact.Endpoints(), reasons.plain).Needs().Where(public).
				Known(func(e *fact.Endpoint, _ TransitParameters) bool { return isPublic(e) }),
		},
		WhenEmpty: none(fact.EndpointFront),
	}
}

// isPublic tells whether an endpoint is for users and their programs: what is for those who run the system may be asked within
// its own network.
func isPublic(e *fact.Endpoint) bool {
	return !slices.Contains([]string{fact.EndpointHealth, fact.EndpointMetrics, fact.EndpointOther}, e.Purpose)
}

// offer judges what a server accepts. The same over both versions of IP is one problem.
func (r transitReasons) offer(_ check.Context, o *fact.TLSOffer, p TransitParameters) (problems []check.Problem) {
	minimum := fact.TLSVersion(p.MinimumTLSVersion)
	add := func(problem check.Problem) {
		if !slices.ContainsFunc(problems, func(known check.Problem) bool { return known.Reason == problem.Reason }) {
			problems = append(problems, problem)
		}
	}
	for _, over := range o.Over {
		by := "Over " + inWords(over.IPVersion)
		if over.Failure != nil {
			add(r.notReached.Problem(fmt.Sprintf("%s nothing is known: %s.", by, over.Failure.Detail)))
			continue
		}
		var old []string
		for _, version := range over.Versions {
			if version.Before(minimum) {
				old = append(old, version.String())
			}
		}
		if len(old) > 0 {
			add(r.oldVersion.Problem(fmt.Sprintf("%s the server accepts %s; at least %s is expected.", by, words.List(old), minimum)))
		}
		if len(over.BrokenCiphers) > 0 {
			add(r.brokenCipher.Problem(fmt.Sprintf("%s the server accepts %s.", by, words.Named("cipher suite", over.BrokenCiphers))))
		}
	}
	if len(o.Over) == 0 {
		add(r.notReached.Problem("The server was asked over no version of IP."))
	}
	return problems
}

// plain judges what is answered without TLS, at the endpoint itself or at port 80 beside it.
func (r transitReasons) plain(_ check.Context, e *fact.Endpoint, _ TransitParameters) (problems []check.Problem) {
	answers := e.Answers
	switch {
	case e.Plain != nil:
		answers = []fact.EndpointAnswer{*e.Plain}
	case e.AtHTTPS():
		return []check.Problem{r.notReached.Problem("The endpoint does not answer, and so nothing is known of plain HTTP.")}
	case secure(e.URL):
		return nil // at a port of its own, where plain HTTP is not spoken
	}
	for i := range answers {
		if first, is := answers[i].InClear(); is {
			detail := fmt.Sprintf("Over plain HTTP %s answers %s.", first.URL, code(first.Status))
			if e.Plain != nil {
				detail = servedInClear(e.Plain, first)
			}
			return []check.Problem{r.plainContent.Problem(detail)}
		}
		if a := &answers[i]; e.Plain == nil && a.Failure != nil && len(a.Steps) == 0 {
			problems = []check.Problem{r.notReached.Problem(over(a) + "there is no answer: " + a.Failure.Detail + ".")}
		}
	}
	return problems
}
