// Package check judges facts: kinds of check, which are pure functions from facts, parameters, the system and the time to problems,
// and the rules that make one status of an item from its clauses and waivers.
package check

import "fmt"

// A Status is what is concluded of one item. The zero value is Unknown: nothing passes by being forgotten.
type Status uint8

// The statuses. A problem has one of Warn, Fail, Unknown and Undeclared as its level.
const (
	Unknown       Status = iota // should have been collected and could not be
	Pass                        // checked, and it holds
	Warn                        // holds, but near its limit
	Fail                        // checked, and it does not hold
	Undeclared                  // there is nothing at all from which it could be judged
	Waived                      // fails, and is excused until a date
	NotApplicable               // the user's word, with a reason
)

// Statuses lists every status, in the order of their numbers.
func Statuses() []Status {
	return []Status{Unknown, Pass, Warn, Fail, Undeclared, Waived, NotApplicable}
}

func (s Status) String() string {
	names := [...]string{"unknown", "pass", "warn", "fail", "undeclared", "waived", "not_applicable"}
	if int(s) >= len(names) {
		return fmt.Sprintf("status(%d)", uint8(s))
	}
	return names[s]
}

// MarshalText writes the status as metrics, reports and the API name it.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *Status) UnmarshalText(text []byte) error {
	for _, status := range Statuses() {
		if status.String() == string(text) {
			*s = status
			return nil
		}
	}
	return fmt.Errorf("%q is no status", text)
}

// Ready tells whether an item of this status counts as ready.
func (s Status) Ready() bool { return s == Pass || s == Warn || s == Waived }

// Applicable tells whether an item of this status counts at all.
func (s Status) Applicable() bool { return s != NotApplicable }

// Judged tells whether something was there to judge the item by.
func (s Status) Judged() bool { return s != NotApplicable && s != Undeclared }

// Gravity orders levels by which of them decides the status: what fails outweighs what is unavailable, since
// a failing thing never turns unknown because collecting it was part of the failure.
func (s Status) Gravity() int {
	switch s {
	case Fail:
		return 4
	case Unknown:
		return 3
	case Undeclared:
		return 2
	case Warn:
		return 1
	default:
		return 0
	}
}

// Worst is the status that a set of problems comes to: Pass when there is none.
func Worst(problems []Problem) Status {
	worst := Pass
	for _, problem := range problems {
		if problem.Level.Gravity() > worst.Gravity() {
			worst = problem.Level
		}
	}
	return worst
}
