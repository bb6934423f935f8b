package kubernetes

import (
	"crypto/tls"
	"errors"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// reasonOf reads the reason from an error of client-go.
func reasonOf(err error) fact.Reason {
	var (
		untrusted *tls.CertificateVerificationError
		garbage   tls.RecordHeaderError
		status    apierrors.APIStatus
	)
	switch {
	case errors.As(err, &untrusted), errors.As(err, &garbage):
		return fact.ReasonInvalid
	case !errors.As(err, &status):
		return fact.ReasonOf(err)
	}
	switch status.Status().Code {
	case http.StatusUnauthorized, http.StatusForbidden:
		return fact.ReasonDenied
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return fact.ReasonUnsupported
	case http.StatusGatewayTimeout, http.StatusTooManyRequests:
		return fact.ReasonTimeout
	default:
		return fact.ReasonFailed
	}
}

// lasting tells errors that waiting does not mend: somebody has to permit it, or to install it.
func lasting(err error) bool {
	reason := reasonOf(err)
	return reason == fact.ReasonDenied || reason == fact.ReasonUnsupported
}
