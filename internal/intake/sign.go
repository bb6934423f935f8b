package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
	"github.com/readiness-exporter/readiness-exporter/internal/record"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A Signing is what somebody signs. Who it is, is the name of the token and never written.
type Signing struct {
	// Until is when it expires; of an attestation, default and at most: as the item says.
	Until   time.Time `json:"until,omitzero"`
	Reason  string    `json:"reason,omitempty"`  // of a waiver: why the item is excused
	Link    string    `json:"link,omitempty"`    // to the proof, or to what is done about it
	Comment string    `json:"comment,omitempty"` // of an attestation
}

// longestText is how long a reason or a comment may be, in bytes.
const longestText = 2000

// Sign has an attestation or a waiver of an item kept, and returns once it is.
func (i *Intake) Sign(ctx context.Context, a *assess.Assessment, kind, check, by string, s Signing) (*record.Signature, *Refusal) {
	of, refusal := item(a, check)
	if refusal != nil {
		return nil, refusal
	}
	now := i.options.Now().UTC()
	if kind == record.Attestation {
		refusal = attestable(a, of, by, s, now)
	} else {
		refusal = waivable(a, check, by, s, now)
	}
	switch {
	case refusal != nil:
		return nil, refusal
	case !s.Until.IsZero() && !s.Until.After(now):
		return nil, refuse(http.StatusUnprocessableEntity, "until has passed: it would never count")
	case len(s.Reason) > longestText || len(s.Comment) > longestText || len(s.Link) > longestLink:
		return nil, refuse(http.StatusUnprocessableEntity, "A text is too long.")
	}
	return i.keep(ctx, record.Signature{
		System: a.Plan.System.ID(), Check: check, Kind: kind, By: by, At: now, Until: s.Until, Reason: s.Reason, Link: s.Link, Comment: s.Comment,
	})
}

func (i *Intake) keep(ctx context.Context, signed record.Signature) (*record.Signature, *Refusal) {
	text, _ := json.Marshal(signed) // It has nothing but texts and times.
	sum := sha256.Sum256(text)
	signed.ID = hex.EncodeToString(sum[:16])
	kept, err := i.options.Record.KeepSignature(ctx, signed)
	if err != nil {
		return nil, notKept(err)
	}
	return &kept, nil
}

// attestable tells what stands against an attestation.
func attestable(a *assess.Assessment, of *assess.Item, by string, s Signing, now time.Time) *Refusal {
	var longest time.Duration
	for bound := range of.Rule.Clause.Bounds() {
		if limited, is := bound.Parameters.(interface{ Longest() time.Duration }); is {
			longest = max(longest, limited.Longest())
		}
	}
	if longest == 0 {
		return refuse(http.StatusUnprocessableEntity, "The check "+of.Item.ID+" takes no attestation.")
	}
	if latest := now.Add(longest); s.Until.After(latest) {
		return refuse(http.StatusUnprocessableEntity,
			fmt.Sprintf("until is later than the check allows: expected %s or earlier", latest.Format(time.DateOnly)))
	}
	if s.Reason != "" {
		return refuse(http.StatusUnprocessableEntity, "reason is of waivers: expected comment")
	}
	if slices.ContainsFunc(a.Plan.System.Attestations, func(each system.Attestation) bool {
		return each.Check == of.Item.ID && each.By == by
	}) {
		return refuse(http.StatusConflict,
			"The system description has an attestation of "+of.Item.ID+" by "+by+", which counts: change it there.")
	}
	return asRefusal(system.Attestation{Check: of.Item.ID, By: by, At: now, Until: s.Until, Link: s.Link, Comment: s.Comment}.Mistakes(now))
}

// waivable tells what stands against a waiver.
func waivable(a *assess.Assessment, check, by string, s Signing, now time.Time) *Refusal {
	if s.Comment != "" {
		return refuse(http.StatusUnprocessableEntity, "comment is of attestations: expected reason")
	}
	if slices.ContainsFunc(a.Plan.System.Waivers, func(each system.Waiver) bool {
		return each.Check == check && (each.By == by || now.Before(each.Until))
	}) {
		return refuse(http.StatusConflict, "The system description has a waiver of "+check+", which counts: change it there.")
	}
	return asRefusal(system.Waiver{Check: check, By: by, Reason: s.Reason, Until: s.Until, Link: s.Link}.Mistakes(now))
}

func asRefusal(list mistake.List) *Refusal {
	if len(list) == 0 {
		return nil
	}
	return refuse(http.StatusUnprocessableEntity, list[0].Message)
}

// Revoke takes back what is in force of a kind about an item, whoever signed it, and gives the revocations.
func (i *Intake) Revoke(ctx context.Context, a *assess.Assessment, kind, check, by string) ([]record.Signature, *Refusal) {
	if _, refusal := item(a, check); refusal != nil {
		return nil, refusal
	}
	id, revoked := a.Plan.System.ID(), []record.Signature{}
	for _, signed := range i.options.Record.InForce(id, kind) {
		if signed.Check != check {
			continue
		}
		kept, refusal := i.keep(ctx, record.Signature{
			System: id, Check: check, Kind: record.Revocation, By: by, At: i.options.Now().UTC(), Revokes: signed.ID,
		})
		if refusal != nil {
			return nil, refusal
		}
		revoked = append(revoked, *kept)
	}
	if len(revoked) == 0 {
		return nil, refuse(http.StatusNotFound, "No "+kind+" of "+check+" was signed by API, or all were taken back. "+
			"What the system description has is taken back there.")
	}
	return revoked, nil
}
