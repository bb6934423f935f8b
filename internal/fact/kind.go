// Package fact holds what collectors collect: typed, dated facts, what is unavailable and why, and the gauges that facts
// export. It knows nothing of how facts come to be or what is thought of them.
package fact

import "iter"

// A Kind says what one sort of fact is called and which of its numbers are exported.
type Kind[F any] struct {
	Name    string          // snake_case, unique: "certificate"
	Help    string          // one sentence: what such a fact is
	Subject func(*F) string // stable identity within a system: "api.example.com:443", "shop/Deployment/api"
	Labels  []Label[F]      // what tells the series of one fact from those of another
	Gauges  []Gauge[F]
}

// A Label is one label of a fact's series. Its values are names of things, never free text.
type Label[F any] struct {
	Name  string
	Value func(*F) string
}

// A Gauge is one number of a fact, exported as readiness_<Name>. Exactly one of Value and Values is set.
type Gauge[F any] struct {
	Name   string // with the base unit: "certificate_not_after_timestamp_seconds"
	Help   string
	Labels []Label[F] // beside the kind's own, for info gauges
	// Value is the one sample of a fact; false leaves the series out, since a number that is not known is not zero.
	Value func(*F) (float64, bool)
	// Values are several samples of a fact, told apart by the label By, whose values come from a closed set.
	By     string
	Values func(*F) iter.Seq2[string, float64]
}

// A Family describes the series of one gauge.
type Family struct {
	Name   string   // without the prefix readiness_
	Help   string   // one sentence
	Labels []string // in the order of a sample's values, without those of the system
}

// Any is a Kind whose type of fact is hidden, for whoever handles facts of every kind alike.
type Any interface {
	// KindName is the kind's Name, KindHelp its Help.
	KindName() string
	KindHelp() string
	// Zero is a fact of this kind of which nothing is known, as a pointer.
	Zero() any
	// NoFacts is an empty set of this kind.
	NoFacts() AnySet
	// Decode is a set of this kind that another exporter has encoded, of facts from one vantage point.
	Decode(encoded Encoded, vantage string) (AnySet, error)
	// Join is one set of this kind with all that several have.
	Join(sets []AnySet) AnySet
	// SubjectOf names the thing a fact is about. The fact must be a pointer to one of this kind.
	SubjectOf(fact any) string
	// Families lists the gauges in a fixed order.
	Families() []Family
	// Samples calls emit for each number of a fact, with the index into Families and the label values in the family's
	// order. The fact must be a pointer to one of this kind; values is emit's to keep.
	Samples(fact any, emit func(family int, values []string, value float64))
}

// KindName is the kind's name.
func (k *Kind[F]) KindName() string { return k.Name }

// KindHelp says what such a fact is.
func (k *Kind[F]) KindHelp() string { return k.Help }

// Zero is a fact of this kind of which nothing is known.
func (k *Kind[F]) Zero() any {
	return new(F)
}

// NoFacts is an empty set of this kind.
func (k *Kind[F]) NoFacts() AnySet { return k.Set(&Set[F]{}) }

// SubjectOf names the thing a fact is about.
func (k *Kind[F]) SubjectOf(fact any) string { return k.subject(fact.(*F)) }

// subject names the thing a fact is about, by the kind alone where the fact is too odd to be named.
func (k *Kind[F]) subject(fact *F) (subject string) {
	defer func() {
		if recover() != nil {
			subject = k.Name
		}
	}()
	return k.Subject(fact)
}

// Families lists the gauges in their declared order.
func (k *Kind[F]) Families() []Family {
	families := make([]Family, len(k.Gauges))
	for i, gauge := range k.Gauges {
		families[i] = Family{Name: gauge.Name, Help: gauge.Help}
		for _, label := range k.Labels {
			families[i].Labels = append(families[i].Labels, label.Name)
		}
		for _, label := range gauge.Labels {
			families[i].Labels = append(families[i].Labels, label.Name)
		}
		if gauge.Values != nil {
			families[i].Labels = append(families[i].Labels, gauge.By)
		}
	}
	return families
}

// Samples emits each number of a fact.
func (k *Kind[F]) Samples(fact any, emit func(family int, values []string, value float64)) {
	f := fact.(*F)
	for i, gauge := range k.Gauges {
		values := make([]string, 0, len(k.Labels)+len(gauge.Labels)+1)
		for _, label := range k.Labels {
			values = append(values, label.Value(f))
		}
		for _, label := range gauge.Labels {
			values = append(values, label.Value(f))
		}
		if gauge.Values == nil {
			if value, known := gauge.Value(f); known {
				emit(i, values, value)
			}
			continue
		}
		for name, value := range gauge.Values(f) {
			emit(i, append(values[:len(values):len(values)], name), value)
		}
	}
}
