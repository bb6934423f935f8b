package certificate_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/certificate"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

const day = 24 * time.Hour

var now = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// found is a problem without what its reason says already.
type found struct{ reason, detail string }

// judge puts one certificate before a kind with its defaults, as tuned.
func judge[P any](t *testing.T, kind check.Kind[P], c fact.Certificate, tune func(*P)) []found {
	t.Helper()
	parameters := kind.Defaults
	if tune != nil {
		tune(&parameters)
	}
	var problems []found
	for _, each := range (checktest.Case{
		Kind: kind, Parameters: &parameters, Now: now, Sets: []fact.AnySet{checktest.Facts(fact.Certificates(), c)},
	}).Judge(t) {
		problems = append(problems, found{each.Reason, each.Detail})
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

// chain has a leaf before an issuer and a root that are good for long.
func chain(leaf fact.ChainCertificate) fact.Certificate {
	issuer, root := link("issuer", 1800*day, 900*day), link("root", 7300*day, 3650*day)
	return fact.Certificate{
		Chain: []fact.ChainCertificate{leaf, issuer}, Path: []fact.ChainCertificate{leaf, issuer, root},
		Trust: fact.TrustPublic,
	}
}

func TestCertificateRenewal(t *testing.T) {
	vouchedBy := func(issuer fact.ChainCertificate) fact.Certificate {
		c := chain(link("shop", 90*day, 60*day))
		c.Chain[1], c.Path[1] = issuer, issuer
		return c
	}
	superfluous := chain(link("shop", 90*day, 60*day))
	superfluous.Chain = append(superfluous.Chain, link("cross-signed", 1800*day, -2*day))
	expiredRoot := chain(link("shop", 90*day, 60*day))
	expiredRoot.Path[2] = link("root", 3650*day, -time.Hour)

	managed := func(manager fact.CertificateManager) fact.Certificate {
		c := chain(link("shop", 90*day, 60*day))
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
		"one whose renewal is late fails":          {late(2 * time.Hour), []found{{"renewal_overdue", "The Certificate shop/Certificate/tls should have renewed it 2 h ago."}}},
		"one whose renewal failed fails":           {managed(fact.CertificateManager{Trouble: "Failed"}), []found{{"renewal_failed", "The Certificate shop/Certificate/tls is not ready (Failed)."}}},
		"one whose renewal says nothing fails":     {managed(fact.CertificateManager{}), []found{{"renewal_failed", "The Certificate shop/Certificate/tls is not ready."}}},
		"a new certificate holds":                  {chain(link("shop", 90*day, 89*day)), nil},
		"one with exactly the limit left holds":    {chain(link("shop", 90*day, 21*day)), nil},
		"a second below the limit warns":           {chain(link("shop", 90*day, 21*day-time.Second)), []found{{"expires_soon", "The certificate expires in 20 d 23 h, on 2026-12-13 09:59 UTC (limit 21 d)."}}},
		"one with exactly a week left still warns": {chain(link("shop", 90*day, 7*day)), []found{{"expires_soon", "The certificate expires in 7 d, on 2026-11-29 10:00 UTC (limit 21 d)."}}},
		"a second below a week fails":              {chain(link("shop", 90*day, 7*day-time.Second)), []found{{"expires_very_soon", "The certificate expires in 6 d 23 h, on 2026-11-29 09:59 UTC (limit 7 d)."}}},
		"one that expires this second has not":     {chain(link("shop", 90*day, 0)), []found{{"expires_very_soon", "The certificate expires in 0 s, on 2026-11-22 10:00 UTC (limit 7 d)."}}},
		"one that expired a second ago has":        {chain(link("shop", 90*day, -time.Second)), []found{{"expired", "The certificate expired 1 s ago, on 2026-11-22 09:59 UTC."}}},
		"one that begins this second is valid":     {chain(link("shop", 90*day, 90*day)), nil},
		"one that begins in an hour is not yet":    {chain(link("shop", 90*day, 90*day+time.Hour)), []found{{"not_yet_valid", `The certificate "shop" becomes valid in 1 h, on 2026-11-22 11:00 UTC.`}}},
		"of a week's life a quarter is left":       {chain(link("shop", 7*day, 42*time.Hour)), nil},
		"of a week's life less than a quarter":     {chain(link("shop", 7*day, 42*time.Hour-time.Second)), []found{{"expires_soon", "The certificate expires in 1 d 17 h, on 2026-11-24 03:59 UTC (limit 1 d 18 h)."}}},
		"of a week's life exactly a twelfth":       {chain(link("shop", 7*day, 14*time.Hour)), []found{{"expires_soon", "The certificate expires in 14 h, on 2026-11-23 00:00 UTC (limit 1 d 18 h)."}}},
		"of a week's life less than a twelfth":     {chain(link("shop", 7*day, 14*time.Hour-time.Second)), []found{{"expires_very_soon", "The certificate expires in 13 h 59 min, on 2026-11-22 23:59 UTC (limit 14 h)."}}},
		"84 days are measured in days":             {chain(link("shop", 84*day, 21*day)), nil},
		"one that never expires holds":             {chain(fact.ChainCertificate{NotAfter: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)}), nil},
		"an issuer with the limit left holds":      {vouchedBy(link("R11", 900*day, 21*day)), nil},
		"an issuer below the limit warns":          {vouchedBy(link("R11", 900*day, 20*day)), []found{{"chain_expires_soon", `The certificate "R11" expires in 20 d, on 2026-12-12 10:00 UTC (limit 21 d).`}}},
		"an issuer below a week fails":             {vouchedBy(link("R11", 900*day, 6*day)), []found{{"chain_expires_very_soon", `The certificate "R11" expires in 6 d, on 2026-11-28 10:00 UTC (limit 7 d).`}}},
		"an issuer that expired fails":             {vouchedBy(link("R11", 900*day, -day)), []found{{"chain_expired", `The certificate "R11" expired 1 d ago, on 2026-11-21 10:00 UTC.`}}},
		"an issuer that is not valid yet fails":    {vouchedBy(link("R11", 900*day, 901*day)), []found{{"not_yet_valid", `The certificate "R11" becomes valid in 1 d, on 2026-11-23 10:00 UTC.`}}},
		"a root that expired fails, served or not": {expiredRoot, []found{{"chain_expired", `The certificate "root" expired 1 h ago, on 2026-11-22 09:00 UTC.`}}},
		"what nobody needs and has expired warns":  {superfluous, []found{{"superfluous_expired", `The certificate "cross-signed" by "issuer of cross-signed" expired 2 d ago, on 2026-11-20 10:00 UTC.`}}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, judge(t, certificate.Renewal(), test.certificate, nil))
		})
	}
}

