package security_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/security"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

const day = 24 * time.Hour

var now = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// found is a problem without what its reason says already.
type found struct{ reason, detail string }

// judge puts one fact before a kind with its defaults, as tuned.
func judge[P any](t *testing.T, kind check.Kind[fact.Certificate, P], c fact.Certificate, tune func(*P)) []found {
	t.Helper()
	parameters := kind.Defaults
	if tune != nil {
		tune(&parameters)
	}
	var problems []found
	for _, problem := range kind.Judge(c, parameters, now) {
		level := check.Unknown
		for _, reason := range kind.Reasons {
			if reason.Name == problem.Reason {
				level = reason.Level
			}
		}
		require.Equal(t, level, problem.Level, "the level of %s is not that of its reason", problem.Reason)
		problems = append(problems, found{problem.Reason, problem.Detail})
	}
	return problems
}

// link is a certificate that lives for a time, of which some is left.
func link(subject string, life, left time.Duration) fact.ChainCertificate {
	return fact.ChainCertificate{
		Subject: subject, Issuer: "issuer of " + subject, Fingerprint: subject,
		NotBefore: now.Add(left - life), NotAfter: now.Add(left),
	}
}

// certificate has a leaf before an issuer and a root that are good for long.
func certificate(leaf fact.ChainCertificate) fact.Certificate {
	issuer, root := link("issuer", 1800*day, 900*day), link("root", 7300*day, 3650*day)
	return fact.Certificate{
		Chain: []fact.ChainCertificate{leaf, issuer}, Path: []fact.ChainCertificate{leaf, issuer, root},
		Trust: fact.TrustPublic,
	}
}

