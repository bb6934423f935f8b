package check

import (
	"fmt"
	"slices"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// A Kind is one way of judging facts. An item of the checklist is a kind with parameters.
type Kind[F, P any] struct {
	Name     string // snake_case, unique: "certificate_renewal"
	Summary  string // one sentence: what holds when it passes
	Remedy   string // how to mend what it finds, for reasons that do not say better
	Reasons  []Reason
	Defaults P
	About    fact.Kind[F]
	// None is the status when there is no such fact at all and none was missed: Undeclared where the system description
	// would have to say more, Fail where there ought to be one. Nothing says it in words.
	None    Status
	Nothing string
	// Select tells which facts an item with these parameters is about; nil means all.
	Select func(f F, p P) bool
	// Topics tells which topics of the facts, and of what was missed, an item with these parameters is about, beside what
	// makes the fact; nil means all. Facts that lack one of them are left out, since what was missed tells of them.
	Topics func(p P) []string
	// Judge gives the problems of one fact; none means that it holds. It is pure: no I/O, no clock, no logging.
	Judge func(f F, p P, now time.Time) []Problem
	// JudgeAll, in place of Judge, gives the problems of all facts together, with their subjects: for what holds as soon
	// as one fact shows it. What was missed counts only as far as it says so, by NotSeen, as long as there is a fact.
	JudgeAll func(batch fact.Batch[F], p P, now time.Time) []Problem
}

// A Reason is one way in which a check can find fault, from a closed set.
type Reason struct {
	Name     string // snake_case: "expires_soon"
	Level    Status // Warn, Fail, Unknown or Undeclared
	Sentence string // what a reader sees: "The certificate ends soon."
	Remedy   string // how to mend it; empty: the kind's Remedy
}

// Problem makes a problem with this reason; the engine adds the subject.
func (r Reason) Problem(detail string) Problem {
	return Problem{Reason: r.Name, Level: r.Level, Detail: detail, Remedy: r.Remedy}
}

// A Problem is one thing found wrong with one subject.
type Problem struct {
	Subject string `json:"subject,omitempty"` // what it was found on; empty for the item as a whole
	Reason  string `json:"reason"`            // from the kind's closed set, or one of the common reasons
	Level   Status `json:"level"`
	Detail  string `json:"detail"` // in words, with the numbers; never a secret
	Remedy  string `json:"remedy,omitempty"`
}

// Description is what documents, metrics and pages say of a kind.
type Description struct {
	Name, Summary, Remedy string
	Reasons               []Reason
	FactKind              string
	None                  Status
	Defaults              any // the parameter struct
}

// Any is a Kind whose types are hidden.
type Any interface {
	// Describe says what the kind is.
	Describe() Description
	// Parameters gives a pointer to a copy of the defaults, to decode a configuration into.
	Parameters() any
	// Bind fixes the parameters, which must come from Parameters.
	Bind(parameters any) Bound
}

// A Bound is a kind with its parameters: it judges a view.
type Bound struct {
	Description
	Parameters any      // pointer to the parameter struct
	Topics     []string // of the facts that it judges; nil: all
	judge      func(view fact.View, now time.Time) (problems []Problem, facts int)
	facts      func(view fact.View) []any
}

// Facts are those of a view that the item is about, in the order in which they were seen.
func (b Bound) Facts(view fact.View) []any { return b.facts(view) }

// judgeSafely turns a panic into a problem: one odd fact that shows a mistake in one check must not end all the others.
func (b Bound) judgeSafely(view fact.View, now time.Time) (problems []Problem, facts int) {
	defer func() {
		if cause := recover(); cause != nil {
			problems = []Problem{NotSeen(fact.Missed{
				Reason: fact.ReasonPanic, Detail: fmt.Sprintf("the check %s panicked: %v", b.Name, cause),
			})}
			facts = 0
		}
	}()
	return b.judge(view, now)
}

// Describe says what the kind is.
func (k Kind[F, P]) Describe() Description {
	return Description{
		Name: k.Name, Summary: k.Summary, Remedy: k.Remedy, Reasons: k.Reasons,
		FactKind: k.About.Name, None: k.None, Defaults: k.Defaults,
	}
}

// Parameters gives a pointer to a copy of the defaults.
func (k Kind[F, P]) Parameters() any {
	parameters := k.Defaults
	return &parameters
}

// Bind fixes the parameters.
func (k Kind[F, P]) Bind(parameters any) Bound {
	p := *parameters.(*P)
	return Bound{
		Description: k.Describe(),
		Parameters:  parameters,
		Topics:      k.topics(p),
		judge: func(view fact.View, now time.Time) ([]Problem, int) {
			batch := k.about(view, p)
			return k.judge(batch, p, now), len(batch.Facts)
		},
		facts: func(view fact.View) []any {
			var facts []any
			for _, f := range k.about(view, p).Facts {
				facts = append(facts, f)
			}
			return facts
		},
	}
}

// topics are those that an item with these parameters is about, never nil where the kind tells; nil: all.
func (k Kind[F, P]) topics(p P) []string {
	if k.Topics == nil {
		return nil
	}
	return append([]string{}, k.Topics(p)...)
}

// about gives what of a view an item with these parameters is about.
func (k Kind[F, P]) about(view fact.View, p P) fact.Batch[F] {
	batch := fact.Of(view, k.About)
	topics := k.topics(p)
	if topics != nil {
		batch.Missed = slices.DeleteFunc(slices.Clone(batch.Missed), func(m fact.Missed) bool {
			return m.Topic != "" && !slices.Contains(topics, m.Topic)
		})
	}
	batch.Facts = slices.DeleteFunc(batch.Facts, func(f F) bool {
		partial, is := any(f).(fact.Partial)
		return is && slices.ContainsFunc(partial.Lacks(), func(topic string) bool {
			return topics == nil || slices.Contains(topics, topic)
		})
	})
	if k.Select != nil {
		batch.Facts = slices.DeleteFunc(batch.Facts, func(f F) bool { return !k.Select(f, p) })
	}
	return batch
}

func (k Kind[F, P]) judge(batch fact.Batch[F], p P, now time.Time) []Problem {
	var problems []Problem
	switch {
	case len(batch.Facts) == 0 && len(batch.Missed) == 0:
		problems = []Problem{{Reason: nothingSeen(k.None).Name, Level: k.None, Detail: k.Nothing}}
	case k.JudgeAll != nil && len(batch.Facts) > 0:
		problems = k.JudgeAll(batch, p, now)
	default:
		problems = k.judgeEach(batch, p, now)
	}
	for i := range problems {
		if problems[i].Remedy == "" {
			problems[i].Remedy = k.Remedy
		}
	}
	return problems
}

func (k Kind[F, P]) judgeEach(batch fact.Batch[F], p P, now time.Time) []Problem {
	var problems []Problem
	for _, f := range batch.Facts {
		for _, problem := range k.Judge(f, p, now) {
			problem.Subject = k.About.Subject(f)
			problems = append(problems, problem)
		}
	}
	for _, missed := range batch.Missed {
		problems = append(problems, NotSeen(missed))
	}
	return problems
}

// NotSeen is the problem that something should have been seen and was not.
func NotSeen(missed fact.Missed) Problem {
	problem := notSeen().Problem(string(missed.Reason) + ": " + missed.Detail)
	problem.Subject = missed.Subject
	return problem
}

// notSeen is the common reason of what should have been seen and was not.
func notSeen() Reason {
	return Reason{
		Name: "not_seen", Level: Unknown, Sentence: "It should have been seen and could not be.",
		Remedy: "Mend what keeps the exporter from looking; the collector's page and readiness_collector_missed say more.",
	}
}

// nothingSeen is the common reason when there is no fact to judge at all.
func nothingSeen(level Status) Reason {
	return Reason{Name: "nothing_seen", Level: level, Sentence: "There is nothing to judge."}
}

// AllReasons are the kind's own reasons and the common ones that its items can have.
func (d Description) AllReasons() []Reason {
	return append(append(make([]Reason, 0, len(d.Reasons)+2), d.Reasons...), notSeen(), nothingSeen(d.None))
}
