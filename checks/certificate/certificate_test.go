package certificate_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/certificate"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// signed is a good certificate, as edited.
func signed(edit func(*fact.Certificate)) fact.Certificate {
	c := chain(fact.ChainCertificate{Subject: "shop", Issuer: "R11", NotBefore: now, NotAfter: now.Add(90 * day)})
	c.Source = fact.CertificateAtAddress
	edit(&c)
	return c
}

func with(trust fact.CertificateTrust, findings ...fact.CertificateFinding) fact.Certificate {
	return signed(func(c *fact.Certificate) { c.Trust, c.Faults = trust, findings })
}

func TestCertificateIssuer(t *testing.T) {
	finding := func(fault fact.CertificateFault) fact.CertificateFinding {
		return fact.CertificateFinding{Fault: fault, Detail: "detail of " + string(fault)}
	}
	staging := with(fact.TrustNone, finding(fact.FaultUnknownAuthority))
	staging.Staging = true
	weakStaging := with(fact.TrustNone, finding(fact.FaultUnknownAuthority), finding(fact.FaultWeak))
	weakStaging.Staging = true
	accept := func(p *certificate.IssuerParameters) { p.AcceptPrivate = true }

	for name, test := range map[string]struct {
		certificate fact.Certificate
		tune        func(*certificate.IssuerParameters)
		want        []found
	}{
		"a public authority will do":                  {certificate: with(fact.TrustPublic)},
		"dates and names are for other checks":        {certificate: with(fact.TrustPublic, finding(fact.FaultExpired), finding(fact.FaultNotYetValid), finding(fact.FaultNameMismatch))},
		"a staging issuer will not, and is told once": {certificate: staging, want: []found{{"staging_issuer", `The certificate of "shop" is signed by "R11".`}}},
		"a staging issuer will not even if accepted":  {certificate: staging, tune: accept, want: []found{{"staging_issuer", `The certificate of "shop" is signed by "R11".`}}},
		"a weak staging certificate is weak, too":     {certificate: weakStaging, want: []found{{"staging_issuer", `The certificate of "shop" is signed by "R11".`}, {"weak_certificate", "The certificate does not verify: detail of weak."}}},
		"a declared authority warns":                  {certificate: with(fact.TrustDeclared), want: []found{{"private_issuer", `The certificate of "shop" is signed by "R11".`}}},
		"a declared authority will do where accepted": {certificate: with(fact.TrustDeclared), tune: accept},
		"a self-signed one will not":                  {certificate: with(fact.TrustNone, finding(fact.FaultSelfSigned)), want: []found{{"self_signed", "The certificate does not verify: detail of self_signed."}}},
		"an unknown authority will not":               {certificate: with(fact.TrustNone, finding(fact.FaultUnknownAuthority)), want: []found{{"untrusted_issuer", "The certificate does not verify: detail of unknown_authority."}}},
		"an unknown authority will not if accepted":   {certificate: with(fact.TrustNone, finding(fact.FaultUnknownAuthority)), tune: accept, want: []found{{"untrusted_issuer", "The certificate does not verify: detail of unknown_authority."}}},
		"an incomplete chain will not":                {certificate: with(fact.TrustNone, finding(fact.FaultIncompleteChain)), want: []found{{"incomplete_chain", "The certificate does not verify: detail of incomplete_chain."}}},
		"a weak one will not":                         {certificate: with(fact.TrustPublic, finding(fact.FaultWeak)), want: []found{{"weak_certificate", "The certificate does not verify: detail of weak."}}},
		"any other fault will not do":                 {certificate: with(fact.TrustPublic, finding(fact.FaultOther)), want: []found{{"unverifiable", "The certificate does not verify: detail of other."}}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, judge(t, certificate.Issuer(), test.certificate, test.tune))
		})
	}
}

func TestCertificateName(t *testing.T) {
	served := func(findings ...fact.CertificateFinding) fact.Certificate {
		c := with(fact.TrustNone, findings...)
		c.ServerName = "shop.example.com"
		return c
	}
	named := func(names ...string) fact.Certificate {
		return signed(func(c *fact.Certificate) {
			c.ServerName, c.Names = "shop.example.com", names
			c.Faults = []fact.CertificateFinding{{Fault: fact.FaultNameMismatch, Detail: "x509: …"}}
		})
	}
	for name, test := range map[string]struct {
		certificate fact.Certificate
		want        []found
	}{
		"the right name holds":        {served(), nil},
		"other faults are for others": {served(fact.CertificateFinding{Fault: fact.FaultSelfSigned}), nil},
		"another name fails":          {named("a.test", "b.test"), []found{{"wrong_name", "The certificate is served for shop.example.com and is valid for a.test and b.test."}}},
		"no name fails":               {named(), []found{{"wrong_name", "The certificate is served for shop.example.com and is valid for no name."}}},
		"of many names five are said": {named("a", "b", "c", "d", "e", "f", "g"), []found{{"wrong_name", "The certificate is served for shop.example.com and is valid for a, b, c, d, e and 2 more."}}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, judge(t, certificate.Name(), test.certificate, nil))
		})
	}
}

