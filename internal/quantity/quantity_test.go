package quantity_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"

	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

const day = 24 * time.Hour

func TestDurationsAreReadAsPrometheusWritesThem(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "0s": 0, "30s": 30 * time.Second, "26h": 26 * time.Hour, "21d": 21 * day, "1w": 7 * day, "1d12h": 36 * time.Hour,
		"1y": 365 * day, "15ms": 15 * time.Millisecond,
	} {
		var d quantity.Duration
		require.NoError(t, d.UnmarshalText([]byte(text)), text)
		require.Equal(t, want, d.Std(), text)
	}
}

func TestWhatIsNoDurationIsSaidToBeNone(t *testing.T) {
	for _, text := range []string{"", "26", "h", "-1h", "1.5h", "1h 30m", "30m1h", "1 day", "999999y"} {
		d := quantity.Duration(time.Hour)
		require.EqualError(t, d.UnmarshalText([]byte(text)),
			`"`+text+`" is no duration: expected a number with a unit, like 30s, 26h, 21d or 1d12h`)
		require.Equal(t, time.Hour, d.Std(), "what was there stays")
	}
}

func TestADurationIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		milliseconds := rapid.Int64Range(0, 100*365*day.Milliseconds()).Draw(t, "milliseconds")
		written := quantity.Duration(milliseconds * int64(time.Millisecond))
		text, err := written.MarshalText()
		require.NoError(t, err)
		var read quantity.Duration
		require.NoError(t, read.UnmarshalText(text))
		require.Equal(t, written, read)
	})
}

func TestSizesAreReadWithDecimalAndBinaryUnits(t *testing.T) {
	for text, want := range map[string]quantity.Bytes{
		"0": 0, "1025": 1025, "1025B": 1025, "50GB": 50e9, "50 GB": 50e9, "50G": 50e9, "10GiB": 10 << 30, "10Gi": 10 << 30,
		"1.5kB": 1500, "2TB": 2e12,
	} {
		var b quantity.Bytes
		require.NoError(t, b.UnmarshalText([]byte(text)), text)
		require.Equal(t, want, b, text)
	}
}

func TestWhatIsNoSizeIsSaidToBeNone(t *testing.T) {
	for _, text := range []string{"", "GB", "-1GB", "50 apples", "99999999EB", "1,5GB", "1,000GB", "0x10", "1e3GB"} {
		b := quantity.Bytes(1)
		require.EqualError(t, b.UnmarshalText([]byte(text)),
			`"`+text+`" is no size: expected a number with a unit, like 50GB, 10GiB or 10Gi`)
		require.Equal(t, quantity.Bytes(1), b, "what was there stays")
	}
}

func TestSizesAreWrittenInTheLargestUnitThatDividesThem(t *testing.T) {
	for want, b := range map[string]quantity.Bytes{
		"0B": 0, "1025B": 1025, "50GB": 50e9, "10GiB": 10 << 30, "1KiB": 1024, "1500B": 1500, "3PB": 3e15, "2PiB": 2 << 50,
	} {
		require.Equal(t, want, b.String())
	}
}

func TestASizeIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.SampledFrom([]uint64{1, 1000, 1024, 1e6, 1 << 20, 1e9, 1 << 30, 1e12, 1 << 40}).Draw(t, "unit")
		written := quantity.Bytes(rapid.Uint64Range(0, (1<<53)/unit).Draw(t, "count") * unit)
		text, err := written.MarshalText()
		require.NoError(t, err)
		var read quantity.Bytes
		require.NoError(t, read.UnmarshalText(text))
		require.Equal(t, written, read)
	})
}

func TestQuantitiesStandInYAML(t *testing.T) {
	type parameters struct {
		Age  quantity.Duration `yaml:"age"`
		Size quantity.Bytes    `yaml:"size"`
	}
	var p parameters
	require.NoError(t, yaml.Load([]byte("age: 1d2h\nsize: 10Gi\n"), &p))
	require.Equal(t, parameters{Age: quantity.Duration(26 * time.Hour), Size: 10 << 30}, p)
	text, err := yaml.Dump(p)
	require.NoError(t, err)
	require.Equal(t, "age: 1d2h\nsize: 10GiB\n", string(text))
}

func TestTimesAreSaidInTheirTwoLargestUnits(t *testing.T) {
	for _, test := range []struct {
		d    time.Duration
		want string
	}{
		{0, "0 s"},
		{999 * time.Millisecond, "0 s"},
		{time.Second, "1 s"},
		{59 * time.Second, "59 s"},
		{12 * time.Minute, "12 min"},
		{12*time.Minute + 5*time.Second, "12 min 5 s"},
		{3*time.Hour + 5*time.Second, "3 h"},
		{4*day + 3*time.Hour + 59*time.Minute, "4 d 3 h"},
		{400 * day, "400 d"},
		{-26 * time.Hour, "1 d 2 h"},
	} {
		require.Equal(t, test.want, quantity.InWords(test.d))
	}
}

func TestBytesAreSaidRounded(t *testing.T) {
	for want, bytes := range map[string]float64{"0 B": -5, "12 B": 12.4, "1.5 GB": 1.5e9, "54 GB": 53.6e9} {
		require.Equal(t, want, quantity.BytesInWords(bytes))
	}
}

