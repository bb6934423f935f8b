package fact

import "time"

// An Attestation is a person's word that something holds, until a date.
type Attestation struct {
	Check   string    `json:"check"` // the item of the checklist it is about
	By      string    `json:"by"`    // who
	At      time.Time `json:"at,omitzero"`
	Until   time.Time `json:"until,omitzero"` // when it runs out by itself; zero: as the item says
	Link    string    `json:"link"`           // the proof
	Comment string    `json:"comment"`
}

// Attestations describes the facts of attestations.
func Attestations() *Kind[Attestation] {
	return &Kind[Attestation]{
		Name:    "attestation",
		Help:    "A person's attestation that an item of the checklist holds, until a date.",
		Subject: func(a *Attestation) string { return a.Check + " by " + a.By },
		Labels: []Label[Attestation]{
			{Name: "check", Value: func(a *Attestation) string { return a.Check }},
			{Name: "by", Value: func(a *Attestation) string { return a.By }},
		},
		Gauges: []Gauge[Attestation]{
			{
				Name:  "attestation_signed_timestamp_seconds",
				Help:  "When the attestation was signed.",
				Value: func(a *Attestation) (float64, bool) { return Timestamp(a.At) },
			},
			{
				Name:  "attestation_expiry_timestamp_seconds",
				Help:  "When the attestation expires, where it says so itself.",
				Value: func(a *Attestation) (float64, bool) { return Timestamp(a.Until) },
			},
		},
	}
}

// A Waiver excuses a failing item until a date.
type Waiver struct {
	Check  string    `json:"check"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	Until  time.Time `json:"until,omitzero"`
	Link   string    `json:"link"`
}

// WaiverKind is the name of the kind of waivers.
const WaiverKind = "waiver"

// Waivers describes the facts of waivers.
func Waivers() *Kind[Waiver] {
	return &Kind[Waiver]{
		Name:    WaiverKind,
		Help:    "A failing item of the checklist is excused until a date, by somebody, for a reason.",
		Subject: func(w *Waiver) string { return w.Check + " by " + w.By },
		Labels: []Label[Waiver]{
			{Name: "check", Value: func(w *Waiver) string { return w.Check }},
			{Name: "by", Value: func(w *Waiver) string { return w.By }},
		},
		Gauges: []Gauge[Waiver]{{
			Name:  "waiver_expiry_timestamp_seconds",
			Help:  "When the waiver expires.",
			Value: func(w *Waiver) (float64, bool) { return Timestamp(w.Until) },
		}},
	}
}

// Timestamp is a time in seconds since 1970, as gauges carry it; false for the zero time, which is no time.
func Timestamp(t time.Time) (float64, bool) {
	return float64(t.Unix()) + float64(t.Nanosecond())/1e9, !t.IsZero()
}

// Bool is a truth as gauges carry it: 1 or 0.
func Bool(truth bool) float64 {
	if truth {
		return 1
	}
	return 0
}
