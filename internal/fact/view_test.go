package fact_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func TestALookIsWorthWhatItSawForThreeIntervals(t *testing.T) {
	const interval = time.Minute
	waiver := fact.Waiver{Check: "a"}
	inPart := fact.Missed{Subject: "b", Reason: fact.ReasonDenied, Detail: "no"}
	failure := fact.Missed{Subject: "file", Reason: fact.ReasonTimeout, Detail: "late"}
	whole := fact.Batch[fact.Waiver]{Facts: []fact.Waiver{waiver}, Missed: []fact.Missed{inPart}}
	none := func(missed fact.Missed) fact.Batch[fact.Waiver] {
		return fact.Batch[fact.Waiver]{Facts: []fact.Waiver{}, Missed: []fact.Missed{missed}}
	}
	for _, c := range []struct {
		name    string
		age     time.Duration // of what was seen; negative: never seen
		failure *fact.Missed
		want    fact.Batch[fact.Waiver]
	}{
		{"what was just seen counts", 0, nil, whole},
		{"what was seen exactly three intervals ago counts", 3 * interval, nil, whole},
		{
			"what was seen longer ago is stale", 3*interval + 1, nil,
			none(fact.Missed{Subject: "file", Reason: fact.ReasonStale, Detail: "last seen 3m0s ago"}),
		},
		{"a failed look takes nothing away at first", 3 * interval, &failure, whole},
		{"a failed look is the reason when what was seen is stale", 3*interval + 1, &failure, none(failure)},
		{
			"what was never tried is pending", -1, nil,
			none(fact.Missed{Subject: "file", Reason: fact.ReasonPending, Detail: "not looked at yet"}),
		},
		{"what never succeeded says why", -1, &failure, none(failure)},
	} {
		t.Run(c.name, func(t *testing.T) {
			look := fact.Look{Collector: "waiver", Target: "file", Kind: fact.Waivers(), Interval: interval, Failure: c.failure}
			if c.age >= 0 {
				look.SeenAt, look.Facts, look.Missed = now.Add(-c.age), []any{waiver}, []fact.Missed{inPart}
			}
			require.Equal(t, c.want, fact.Of(fact.NewView([]fact.Look{look}, now), fact.Waivers()))
		})
	}
}

func TestAViewPutsTheLooksAtOneKindTogether(t *testing.T) {
	look := func(target string, facts ...any) fact.Look {
		return fact.Look{Target: target, Kind: fact.Waivers(), Interval: time.Minute, SeenAt: now, Facts: facts}
	}
	view := fact.NewView([]fact.Look{
		look("one", fact.Waiver{Check: "a"}),
		{Target: "other", Kind: fact.Attestations(), Interval: time.Minute, SeenAt: now, Facts: []any{fact.Attestation{Check: "z"}}},
		look("two", fact.Waiver{Check: "b"}, fact.Waiver{Check: "c"}),
	}, now)
	batch := fact.Of(view, fact.Waivers())
	require.Equal(t, fact.Batch[fact.Waiver]{Facts: []fact.Waiver{{Check: "a"}, {Check: "b"}, {Check: "c"}}}, batch)

	batch.Facts[0].Check = "changed"
	require.Equal(t, "a", fact.Of(view, fact.Waivers()).Facts[0].Check, "what one reader does with its facts is its own")
	require.Empty(t, fact.Of(fact.NewView(nil, now), fact.Waivers()))
}
