package check

import "github.com/readiness-exporter/readiness-exporter/internal/fact"

// A Reason is one way in which a check can find fault, from a closed set.
type Reason struct {
	Name     string // snake_case: "expires_soon"
	Level    Status // Warn, Fail, Unknown or Undeclared
	Sentence string // what a reader sees: "The certificate expires soon."
	Remedy   string // how to fix it; empty: the kind's Remedy
	// Absence: it says that something is not there, which cannot be known while part of its group is unavailable.
	Absence bool
	// Urgent: users are hit by it now, or soon if nobody acts. A reason that is so only beyond some limit leaves it to
	// Problem.UrgentIf.
	Urgent bool
}

// Problem makes a problem with this reason; the framework adds the subject where the check names none.
func (r Reason) Problem(detail string) Problem {
	return Problem{Reason: r.Name, Level: r.Level, Detail: detail, Remedy: r.Remedy, Urgent: r.Urgent, absence: r.Absence}
}

// On makes a problem with this reason, found on a subject.
func (r Reason) On(subject, detail string) Problem {
	problem := r.Problem(detail)
	problem.Subject = subject
	return problem
}

// A Problem is one thing found wrong with one subject.
type Problem struct {
	Subject string `json:"subject,omitempty"` // what it was found on; empty for the item as a whole
	Reason  string `json:"reason"`            // from the kind's closed set, or one of the common reasons
	Level   Status `json:"level"`
	Urgent  bool   `json:"urgent,omitempty"` // users are hit by it now, or soon if nobody acts; the same calls somebody by an alert
	// Cause is why something could not be collected, where that is the problem.
	Cause  fact.Reason `json:"cause,omitempty"`
	Detail string      `json:"detail"` // in words, with the numbers; never a secret
	Remedy string      `json:"remedy,omitempty"`

	absence bool // see Reason; false once it is judged
}

// UrgentIf is the problem, urgent where it is so for a reason that need not be.
func (p Problem) UrgentIf(urgent bool) Problem {
	p.Urgent = p.Urgent || urgent
	return p
}

// unavailable is the problem that something should have been collected and could not be.
func unavailable(gap fact.Gap) Problem {
	problem := notCollected().On(gap.Subject, gap.Detail)
	problem.Cause = gap.Reason
	return problem
}

// notCollected is the common reason of what should have been collected and could not be.
func notCollected() Reason {
	return Reason{
		Name: "not_collected", Level: Unknown, Sentence: "It should have been collected and could not be.",
		Remedy: "Find out whether it is down, or only out of the exporter's reach: the detail says what was tried, and how that ended.",
	}
}

// noTarget is the common reason when nothing is declared or discovered from which the item could be judged.
func noTarget() Reason {
	return Reason{
		Name: "no_target", Level: Undeclared, Sentence: "Nothing is declared from which it could be judged.",
		Remedy: "Declare it in the system description, or list the item under not_applicable with a reason.",
	}
}

// notDeclared is the common reason when parameters must be declared and are not.
func notDeclared(remedy string) Reason {
	return Reason{
		Name: "not_declared", Level: Undeclared, Sentence: "What is expected is not declared.", Remedy: remedy,
	}
}
