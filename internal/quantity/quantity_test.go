package quantity_test

import (
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
	for _, text := range []string{"", "GB", "-1GB", "50 apples", "99999999EB"} {
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
