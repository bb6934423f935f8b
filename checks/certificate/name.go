package certificate

import (
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// NameParameters are none.
type NameParameters struct{}

// Name judges whether certificates are valid for the names by which they are served. Those in files are served by no
// name that is known, and are left out.
func Name() check.Kind[NameParameters] {
	wrong := check.Reason{
		Name: "wrong_name", Level: check.Fail, Urgent: true, Sentence: "The certificate is not valid for the name by which it is served.",
	}
	return check.Kind[NameParameters]{
		Name:    "certificate_name",
		Summary: "Every certificate is valid for the name or IP address by which it is served.",
		Remedy: "Issue the certificate for this name too, or fix the server's choice of certificate by name (SNI): " +
			"an unknown name often gets the default one.",
		Reasons: []check.Reason{wrong},
		Over: []check.Quantified[NameParameters]{
			check.Each(fact.Certificates(), func(_ check.Context, c *fact.Certificate, _ NameParameters) []check.Problem {
				if !c.Has(fact.FaultNameMismatch) {
					return nil
				}
				valid := "no name"
				if len(c.Names) > 0 {
					valid = words.List(c.Names)
				}
				return []check.Problem{wrong.Problem("The certificate is served for " + c.ServerName + " and is valid for " + valid + ".")}
			}).Needs().Where(func(_ check.Context, c *fact.Certificate, _ NameParameters) bool { return c.ServerName != "" }),
		},
		WhenEmpty: check.Reason{
			Name: "no_served_certificate", Level: check.Undeclared, Sentence: "No server with a certificate is declared.",
			Remedy: "Add certificates with an address to the system description, or list the item under not_applicable with a reason.",
		},
	}
}