func TestLimitsOfRenewalAreTuned(t *testing.T) {
	month := func(p *certificate.RenewalParameters) {
		p.WarnBefore, p.FailBefore = quantity.Duration(30*day), quantity.Duration(0)
	}
	require.Equal(t, []found{{"expires_soon", "The certificate expires in 1 d, on 2026-11-23 10:00 UTC (limit 30 d)."}},
		judge(t, certificate.Renewal(), chain(link("shop", 365*day, day)), month))
}

func TestLimitsOfRenewalThatCannotBeReachedAreMistakes(t *testing.T) {
	for name, test := range map[string]struct {
		warn, fail time.Duration
		want       string
	}{
		"the defaults":            {21 * day, 7 * day, ""},
		"a limit that only warns": {21 * day, 0, ""},
		"equal limits":            {7 * day, 7 * day, "fail_before: 7d: expected less than warn_before, which is 7d"},
		"limits the wrong way":    {7 * day, 21 * day, "fail_before: 21d: expected less than warn_before, which is 7d"},
		"no limits":               {0, 0, "fail_before: 0s: expected less than warn_before, which is 0s"},
	} {
		t.Run(name, func(t *testing.T) {
			err := certificate.RenewalParameters{
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

func TestFirstIssuances(t *testing.T) {
	issuance := func(failed bool, ago time.Duration) fact.Issuance {
		return fact.Issuance{
			Cluster: "main", Namespace: "shop", Secret: "tls", Certificate: "shop/Certificate/tls", Failed: failed, Since: checktest.Now().Add(-ago),
			Trouble: "Order tls-1 is invalid",
		}
	}
	v := checktest.Some(t, certificate.Renewal(), fact.Issuances())
	v.Finds("it takes its time", issuance(false, time.Hour),
		"warn issuing: The Certificate shop/Certificate/tls was asked for 1 h ago and has not been issued (Order tls-1 is invalid).")
	v.Finds("it takes too long", issuance(false, 61*time.Minute),
		"fail issuance_failed: The Certificate shop/Certificate/tls was asked for 1 h 1 min ago and has not been issued (Order tls-1 is invalid).")
	v.Finds("it failed", issuance(true, time.Minute),
		"fail issuance_failed: The Certificate shop/Certificate/tls was asked for 1 min ago and has not been issued (Order tls-1 is invalid).")
}
