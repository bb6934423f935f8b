package record

import (
	"slices"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// The kinds of signatures.
const (
	Attestation = "attestation"
	Waiver      = "waiver"
	Revocation  = "revocation"
)

// A Signature is what a person signed, or took back.
type Signature struct {
	ID      string    `json:"id"`
	System  string    `json:"system"`
	Check   string    `json:"check"`
	Kind    string    `json:"kind"` // attestation, waiver or revocation
	By      string    `json:"by"`   // the name of the token that it was made with
	At      time.Time `json:"at"`
	Until   time.Time `json:"until,omitzero"`
	Reason  string    `json:"reason,omitempty"` // of a waiver: why the item is excused
	Link    string    `json:"link,omitempty"`
	Comment string    `json:"comment,omitempty"`
	// Revokes is the ID of what a revocation takes back.
	Revokes string `json:"revokes,omitempty"`
}

const (
	// maximumSignatures bounds what is kept in all, maximumOfItem what is kept of one item. The oldest goes first.
	maximumSignatures = 10_000
	maximumOfItem     = 100
)

// signatures are what was signed, in the order of arrival.
type signatures struct {
	all    []Signature
	ids    map[string]bool
	ofItem map[item]int
}

func newSignatures() signatures {
	return signatures{ids: make(map[string]bool), ofItem: make(map[item]int)}
}

func (s *signatures) add(signed Signature) {
	if s.ids[signed.ID] {
		return
	}
	of := item{signed.System, signed.Check}
	s.all = append(s.all, signed)
	s.ids[signed.ID] = true
	s.ofItem[of]++
	switch {
	case s.ofItem[of] > maximumOfItem:
		s.remove(slices.IndexFunc(s.all, func(each Signature) bool { return each.System == of.system && each.Check == of.check }))
	case len(s.all) > maximumSignatures:
		s.remove(0)
	}
}

func (s *signatures) remove(at int) {
	gone := s.all[at]
	s.all = slices.Delete(s.all, at, at+1)
	delete(s.ids, gone.ID)
	of := item{gone.System, gone.Check}
	if s.ofItem[of]--; s.ofItem[of] == 0 {
		delete(s.ofItem, of)
	}
}

// bound has the oldest go until they take no more than so many bytes.
func (s *signatures) bound(maximum int64) {
	var size int64
	for i := range s.all {
		size += int64(len(appendLine(nil, line{Signature: &s.all[i]})))
	}
	for size > maximum && len(s.all) > 0 {
		size -= int64(len(appendLine(nil, line{Signature: &s.all[0]})))
		s.remove(0)
	}
}

// of gives what was signed about a system.
func (s *signatures) of(system string) (all []Signature) {
	for _, each := range s.all {
		if each.System == system {
			all = append(all, each)
		}
	}
	return all
}

// inForce gives the signatures of a kind about a system that nobody took back: of each person and item the newest.
func (s *signatures) inForce(system, kind string) (all []Signature) {
	revoked := make(map[string]bool)
	type subject struct{ check, by string }
	signed := make(map[subject]bool)
	for _, each := range slices.Backward(s.all) {
		switch by := (subject{each.Check, each.By}); {
		case each.System != system:
		case each.Kind == Revocation:
			revoked[each.Revokes] = true
		case each.Kind == kind && !signed[by]:
			signed[by] = true
			if !revoked[each.ID] {
				all = append(all, each)
			}
		}
	}
	slices.Reverse(all)
	return all
}

func (s *signatures) attestations(system string) (facts []fact.Attestation) {
	for _, each := range s.inForce(system, Attestation) {
		facts = append(facts, fact.Attestation{
			Check: each.Check, By: each.By, At: each.At, Until: each.Until, Link: each.Link, Comment: each.Comment,
		})
	}
	return facts
}

func (s *signatures) waivers(system string) (facts []fact.Waiver) {
	for _, each := range s.inForce(system, Waiver) {
		facts = append(facts, fact.Waiver{Check: each.Check, By: each.By, Reason: each.Reason, Until: each.Until, Link: each.Link})
	}
	return facts
}

// repeats finds the signature that another one repeats: the newest of its kind, by the same person about the same item, of just before,
// with the same words. nil where there is none.
func (s *signatures) repeats(signed Signature) *Signature {
	for _, each := range s.inForce(signed.System, signed.Kind) {
		same := each
		same.ID, same.At = signed.ID, signed.At
		if same == signed && signed.At.Sub(each.At).Abs() <= sameWithin {
			return &each
		}
	}
	return nil
}
