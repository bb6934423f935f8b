package security

import (
	"fmt"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// CertificateNameParameters are none.
type CertificateNameParameters struct{}

// CertificateName judges whether certificates are valid for the names by which they are served. Those in files are
// served by no name that is known, and are left out.
func CertificateName() check.Kind[fact.Certificate, CertificateNameParameters] {
	wrong := check.Reason{
		Name: "wrong_name", Level: check.Fail, Sentence: "The certificate is not valid for the name by which it is served.",
	}
	return check.Kind[fact.Certificate, CertificateNameParameters]{
		Name:    "certificate_name",
		Summary: "Every certificate is valid for the name or IP address by which it is served.",
		Remedy: "Issue the certificate for this name too, or mend the server's choice of certificate by name (SNI): " +
			"an unknown name often gets the default one.",
		Reasons: []check.Reason{wrong},
		About:   fact.Certificates(),
		None:    check.Undeclared,
		Nothing: "the system description names no server with a certificate: add certificates with an address",
		Select:  func(c fact.Certificate, _ CertificateNameParameters) bool { return c.ServerName != "" },
		Judge: func(c fact.Certificate, _ CertificateNameParameters, _ time.Time) []check.Problem {
			if !c.Has(fact.FaultNameMismatch) {
				return nil
			}
			return []check.Problem{wrong.Problem(fmt.Sprintf("asked for %s; valid for %s", c.ServerName, someOf(c.Names)))}
		},
	}
}

// someOf lists names in words, few enough to read.
func someOf(names []string) string {
	const most = 5
	switch {
	case len(names) == 0:
		return "no name"
	case len(names) > most:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	default:
		return strings.Join(names, ", ")
	}
}
