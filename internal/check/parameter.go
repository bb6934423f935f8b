package check

import (
	"fmt"
	"strings"
	"time"
	"unicode"
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

// DocumentName wants the name of a document that can be declared; such as is an example of one.
func DocumentName(parameter, name, such string) error {
	wrong := strings.ContainsFunc(name, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_.", r)
	})
	if name == "" || wrong {
		return Wrong(parameter, "expected a name of letters, digits, '.', '_' and '-', such as %s", such)
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
