package quantity

import (
	"regexp"
	"strconv"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

// Ratio is a share of something, from 0 to 1.
type Ratio float64

// decimal is a number as people write it: strconv reads hexadecimal ones, underscores and infinity too.
var decimal = regexp.MustCompile(`^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$`)

func parseDecimal(text []byte) (float64, error) {
	if !decimal.Match(text) {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseFloat(string(text), 64)
}

// UnmarshalText reads a share; the error names what was expected.
func (r *Ratio) UnmarshalText(text []byte) error {
	parsed, err := parseDecimal(text)
	if err != nil || !(parsed >= 0 && parsed <= 1) { // Also false for NaN.
		return mistake.Errorf("%q is no share: expected a number from 0 to 1, such as 0.15", mistake.Clip(text))
	}
	*r = Ratio(parsed + 0) // -0 is 0.
	return nil
}

// Factor is how many times as much something may be, 0 or more.
type Factor float64

// maximumFactor is far beyond what makes sense, and near enough for arithmetic.
const maximumFactor = 1e6

// UnmarshalText reads a factor; the error names what was expected.
func (f *Factor) UnmarshalText(text []byte) error {
	parsed, err := parseDecimal(text)
	if err != nil || !(parsed >= 0 && parsed <= maximumFactor) {
		return mistake.Errorf("%q is no factor: expected a number from 0 to 1000000, such as 2 or 1.5", mistake.Clip(text))
	}
	*f = Factor(parsed + 0)
	return nil
}

// Count is a number of things, 0 or more.
type Count int

// maximumCount is more than anybody has of anything that is counted here.
const maximumCount = 1_000_000_000

// UnmarshalText reads a number of things; the error names what was expected.
func (c *Count) UnmarshalText(text []byte) error {
	parsed, err := strconv.ParseUint(string(text), 10, 64)
	if err != nil || parsed > maximumCount {
		return mistake.Errorf("%q is no number of things: expected a whole number, 0 or more", mistake.Clip(text))
	}
	*c = Count(parsed)
	return nil
}
