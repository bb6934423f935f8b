package fact

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// LabelVantage is the label of what was collected from a vantage point; a series without it is the exporter's own.
const LabelVantage = "vantage"

// A Standpoint says from where a fact was collected. It is embedded in facts about what is reached over the network.
type Standpoint struct {
	// Vantage is the name of the vantage point; empty: the exporter collected it itself.
	Vantage string `json:"vantage,omitempty"`
}

// From ends the subject of a fact: " from frankfurt", or nothing where the exporter collected it itself.
func (s Standpoint) From() string {
	if s.Vantage == "" {
		return ""
	}
	return " from " + s.Vantage
}

// Here names the machine that collected it: "this machine", or the one of the vantage point.
func (s Standpoint) Here() string {
	if s.Vantage == "" {
		return "this machine"
	}
	return "the machine of " + s.Vantage
}

func (s *Standpoint) stand(vantage string) { s.Vantage = vantage }

func (s Standpoint) at() string { return s.Vantage }

// standing is a fact that has a Standpoint.
type standing interface {
	stand(vantage string)
	at() string
}

// From is the set as it is collected from a vantage point. Facts of a kind that is not collected from vantage points are left out.
func (s typedSet[F]) From(vantage string) AnySet {
	from := &Set[F]{Facts: make([]*F, 0, len(s.Facts))}
	for _, each := range s.Facts {
		moved := *each
		if stand, can := any(&moved).(standing); can {
			stand.stand(vantage)
			from.Facts = append(from.Facts, &moved)
		}
	}
	for _, each := range s.Unavailable {
		stand, can := any(&each.Known).(standing)
		if !can {
			continue
		}
		// What nothing is known of stays so, and is named with where it is.
		if !reflect.ValueOf(&each.Known).Elem().IsZero() {
			stand.stand(vantage)
		}
		if each.Subject != "" {
			each.Subject += Standpoint{vantage}.From()
		}
		from.Unavailable = append(from.Unavailable, each)
	}
	return s.kind.Set(from)
}

// An Encoded is a set as one exporter hands it to another.
type Encoded struct {
	Kind        string            `json:"kind"`
	Facts       []json.RawMessage `json:"facts"`
	Unavailable []EncodedGap      `json:"unavailable,omitempty"`
}

// An EncodedGap is something unavailable, with what is known of it.
type EncodedGap struct {
	Subject string          `json:"subject,omitempty"`
	Known   json.RawMessage `json:"known"`
	Reason  Reason          `json:"reason"`
	Topic   string          `json:"topic,omitempty"`
	Detail  string          `json:"detail"`
}

// Encode is the set as it is handed to another exporter.
func (s typedSet[F]) Encode() (Encoded, error) {
	encoded := Encoded{Kind: s.kind.Name, Facts: make([]json.RawMessage, 0, len(s.Facts))}
	for _, each := range s.Facts {
		content, err := json.Marshal(each)
		if err != nil {
			return Encoded{}, fmt.Errorf("encode a fact of the kind %s: %w", s.kind.Name, err)
		}
		encoded.Facts = append(encoded.Facts, content)
	}
	for i := range s.Unavailable {
		each := &s.Unavailable[i]
		content, err := json.Marshal(&each.Known)
		if err != nil {
			return Encoded{}, fmt.Errorf("encode what is known of a fact of the kind %s: %w", s.kind.Name, err)
		}
		encoded.Unavailable = append(encoded.Unavailable, EncodedGap{each.Subject, content, each.Reason, each.Topic, each.Detail})
	}
	return encoded, nil
}

// longestForeignText bounds what another exporter says in words, in bytes.
const longestForeignText = 2000

// Decode is the set that another exporter has encoded, of facts from one vantage point. Anything that this kind does not have is an
// error.
func (k *Kind[F]) Decode(encoded Encoded, vantage string) (AnySet, error) {
	set := &Set[F]{Facts: make([]*F, 0, len(encoded.Facts))}
	for _, content := range encoded.Facts {
		found := new(F)
		if err := k.decode(content, found, vantage, false); err != nil {
			return nil, err
		}
		set.Facts = append(set.Facts, found)
	}
	for _, each := range encoded.Unavailable {
		gap := Unavailable[F]{Subject: each.Subject, Reason: each.Reason, Topic: each.Topic, Detail: printable(each.Detail)}
		if !slices.Contains(Reasons(), each.Reason) || max(len(each.Subject), len(each.Topic), len(each.Detail)) > longestForeignText {
			return nil, fmt.Errorf("something unavailable of the kind %s that cannot be read", k.Name)
		}
		if err := k.decode(each.Known, &gap.Known, vantage, true); err != nil {
			return nil, err
		}
		set.Unavailable = append(set.Unavailable, gap)
	}
	return k.Set(set), nil
}

// Join is one set of this kind with all that several have.
func (k *Kind[F]) Join(sets []AnySet) AnySet {
	joined := new(Set[F])
	for _, set := range sets {
		if part := k.Typed(set); part != nil {
			joined.Facts = append(joined.Facts, part.Facts...)
			joined.Unavailable = append(joined.Unavailable, part.Unavailable...)
		}
	}
	return k.Set(joined)
}

// decode reads one fact, which must be from the vantage point; one that may be unknown can be empty, too.
func (k *Kind[F]) decode(content json.RawMessage, into *F, vantage string, unknown bool) error {
	if err := json.Unmarshal(content, into); err != nil {
		return fmt.Errorf("a fact of the kind %s that cannot be read", k.Name)
	}
	tidy(reflect.ValueOf(into).Elem())
	nothing := unknown && reflect.ValueOf(into).Elem().IsZero()
	switch stand, can := any(into).(standing); {
	case !can:
		return fmt.Errorf("facts of the kind %s, which are not collected from vantage points", k.Name)
	case stand.at() != vantage && !nothing:
		return fmt.Errorf("a fact of the kind %s from another vantage point", k.Name)
	}
	return nil
}

// tidy makes every text within a value one line that is not too long.
func tidy(value reflect.Value) {
	switch value.Kind() {
	case reflect.String:
		value.SetString(printable(value.String()))
	case reflect.Pointer:
		if !value.IsNil() {
			tidy(value.Elem())
		}
	case reflect.Slice:
		for i := range value.Len() {
			tidy(value.Index(i))
		}
	case reflect.Struct:
		for i := range value.NumField() {
			if field := value.Field(i); field.CanSet() {
				tidy(field)
			}
		}
	default:
	}
}

// printable is a text from another exporter in one line, cut where it is too long.
func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
	if len(text) > longestForeignText {
		text = strings.ToValidUTF8(text[:longestForeignText], "") + "…"
	}
	return text
}
