package metrics

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// A format is one in which families are served.
type format int

const (
	text format = iota
	openMetrics
	protobuf
	formats
)

// formatOf is the format of what a scraper asks for.
func formatOf(asked expfmt.Format) format {
	switch asked.FormatType() {
	case expfmt.TypeProtoDelim:
		return protobuf
	case expfmt.TypeOpenMetrics:
		return openMetrics
	default:
		return text
	}
}

// A layout is how the series of one family are written. It does the work of client_golang's encoders, whose own way of
// an object a label costs many times more; a test holds the two together.
type layout struct {
	fact.Family
	// heads are what stands once before the series, whichever systems they are of.
	heads [formats][]byte
	// labels are the sorted names; from tells where the value of each comes from.
	labels []string
	from   []int // index into a sample's values; system and environment are -1 and -2
	// pieces are what stands before the value of each label in text, and after the last.
	pieces []string
	// remains: the series stay while their facts are unavailable, since a date stays true.
	remains bool
}

const (
	fromSystem      = -1
	fromEnvironment = -2
)

// newLayout lays a family out, with the labels of systems or without.
func newLayout(family fact.Family, ofSystem bool) layout {
	l := layout{Family: family, remains: strings.HasSuffix(family.Name, "_timestamp_seconds")}
	l.Name = prefix + family.Name
	source := make(map[string]int)
	if ofSystem {
		source["system"], source["environment"] = fromSystem, fromEnvironment
	}
	for i, label := range family.Labels {
		source[label] = i
	}
	for label := range source {
		l.labels = append(l.labels, label)
	}
	slices.Sort(l.labels)
	for i, label := range l.labels {
		l.from = append(l.from, source[label])
		before := `",`
		if i == 0 {
			before = l.Name + "{"
		}
		l.pieces = append(l.pieces, before+label+`="`)
	}
	l.pieces = append(l.pieces, `"} `)
	l.head()
	return l
}

// head writes the heads: in text, HELP and TYPE are a line each, since a line break in HELP is escaped.
func (l *layout) head() {
	zero := 0.0
	family := &dto.MetricFamily{
		Name: &l.Name, Help: &l.Help, Type: dto.MetricType_GAUGE.Enum(), Metric: []*dto.Metric{{Gauge: &dto.Gauge{Value: &zero}}},
	}
	var plain, open bytes.Buffer
	_, plainErr := expfmt.MetricFamilyToText(&plain, family)
	_, openErr := expfmt.MetricFamilyToOpenMetrics(&open, family)
	family.Metric = nil
	binary, protoErr := proto.Marshal(family)
	if plainErr != nil || openErr != nil || protoErr != nil {
		panic(fmt.Sprintf("the family %q is declared wrongly: %v %v %v", l.Name, plainErr, openErr, protoErr))
	}
	l.heads = [formats][]byte{text: twoLines(plain.Bytes()), openMetrics: twoLines(open.Bytes()), protobuf: binary}
}

func twoLines(text []byte) []byte {
	end := bytes.IndexByte(text, '\n') + 1
	return text[:end+bytes.IndexByte(text[end:], '\n')+1]
}

// A labelled is whose labels a series has beside those of the sample.
type labelled struct{ system, environment string }

func (l *layout) value(of labelled, values []string, label int) string {
	switch from := l.from[label]; from {
	case fromSystem:
		return of.system
	case fromEnvironment:
		return of.environment
	default:
		return values[from]
	}
}

// absent tells whether a label is left out, which is the same as an empty one: what nobody collects from a vantage point has no label
// of that. It is never the first, which is one of the system or sorts before.
func (l *layout) absent(label int, value string) bool {
	return value == "" && l.labels[label] == fact.LabelVantage
}

// appendSeries appends one series with its value. Its labels must be clean.
func (l *layout) appendSeries(to []byte, format format, of labelled, values []string, value float64) []byte {
	if format == protobuf {
		return l.appendMetric(to, of, values, value)
	}
	for i := range l.labels {
		if value := l.value(of, values, i); !l.absent(i, value) {
			to = append(to, l.pieces[i]...)
			to = appendEscaped(to, value)
		}
	}
	to = append(to, l.pieces[len(l.labels)]...)
	return append(appendNumber(to, format, value), '\n')
}

func appendEscaped(to []byte, text string) []byte {
	for {
		i := strings.IndexAny(text, "\\\n\"")
		if i < 0 {
			return append(to, text...)
		}
		to = append(to, text[:i]...)
		if to = append(to, '\\'); text[i] == '\n' {
			to = append(to, 'n')
		} else {
			to = append(to, text[i])
		}
		text = text[i+1:]
	}
}

// appendNumber writes a number as client_golang does: in OpenMetrics, whole ones have a point.
func appendNumber(to []byte, format format, value float64) []byte {
	switch {
	case math.IsInf(value, 1):
		return append(to, "+Inf"...)
	case math.IsInf(value, -1):
		return append(to, "-Inf"...)
	case value == 0:
		value = 0 // and never minus zero
	}
	before := len(to)
	to = strconv.AppendFloat(to, value, 'g', -1, 64)
	if format == openMetrics && !bytes.ContainsAny(to[before:], "e.") {
		to = append(to, ".0"...)
	}
	return to
}

// The tags of the fields of io.prometheus.client.
const (
	tagFamilyMetric = 4<<3 | 2
	tagMetricLabel  = 1<<3 | 2
	tagMetricGauge  = 2<<3 | 2
	tagPairName     = 1<<3 | 2
	tagPairValue    = 2<<3 | 2
	tagGaugeValue   = 1<<3 | 1
	sizeOfGauge     = 1 + 8
)

func (l *layout) appendMetric(to []byte, of labelled, values []string, value float64) []byte {
	size := 2 + sizeOfGauge
	for i, name := range l.labels {
		if value := l.value(of, values, i); !l.absent(i, value) {
			size += 1 + protowire.SizeBytes(pairSize(name, value))
		}
	}
	to = protowire.AppendVarint(append(to, tagFamilyMetric), uint64(size))
	for i, name := range l.labels {
		value := l.value(of, values, i)
		if l.absent(i, value) {
			continue
		}
		to = protowire.AppendVarint(append(to, tagMetricLabel), uint64(pairSize(name, value)))
		to = protowire.AppendString(append(to, tagPairName), name)
		to = protowire.AppendString(append(to, tagPairValue), value)
	}
	to = append(to, tagMetricGauge, sizeOfGauge, tagGaugeValue)
	return binary.LittleEndian.AppendUint64(to, math.Float64bits(value))
}

func pairSize(name, value string) int {
	return 2 + protowire.SizeBytes(len(name)) + protowire.SizeBytes(len(value))
}

// maximumLabel bounds the bytes of a label value: what is longer is no name.
const maximumLabel = 1000

// clean makes a label value valid: what is no UTF-8 is replaced, and what is too long is cut.
func clean(value string) string {
	value = strings.ToValidUTF8(value, "\uFFFD")
	if len(value) <= maximumLabel {
		return value
	}
	const mark = "…"
	cut := value[:maximumLabel-len(mark)]
	return strings.ToValidUTF8(cut, "") + mark
}