// A view with one file that holds an authority: for two of the kinds there is nothing to judge in it.
func TestWhatKindsLeaveOut(t *testing.T) {
	authority := chain(fact.ChainCertificate{Subject: "root", IsCA: true, NotBefore: now, NotAfter: now.Add(900 * day)})
	authority.CertificatePlace = fact.CertificatePlace{Source: fact.CertificateInFile, Name: "/etc/ssl/ca.pem"}
	authority.Trust, authority.Authority = fact.TrustNone, true
	weak := authority
	weak.Faults = []fact.CertificateFinding{{Fault: fact.FaultWeak}}
	// As openssl req -x509 makes them: it may sign others, and is a server's.
	own := authority
	own.Authority, own.Faults = false, []fact.CertificateFinding{{Fault: fact.FaultSelfSigned}}
	served := own
	served.CertificatePlace = fact.CertificatePlace{Source: fact.CertificateAtAddress, Name: "a:443", ServerName: "a"}

	for name, test := range map[string]struct {
		kind check.Any
		fact fact.Certificate
		want check.Status
	}{
		"the expiry of an authority in a file is judged":        {certificate.Renewal(), authority, check.Pass},
		"the signature of an authority in a file is not":        {certificate.Issuer(), authority, check.Undeclared},
		"the strength of an authority in a file is judged":      {certificate.Issuer(), weak, check.Fail},
		"the signature of a server in a file is judged":         {certificate.Issuer(), own, check.Fail},
		"the name of what is in a file is not":                  {certificate.Name(), authority, check.Undeclared},
		"the signature of an authority that is served is":       {certificate.Issuer(), served, check.Fail},
		"the name of an authority that is served is judged too": {certificate.Name(), served, check.Pass},
	} {
		t.Run(name, func(t *testing.T) {
			set := checktest.Facts(fact.Certificates(), test.fact)
			require.Equal(t, test.want, checktest.Case{Kind: test.kind, Now: now, Sets: []fact.AnySet{set}}.Result(t).Status)
		})
	}
}

// Whatever cannot be read of the authorities, what is known of a certificate is judged.
func TestAuthoritiesThatCannotBeRead(t *testing.T) {
	unknown := chain(fact.ChainCertificate{Subject: "shop", NotBefore: now.Add(-90 * day), NotAfter: now.Add(-day)})
	unknown.CertificatePlace = fact.CertificatePlace{Source: fact.CertificateAtAddress, Name: "a:443", ServerName: "a"}
	unknown.Trust, unknown.TrustUnknown = fact.TrustNone, "its authority is not trusted, as far as they could be read"
	known := with(fact.TrustPublic)
	known.UnreadAuthorities = []string{"read certificate 2: x509: unsupported elliptic curve"}
	for name, test := range map[string]struct {
		kind check.Any
		fact fact.Certificate
		want check.Status
	}{
		"that it has expired fails":               {certificate.Renewal(), unknown, check.Fail},
		"its name is judged":                      {certificate.Name(), unknown, check.Pass},
		"who signed it is unknown":                {certificate.Issuer(), unknown, check.Unknown},
		"where it verifies all the same it warns": {certificate.Issuer(), known, check.Warn},
	} {
		t.Run(name, func(t *testing.T) {
			set := checktest.Facts(fact.Certificates(), test.fact)
			require.Equal(t, test.want, checktest.Case{Kind: test.kind, Now: now, Sets: []fact.AnySet{set}}.Result(t).Status)
		})
	}
}

func TestCertificatesThatAreUnavailableAreUnknown(t *testing.T) {
	place := fact.Certificate{CertificatePlace: fact.CertificatePlace{Source: fact.CertificateAtAddress, Name: "a:443", ServerName: "a"}}
	for _, kind := range []check.Any{certificate.Renewal(), certificate.Issuer(), certificate.Name()} {
		set := checktest.Lacking(fact.Certificates(), place, with(fact.TrustPublic))
		require.Equal(t, checktest.Unavailable(), checktest.Case{Kind: kind, Now: now, Sets: []fact.AnySet{set}}.Judge(t))
	}
}
