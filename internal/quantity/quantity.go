// Package quantity holds what people write in configuration as types that cannot hold nonsense: durations with days and
// weeks, sizes in bytes, shares, counts, and values of closed sets. They are parsed once, at load.
package quantity

import (
	"bytes"
	"fmt"
	"math"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/prometheus/common/model"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

// Duration is a length of time, written as Prometheus writes it: 30s, 26h, 21d, 1w, 1d12h.
type Duration time.Duration

// maximumDuration leaves room for arithmetic: the type holds no more than 292 years.
const maximumDuration = model.Duration(100 * 365 * 24 * time.Hour)

// UnmarshalText reads a duration; the error names what was expected.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := model.ParseDuration(string(text))
	if err != nil {
		return mistake.Errorf("%q is no duration: expected a number with a unit, like 30s, 26h, 21d or 1d12h", mistake.Clip(text))
	}
	if parsed > maximumDuration {
		return mistake.Errorf("%q is too long: expected 100y at most", mistake.Clip(text))
	}
	*d = Duration(parsed)
	return nil
}

// MarshalText writes the duration as UnmarshalText reads it.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// String writes the duration in days and less: 21d, 26h, 1d12h. Weeks and years would be read as rounded.
func (d Duration) String() string {
	const day = Duration(24 * time.Hour)
	days, rest := d/day, d%day
	switch {
	case days < 2:
		return model.Duration(d).String()
	case rest == 0:
		return fmt.Sprintf("%dd", days)
	default:
		return fmt.Sprintf("%dd%s", days, model.Duration(rest))
	}
}

// Std is the duration as the standard library's type.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// Bytes is a size, written with a decimal unit (50GB) or a binary one (10GiB, 10Gi).
type Bytes uint64

// UnmarshalText reads a size; the error names what was expected.
func (b *Bytes) UnmarshalText(text []byte) error {
	parsed, err := humanize.ParseBytes(string(text))
	if err != nil || bytes.ContainsRune(text, ',') { // which it leaves out: 1,5GB would be 15GB
		return mistake.Errorf("%q is no size: expected a number with a unit, like 50GB, 10GiB or 10Gi", mistake.Clip(text))
	}
	*b = Bytes(parsed)
	return nil
}

// MarshalText writes the size as UnmarshalText reads it, without losing a byte up to 8 PiB.
func (b Bytes) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// String writes the size in the largest unit that divides it, decimal units first: 50GB, 10GiB, 1025B.
func (b Bytes) String() string {
	for _, unit := range []struct {
		size uint64
		name string
	}{
		{humanize.PByte, "PB"}, {humanize.PiByte, "PiB"}, {humanize.TByte, "TB"}, {humanize.TiByte, "TiB"},
		{humanize.GByte, "GB"}, {humanize.GiByte, "GiB"}, {humanize.MByte, "MB"}, {humanize.MiByte, "MiB"},
		{humanize.KByte, "kB"}, {humanize.KiByte, "KiB"},
	} {
		if uint64(b) >= unit.size && uint64(b)%unit.size == 0 {
			return fmt.Sprintf("%d%s", uint64(b)/unit.size, unit.name)
		}
	}
	return fmt.Sprintf("%dB", uint64(b))
}

// InWords writes a length of time for people, in its two largest units and without a sign: "4 d 3 h", "12 min".
func InWords(d time.Duration) string {
	if d < 0 {
		d = -d
	}
	units := []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}}
	for i, unit := range units {
		if d < unit.size {
			continue
		}
		words := fmt.Sprintf("%d %s", d/unit.size, unit.name)
		if i+1 < len(units) {
			if rest := d % unit.size / units[i+1].size; rest > 0 {
				words += fmt.Sprintf(" %d %s", rest, units[i+1].name)
			}
		}
		return words
	}
	return "0 s"
}

// BytesInWords writes a number of bytes for people, rounded: "1.5 GB".
func BytesInWords(bytes float64) string { return humanize.Bytes(uint64(max(0, math.Round(bytes)))) }
