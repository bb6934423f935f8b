// Package certificate judges certificates: whether they are renewed in time, who signed them, and for which names they are valid.
package certificate

import "github.com/readiness-exporter/readiness-exporter/internal/check"

func noCertificate() check.Reason {
	return check.Reason{
		Name: "no_certificate", Level: check.Undeclared, Sentence: "No certificate was found that could be judged.",
		Remedy: "Add certificates with an address or a path to the system description, or list the item under not_applicable with a reason.",
	}
}
