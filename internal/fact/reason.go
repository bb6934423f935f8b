package fact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"syscall"
)

// A Reason says, from a closed set, why something could not be collected.
type Reason string

// The reasons. Reasons lists them all.
const (
	ReasonPending     Reason = "pending"     // not collected yet
	ReasonUnresolved  Reason = "unresolved"  // its name has no address
	ReasonUnreachable Reason = "unreachable" // no connection, or it broke
	ReasonRefused     Reason = "refused"     // nothing listens there
	ReasonTimeout     Reason = "timeout"     // no answer in time
	ReasonDenied      Reason = "denied"      // it answered, and did not permit it
	ReasonNotFound    Reason = "not_found"   // it answered, and has no such thing
	ReasonInvalid     Reason = "invalid"     // it answered what cannot be understood
	ReasonUnsupported Reason = "unsupported" // this system or version does not report it
	ReasonStuck       Reason = "stuck"       // an earlier run has not returned
	ReasonPanic       Reason = "panic"       // a defect of this program
	ReasonStale       Reason = "stale"       // collected too long ago
	ReasonManifest    Reason = "manifest"    // manifests alone do not report it: only a cluster does
	ReasonFailed      Reason = "failed"      // anything else
)

// Reasons lists every reason.
func Reasons() []Reason {
	return []Reason{
		ReasonPending, ReasonUnresolved, ReasonUnreachable, ReasonRefused, ReasonTimeout, ReasonDenied, ReasonNotFound,
		ReasonInvalid, ReasonUnsupported, ReasonStuck, ReasonPanic, ReasonStale, ReasonManifest, ReasonFailed,
	}
}

// An Error is an error of a collector that knows its reason.
type Error struct {
	Reason Reason
	Err    error
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap gives the error beneath.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an error with a reason; it formats, and wraps with %w, as fmt.Errorf does.
func Errorf(reason Reason, format string, args ...any) error {
	return &Error{Reason: reason, Err: fmt.Errorf(format, args...)}
}

// ReasonOf reads the reason from an error: the one it was given, or what the standard library's errors tell.
func ReasonOf(err error) Reason {
	var known *Error
	if errors.As(err, &known) {
		return known.Reason
	}
	var lookup *net.DNSError
	if errors.As(err, &lookup) && lookup.IsNotFound {
		return ReasonUnresolved
	}
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return ReasonTimeout
	case errors.Is(err, syscall.ECONNREFUSED):
		return ReasonRefused
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.ECONNRESET),
		errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), lookup != nil:
		return ReasonUnreachable
	case errors.Is(err, fs.ErrPermission):
		return ReasonDenied
	case errors.Is(err, fs.ErrNotExist):
		return ReasonNotFound
	default:
		return ReasonFailed
	}
}
