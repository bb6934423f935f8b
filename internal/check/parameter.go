package check

import (
	"fmt"
	"strings"
	"time"
)

// A ParameterError is a mistake in one parameter of a kind, for its Validate to give, alone or joined with others.
type ParameterError struct {
	Parameter    string // its name in the configuration
	Line, Column int    // within its text, from 1; 0 where it is the parameter as a whole
	Message      string // what is wrong, and what was expected
}

func (e *ParameterError) Error() string { return fmt.Sprintf("%s: %s", e.Parameter, e.Message) }

// Wrong makes a ParameterError about a parameter as a whole.
func Wrong(parameter, format string, args ...any) error {
	return &ParameterError{Parameter: parameter, Message: fmt.Sprintf(format, args...)}
}

// Positive wants a length of time that is more than nothing.
func Positive[D ~int64](parameter string, limit D) error {
	if time.Duration(limit) <= 0 {
		return Wrong(parameter, "expected more than 0")
	}
	return nil
}

// NotBlank wants texts in which something stands.
func NotBlank(parameter string, texts []string) error {
	for _, text := range texts {
		if strings.TrimSpace(text) == "" {
			return Wrong(parameter, "an entry is blank: expected a text, or no entry")
		}
	}
	return nil
}
