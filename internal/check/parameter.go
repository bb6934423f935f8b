package check

import "fmt"

// A ParameterError is a mistake in one parameter of a kind, for its Validate to give, alone or joined with others.
type ParameterError struct {
	Parameter    string // its name in the configuration
	Line, Column int    // within its text, from 1; 0 where it is the parameter as a whole
	Message      string // what is wrong, and what was expected
}

func (e *ParameterError) Error() string { return fmt.Sprintf("%s: %s", e.Parameter, e.Message) }
