package kubernetes

import (
	"crypto/tls"
	"errors"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// reasonOf reads the reason from an error of what is watched, or of client-go.
func reasonOf(err error) fact.Reason {
	switch watch.CauseOf(err) {
	case watch.Invalid:
		return fact.ReasonInvalid
	case watch.Denied:
		return fact.ReasonDenied
	case watch.NotFound:
		return fact.ReasonNotFound
	case watch.Unsupported, watch.Gone:
		return fact.ReasonUnsupported
	case watch.Unreachable:
		return fact.ReasonUnreachable
	}
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

// withReason gives an error the reason that is read from it.
func withReason(err error) error { return fact.Errorf(reasonOf(err), "%w", err) }