func TestNumbersThatMakeNoSenseAreRefused(t *testing.T) {
	for _, text := range []string{"", ".nan", "NaN", "nan", ".inf", "Inf", "-Inf", "infinity", "-0.1", "-1", "1e999", "x", "1%", "1,5"} {
		ratio, factor, count := quantity.Ratio(0.5), quantity.Factor(2), quantity.Count(3)
		require.ErrorContains(t, ratio.UnmarshalText([]byte(text)), "expected a number from 0 to 1", text)
		require.ErrorContains(t, factor.UnmarshalText([]byte(text)), "expected a number from 0 to 1000000", text)
		require.ErrorContains(t, count.UnmarshalText([]byte(text)), "expected a whole number, 0 or more", text)
		require.Equal(t, []any{quantity.Ratio(0.5), quantity.Factor(2), quantity.Count(3)}, []any{ratio, factor, count}, "what was there stays")
	}
	require.Error(t, new(quantity.Ratio).UnmarshalText([]byte("1.01")))
	require.Error(t, new(quantity.Factor).UnmarshalText([]byte("1000001")))
	for _, text := range []string{"0.5", "0x10", "+1", "1_000", "1000000001", "99999999999999999999"} {
		require.Error(t, new(quantity.Count).UnmarshalText([]byte(text)), text)
	}
}

func TestNumbersThatMakeSenseAreTaken(t *testing.T) {
	for text, want := range map[string]quantity.Ratio{"0": 0, "-0": 0, "1": 1, ".15": 0.15, "1e-3": 0.001} {
		var ratio quantity.Ratio
		require.NoError(t, ratio.UnmarshalText([]byte(text)), text)
		require.Equal(t, want, ratio, text)
		require.False(t, math.Signbit(float64(ratio)), text)
	}
	type parameters struct {
		Ratio  quantity.Ratio             `yaml:"ratio"`
		Factor quantity.Factor            `yaml:"factor"`
		Count  quantity.Count             `yaml:"count"`
		Colour quantity.Choice[colours]   `yaml:"colour"`
		More   []quantity.Choice[colours] `yaml:"more"`
	}
	const text = "ratio: 0.15\nfactor: 2\ncount: 3\ncolour: red\nmore:\n    - blue\n    - red\n"
	var p parameters
	require.NoError(t, yaml.Load([]byte(text), &p))
	require.Equal(t, parameters{0.15, 2, 3, "red", []quantity.Choice[colours]{"blue", "red"}}, p)
	written, err := yaml.Dump(p)
	require.NoError(t, err)
	require.YAMLEq(t, text, string(written))
	encoded, err := json.Marshal(p)
	require.NoError(t, err)
	require.JSONEq(t, `{"Ratio": 0.15, "Factor": 2, "Count": 3, "Colour": "red", "More": ["blue", "red"]}`, string(encoded))
}

type colours struct{}

func (colours) Values() []string { return []string{"red", "blue"} }

func TestAChoiceIsOneOfItsSet(t *testing.T) {
	for text, want := range map[string]string{
		"Red":   `"Red" is not allowed: expected one of red, blue: did you mean "red"?`,
		"BLUE":  `"BLUE" is not allowed: expected one of red, blue: did you mean "blue"?`,
		"bleu":  `"bleu" is not allowed: expected one of red, blue`,
		"blu":   `"blu" is not allowed: expected one of red, blue: did you mean "blue"?`,
		"green": `"green" is not allowed: expected one of red, blue`,
		"":      `"" is not allowed: expected one of red, blue`,
	} {
		require.EqualError(t, new(quantity.Choice[colours]).UnmarshalText([]byte(text)), want)
	}
	require.True(t, quantity.ChoiceOf([]quantity.Choice[colours]{"red"}, "red"))
	require.False(t, quantity.ChoiceOf([]quantity.Choice[colours]{"red"}, "blue"))
}

func TestDurationsLeaveRoomForArithmetic(t *testing.T) {
	require.NoError(t, new(quantity.Duration).UnmarshalText([]byte("100y")))
	require.EqualError(t, new(quantity.Duration).UnmarshalText([]byte("101y")), `"101y" is too long: expected 100y at most`)
}

func TestWhatIsNoDecimalNumberIsNoShareAndNoFactor(t *testing.T) {
	for _, text := range []string{"", ".", "0x1p-1", "1_0", "inf", ".inf", "NaN", " 0.5", "0,5", "-0.1", "1e400", "１"} {
		var r quantity.Ratio
		require.Error(t, r.UnmarshalText([]byte(text)), text)
		var f quantity.Factor
		require.Error(t, f.UnmarshalText([]byte(text)), text)
	}
	for text, want := range map[string]quantity.Ratio{"0": 0, "1.": 1, ".5": 0.5, "5e-1": 0.5, "+0.25": 0.25, "-0": 0} {
		var r quantity.Ratio
		require.NoError(t, r.UnmarshalText([]byte(text)), text)
		require.Equal(t, want, r, text)
	}
}
