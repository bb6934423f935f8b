//go:build !linux

package host

import (
	"errors"
	"time"
)

func clockError() (time.Duration, error) { return 0, errors.ErrUnsupported }
