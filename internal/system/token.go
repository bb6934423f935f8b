package system

import (
	"encoding/hex"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

// The rights that a token can give.
const (
	MayEvidence = "evidence" // to submit results
	MayAttest   = "attest"   // to sign that an item holds
	MayWaive    = "waive"    // to excuse an item that fails
	MayFacts    = "facts"    // to read what is collected from a vantage point, and nothing else
)

// Rights are all that a token can give.
func Rights() []string { return []string{MayEvidence, MayAttest, MayWaive, MayFacts} }

// A Token lets a pipeline or a person submit and sign by API, or another exporter read what is collected from a vantage point.
type Token struct {
	Name string `yaml:"name"` // who it is of: what it submits and signs carries the name
	// SHA256 are the hashes of the token, in hexadecimal digits; several while it is being replaced. The token itself is nowhere.
	SHA256 []string `yaml:"sha256"`
	// Systems are patterns of name and environment: shop/production, shop/*, */*.
	Systems []string `yaml:"systems"`
	// Checks are patterns of ids of items: quality.unit-tests, quality.*, *. One that lets only read facts needs none.
	Checks []string `yaml:"checks,omitempty"`
	// May is what it lets do, of evidence, attest, waive and facts; default: evidence.
	May []string `yaml:"may,omitempty"`
}

// Permits tells whether the token lets do something about an item of a system; facts are of no item.
func (t *Token) Permits(right, system, check string) bool {
	may := t.May
	if len(may) == 0 {
		may = []string{MayEvidence}
	}
	matches := func(patterns []string, name string) bool {
		return slices.ContainsFunc(patterns, func(pattern string) bool {
			matched, err := path.Match(pattern, name)
			return err == nil && matched
		})
	}
	return slices.Contains(may, right) && matches(t.Systems, system) && (right == MayFacts || matches(t.Checks, check))
}

// ValidateTokens gives every mistake of tokens that stand at a path.
func ValidateTokens(at []any, tokens []Token) mistake.List {
	var list mistake.List
	validateEach(&list, at, tokens)
	return list
}

func (t Token) identity() (string, string) { return "token", t.Name }

func (t Token) validate(list *mistake.List, at []any) {
	checkName(list, mistake.At(at, "name"), "name", t.Name)
	if len(t.SHA256) == 0 {
		list.Add(mistake.At(at, "sha256"), "sha256 is missing: say the hash of the token")
	}
	for i, hash := range t.SHA256 {
		if decoded, err := hex.DecodeString(hash); err != nil || len(decoded) != 32 || strings.ToLower(hash) != hash {
			list.Add(mistake.At(at, "sha256", i), "sha256: expected the 64 hexadecimal digits of the hash of the token, in lower case")
		}
	}
	for _, each := range []struct {
		key, example string
		patterns     []string
	}{{"systems", "shop/production", t.Systems}, {"checks", "quality.*", t.Checks}} {
		needless := each.key == "checks" && slices.Equal(t.May, []string{MayFacts})
		if len(each.patterns) == 0 && !needless {
			list.Add(mistake.At(at, each.key), "%s is missing: say which, such as %s", each.key, each.example)
		}
		for i, pattern := range each.patterns {
			if _, err := path.Match(pattern, "x"); err != nil || pattern == "" {
				list.Add(mistake.At(at, each.key, i), "%q: expected a pattern such as %s", pattern, each.example)
			}
		}
	}
	for i, right := range t.May {
		checkOneOf(list, mistake.At(at, "may", i), "may", right, Rights())
	}
}

// CheckComponent notes what cannot be the name of a component; an empty one is none.
func CheckComponent(list *mistake.List, at []any, component string) {
	if component != "" {
		checkName(list, at, "component", component)
	}
}

// Mistakes gives every mistake of a waiver at a time.
func (w Waiver) Mistakes(now time.Time) mistake.List {
	var list mistake.List
	w.validate(&list, nil)
	notTooFar(&list, mistake.At(nil, "until"), w.Until, now)
	return list
}

// Mistakes gives every mistake of an attestation at a time.
func (a Attestation) Mistakes(now time.Time) mistake.List {
	var list mistake.List
	a.validate(&list, nil)
	notAhead(&list, mistake.At(nil, "at"), "at", a.At, now)
	return list
}