func TestCertificateRenewal(t *testing.T) {
	vouchedBy := func(issuer fact.ChainCertificate) fact.Certificate {
		c := certificate(link("shop", 90*day, 60*day))
		c.Chain[1], c.Path[1] = issuer, issuer
		return c
	}
	superfluous := certificate(link("shop", 90*day, 60*day))
	superfluous.Chain = append(superfluous.Chain, link("cross-signed", 1800*day, -2*day))
	endedRoot := certificate(link("shop", 90*day, 60*day))
	endedRoot.Path[2] = link("root", 3650*day, -time.Hour)

	managed := func(manager fact.CertificateManager) fact.Certificate {
		c := certificate(link("shop", 90*day, 60*day))
		manager.Name = "shop/Certificate/tls"
		c.Manager = &manager
		return c
	}
	late := func(by time.Duration) fact.Certificate {
		return managed(fact.CertificateManager{Ready: true, RenewAt: now.Add(-by)})
	}

	for name, test := range map[string]struct {
		certificate fact.Certificate
		want        []found
	}{
		"one that is renewed just now holds":       {late(time.Hour), nil},
		"one whose renewal is late fails":          {late(2 * time.Hour), []found{{"renewal_overdue", "shop/Certificate/tls was to renew it 2 h ago"}}},
		"one whose renewal failed fails":           {managed(fact.CertificateManager{Trouble: "Failed"}), []found{{"renewal_failed", "shop/Certificate/tls: Failed"}}},
		"one whose renewal says nothing fails":     {managed(fact.CertificateManager{}), []found{{"renewal_failed", "shop/Certificate/tls: it is not ready"}}},
		"a new certificate holds":                  {certificate(link("shop", 90*day, 89*day)), nil},
		"one with exactly the limit left holds":    {certificate(link("shop", 90*day, 21*day)), nil},
		"a second below the limit warns":           {certificate(link("shop", 90*day, 21*day-time.Second)), []found{{"expires_soon", "ends in 20 d 23 h, on 2026-12-13 09:59 UTC; renew at 21 d"}}},
		"one with exactly a week left still warns": {certificate(link("shop", 90*day, 7*day)), []found{{"expires_soon", "ends in 7 d, on 2026-11-29 10:00 UTC; renew at 21 d"}}},
		"a second below a week fails":              {certificate(link("shop", 90*day, 7*day-time.Second)), []found{{"expires_very_soon", "ends in 6 d 23 h, on 2026-11-29 09:59 UTC; renew at 21 d"}}},
		"one that ends this second has not ended":  {certificate(link("shop", 90*day, 0)), []found{{"expires_very_soon", "ends in 0 s, on 2026-11-22 10:00 UTC; renew at 21 d"}}},
		"one that ended a second ago has":          {certificate(link("shop", 90*day, -time.Second)), []found{{"expired", "ended 1 s ago, on 2026-11-22 09:59 UTC"}}},
		"one that begins this second is valid":     {certificate(link("shop", 90*day, 90*day)), nil},
		"one that begins in an hour is not yet":    {certificate(link("shop", 90*day, 90*day+time.Hour)), []found{{"not_yet_valid", `"shop" begins in 1 h, on 2026-11-22 11:00 UTC`}}},
		"of a week's life a quarter is left":       {certificate(link("shop", 7*day, 42*time.Hour)), nil},
		"of a week's life less than a quarter":     {certificate(link("shop", 7*day, 42*time.Hour-time.Second)), []found{{"expires_soon", "ends in 1 d 17 h, on 2026-11-24 03:59 UTC; renew at 1 d 18 h"}}},
		"of a week's life exactly a twelfth":       {certificate(link("shop", 7*day, 14*time.Hour)), []found{{"expires_soon", "ends in 14 h, on 2026-11-23 00:00 UTC; renew at 1 d 18 h"}}},
		"of a week's life less than a twelfth":     {certificate(link("shop", 7*day, 14*time.Hour-time.Second)), []found{{"expires_very_soon", "ends in 13 h 59 min, on 2026-11-22 23:59 UTC; renew at 1 d 18 h"}}},
		"84 days are measured in days":             {certificate(link("shop", 84*day, 21*day)), nil},
		"one without end holds":                    {certificate(fact.ChainCertificate{NotAfter: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)}), nil},
		"an issuer with the limit left holds":      {vouchedBy(link("R11", 900*day, 21*day)), nil},
		"an issuer below the limit warns":          {vouchedBy(link("R11", 900*day, 20*day)), []found{{"chain_expires_soon", `"R11" ends in 20 d, on 2026-12-12 10:00 UTC; renew at 21 d`}}},
		"an issuer below a week fails":             {vouchedBy(link("R11", 900*day, 6*day)), []found{{"chain_expires_very_soon", `"R11" ends in 6 d, on 2026-11-28 10:00 UTC; renew at 21 d`}}},
		"an issuer that ended fails":               {vouchedBy(link("R11", 900*day, -day)), []found{{"chain_expired", `"R11" ended 1 d ago, on 2026-11-21 10:00 UTC`}}},
		"an issuer that is not valid yet fails":    {vouchedBy(link("R11", 900*day, 901*day)), []found{{"not_yet_valid", `"R11" begins in 1 d, on 2026-11-23 10:00 UTC`}}},
		"a root that ended fails, served or not":   {endedRoot, []found{{"chain_expired", `"root" ended 1 h ago, on 2026-11-22 09:00 UTC`}}},
		"what nobody needs and has ended warns":    {superfluous, []found{{"superfluous_expired", `"cross-signed" by "issuer of cross-signed" ended 2 d ago, on 2026-11-20 10:00 UTC`}}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, judge(t, security.CertificateRenewal(), test.certificate, nil))
		})
	}
}

func TestLimitsOfRenewalAreTuned(t *testing.T) {
	month := func(p *security.CertificateRenewalParameters) {
		p.WarnBefore, p.FailBefore = quantity.Duration(30*day), quantity.Duration(0)
	}
	require.Equal(t, []found{{"expires_soon", "ends in 1 d, on 2026-11-23 10:00 UTC; renew at 30 d"}},
		judge(t, security.CertificateRenewal(), certificate(link("shop", 365*day, day)), month))
}

func TestLimitsOfRenewalThatCannotBeReachedAreMistakes(t *testing.T) {
	for name, test := range map[string]struct {
		warn, fail time.Duration
		want       string
	}{
		"the defaults":            {21 * day, 7 * day, ""},
		"a limit that only warns": {21 * day, 0, ""},
		"equal limits":            {7 * day, 7 * day, "fail_before is 7d: expected less than warn_before, which is 7d"},
		"limits the wrong way":    {7 * day, 21 * day, "fail_before is 21d: expected less than warn_before, which is 7d"},
		"no limits":               {0, 0, "fail_before is 0s: expected less than warn_before, which is 0s"},
	} {
		t.Run(name, func(t *testing.T) {
			err := security.CertificateRenewalParameters{
				WarnBefore: quantity.Duration(test.warn), FailBefore: quantity.Duration(test.fail),
			}.Validate()
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, test.want)
		})
	}
}
