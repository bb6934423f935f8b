package fact

import "slices"

// A Partial fact is joined from several things, of which some may not have been seen.
type Partial interface {
	// Lacks gives the topics of what was not seen.
	Lacks() []string
}

// Needs say what somebody judges: the topics of each kind of fact, by its name. Nil topics are all there are.
type Needs map[string][]string

// Add notes that topics of a kind are needed; nil: all.
func (n Needs) Add(kind string, topics []string) {
	known, there := n[kind]
	switch {
	case topics == nil, there && known == nil:
		n[kind] = nil
	default:
		all := append(append([]string{}, known...), topics...)
		slices.Sort(all)
		n[kind] = slices.Compact(all)
	}
}
