package watch

import (
	"errors"
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// A Cause is why something cannot be watched, where neither the error of the network nor that of the API server does.
type Cause int

// The causes; the zero value is none of them.
const (
	Invalid     Cause = iota + 1 // what is configured, or what is answered, cannot be used
	Denied                       // the API server does not permit it
	NotFound                     // there is no such thing
	Unsupported                  // the API server is too old for it
	Unreachable                  // whoever serves an API group does not answer
	Gone                         // the API server served the resource when it was last asked, and does not any more
)

// An Error is one with a cause.
type Error struct {
	Cause Cause
	Err   error
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap gives the error beneath.
func (e *Error) Unwrap() error { return e.Err }

func errorf(cause Cause, format string, args ...any) error {
	return &Error{Cause: cause, Err: fmt.Errorf(format, args...)}
}

// CauseOf reads the cause from an error; zero where it has none.
func CauseOf(err error) Cause {
	var known *Error
	if errors.As(err, &known) {
		return known.Cause
	}
	return 0
}

// lasting tells errors of the API server that waiting does not fix: somebody has to permit it, or to install it.
func lasting(err error) bool {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return false
	}
	switch status.Status().Code {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed:
		return true
	default:
		return false
	}
}
