package exchange

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

const (
	// mostFacts bounds what one run at one target may have of a kind: a name with many addresses has many certificates.
	mostFacts = 1000
	// longestInterval bounds for how long an exporter may say that its facts are good.
	longestInterval = 366 * 24 * time.Hour
	// ahead is how far a time may lie in the future of the same clock.
	ahead = time.Minute
)

// An Expected is a run that there should be at the other exporter, as the description at hand has it.
type Expected struct {
	Collector, Target, Described string
	// Declared has a set for every kind that it collects, in which what the target declares is unavailable.
	Declared []fact.AnySet
}

// Read reads an answer. It must be about what was asked for, and of a version whose facts are made as those of this one.
func Read(content []byte, system, environment, vantage string) (*Answer, error) {
	answer := new(Answer)
	if err := json.Unmarshal(content, answer); err != nil || answer.Shape == "" {
		return nil, fact.Errorf(fact.ReasonInvalid, "its answer cannot be read as facts")
	}
	switch {
	case answer.Shape != Shape():
		return nil, fact.Errorf(fact.ReasonUnsupported,
			"the facts of its version %s have another form than those of this one: run the same version on both", short(answer.Version))
	case answer.Vantage != vantage:
		return nil, fact.Errorf(fact.ReasonInvalid, "it is the vantage point %s and not %s: correct the url, or its --vantage.name",
			short(answer.Vantage), vantage)
	case answer.System != system || answer.Environment != environment:
		return nil, fact.Errorf(fact.ReasonInvalid, "it answers about the system %s in %s, which was not asked for",
			short(answer.System), short(answer.Environment))
	case answer.At.IsZero():
		return nil, fact.Errorf(fact.ReasonInvalid, "its answer does not have the time at which it was given")
	}
	return answer, nil
}

// short quotes what another exporter gives as a name.
func short(text string) string { return strconv.Quote(words.Clip(text, 100)) }

// Take gives a set of every kind that is handed over, with what the answer has of the runs that are expected, and nothing else of it.
// What it lacks of them, or has otherwise than is expected, is unavailable.
func (a *Answer) Take(expected []Expected) []fact.AnySet {
	type place struct{ collector, target string }
	runs := make(map[place][]*VantageRun, len(a.Runs))
	for i := range a.Runs {
		at := place{a.Runs[i].Collector, a.Runs[i].Target}
		runs[at] = append(runs[at], &a.Runs[i])
	}
	parts := make(map[string][]fact.AnySet)
	for _, each := range expected {
		sets, err := a.run(runs[place{each.Collector, each.Target}], each)
		for i, declared := range each.Declared {
			kind := declared.Kind().KindName()
			if err != nil {
				parts[kind] = append(parts[kind], declared.Fail(each.Target+fact.Standpoint{Vantage: a.Vantage}.From(), *fact.FailureOf(err)))
			} else {
				parts[kind] = append(parts[kind], sets[i])
			}
		}
	}
	all := make([]fact.AnySet, 0, len(Kinds()))
	for _, kind := range Kinds() {
		all = append(all, kind.Join(parts[kind.KindName()]))
	}
	return all
}

// Age is how old the facts of a collector may have been at most when it answered: those that are older are not taken.
func (a *Answer) Age(collector string) (oldest time.Duration) {
	for i := range a.Runs {
		if run := &a.Runs[i]; run.Collector == collector && run.IntervalSeconds <= longestInterval.Seconds() {
			oldest = max(oldest, fact.StaleAfter*time.Duration(run.IntervalSeconds*float64(time.Second)))
		}
	}
	return oldest
}

// run gives the sets of an expected run, in the order of what it declares.
func (a *Answer) run(found []*VantageRun, expected Expected) ([]fact.AnySet, error) {
	switch {
	case len(found) == 0:
		return nil, fact.Errorf(fact.ReasonNotFound, "it is not collected from %s: run that exporter with the same file", a.Vantage)
	case len(found) > 1:
		return nil, fact.Errorf(fact.ReasonInvalid, "the answer of %s has it twice", a.Vantage)
	case expected.Described == "" || found[0].Described != expected.Described:
		return nil, fact.Errorf(fact.ReasonInvalid, "it is described otherwise at %s: run that exporter with the same file", a.Vantage)
	case len(found[0].Sets) != len(expected.Declared):
		return nil, a.unlike("other kinds of fact than were asked for")
	}
	if err := a.usable(found[0]); err != nil {
		return nil, err
	}
	sets := make([]fact.AnySet, len(expected.Declared))
	for i, declared := range expected.Declared {
		set, err := a.set(found[0].Sets[i], declared)
		if err != nil {
			return nil, err
		}
		sets[i] = set
	}
	return sets, nil
}

// unlike is the error of an answer that is none of an exporter that does what it should.
func (a *Answer) unlike(what string) error {
	return fact.Errorf(fact.ReasonInvalid, "the answer of %s has %s", a.Vantage, what)
}

// usable tells whether what a run collected counts, by the clock of the exporter that collected it.
func (a *Answer) usable(run *VantageRun) error {
	interval := time.Duration(run.IntervalSeconds * float64(time.Second))
	switch {
	case !(run.IntervalSeconds > 0 && run.IntervalSeconds <= longestInterval.Seconds()):
		return a.unlike("a time between two runs that cannot be")
	case run.CollectedAt == nil:
		for _, set := range run.Sets {
			if len(set.Facts) > 0 {
				return a.unlike("facts without the time at which they were collected")
			}
		}
		return nil
	case run.CollectedAt.After(a.At.Add(ahead)):
		return a.unlike("facts that were collected in the future")
	case a.At.Sub(*run.CollectedAt) > fact.StaleAfter*interval:
		return fact.Errorf(fact.ReasonStale, "%s last collected it %s before it answered", a.Vantage,
			a.At.Sub(*run.CollectedAt).Round(time.Second))
	default:
		return nil
	}
}

// set reads one set, which must be about what was declared.
func (a *Answer) set(encoded fact.Encoded, declared fact.AnySet) (fact.AnySet, error) {
	kind := declared.Kind()
	if encoded.Kind != kind.KindName() {
		return nil, a.unlike("other kinds of fact than were asked for")
	}
	if len(encoded.Facts) > mostFacts || len(encoded.Unavailable) > mostFacts {
		return nil, a.unlike(fmt.Sprintf("more than %d facts of one target", mostFacts))
	}
	set, err := kind.Decode(encoded, a.Vantage)
	if err != nil {
		return nil, a.unlike(err.Error())
	}
	known, gaps := declared.Gaps(), set.Gaps()
	if set.Len() == 0 && len(gaps) == 0 && len(known) > 0 {
		return nil, a.unlike("nothing about it")
	}
	subjects := make([]string, 0, set.Len()+len(gaps))
	for i := range set.Len() {
		subjects = append(subjects, kind.SubjectOf(set.At(i)))
	}
	for _, gap := range gaps {
		subjects = append(subjects, gap.Subject)
	}
	for _, subject := range subjects {
		if !a.about(subject, known) {
			return nil, a.unlike("facts about something else")
		}
	}
	return set, nil
}

// about tells whether a subject is one that was declared, or an address behind it.
func (a *Answer) about(subject string, declared []fact.Gap) bool {
	from := fact.Standpoint{Vantage: a.Vantage}.From()
	place, is := strings.CutSuffix(subject, from)
	if !is {
		return false
	}
	for _, each := range declared {
		if known := strings.TrimSuffix(each.Subject, from); place == known || strings.HasPrefix(place, known+" at ") {
			return true
		}
	}
	return false
}
