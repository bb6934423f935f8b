package metrics

import (
	"bytes"
	"fmt"
	"slices"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// An encoding is a form in which families are served.
type encoding struct {
	format expfmt.FormatType
	gzip   bool
}

// encodings lists every form.
func encodings() []encoding {
	var all []encoding
	for _, format := range []expfmt.FormatType{expfmt.TypeTextPlain, expfmt.TypeOpenMetrics, expfmt.TypeProtoDelim} {
		all = append(all, encoding{format, false}, encoding{format, true})
	}
	return all
}

// A layout is a family's name, help and sorted label names, and where the value of each label comes from.
type layout struct {
	name   string
	help   string
	labels []string
	from   []int // index into a sample's values; system and environment are -1 and -2
}

const (
	fromSystem      = -1
	fromEnvironment = -2
)

func newLayout(family fact.Family) layout {
	l := layout{name: prefix + family.Name, help: family.Help}
	source := map[string]int{"system": fromSystem, "environment": fromEnvironment}
	for i, label := range family.Labels {
		source[label] = i
	}
	for label := range source {
		l.labels = append(l.labels, label)
	}
	slices.Sort(l.labels)
	for _, label := range l.labels {
		l.from = append(l.from, source[label])
	}
	return l
}

// family makes the metrics of one family of one system, as client_golang's encoders take them.
func (l layout) family(system, environment string, samples []sample) *dto.MetricFamily {
	width := len(l.labels)
	metrics := make([]dto.Metric, len(samples))
	gauges := make([]dto.Gauge, len(samples))
	pairs := make([]dto.LabelPair, len(samples)*width)
	pointers := make([]*dto.LabelPair, len(pairs))
	values := make([]string, len(pairs))
	family := &dto.MetricFamily{
		Name: &l.name, Help: &l.help, Type: dto.MetricType_GAUGE.Enum(), Metric: make([]*dto.Metric, len(samples)),
	}
	for i := range samples {
		for j, from := range l.from {
			at := i*width + j
			switch from {
			case fromSystem:
				values[at] = system
			case fromEnvironment:
				values[at] = environment
			default:
				values[at] = samples[i].values[from]
			}
			pairs[at].Name, pairs[at].Value = &l.labels[j], &values[at]
			pointers[at] = &pairs[at]
		}
		gauges[i].Value = &samples[i].value
		metrics[i].Gauge, metrics[i].Label = &gauges[i], pointers[i*width:(i+1)*width:(i+1)*width]
		family.Metric[i] = &metrics[i]
	}
	return family
}

// head encodes what stands once before the bodies of a family, whichever systems they are from.
func (l layout) head(format expfmt.FormatType) ([]byte, error) {
	empty := l.family("", "", []sample{{values: make([]string, len(l.labels))}})
	if format == expfmt.TypeProtoDelim {
		empty.Metric = nil
		return marshal(empty)
	}
	text, end, err := encodeText(format, empty)
	return text[:end], err
}

// encodeBody encodes the metrics of a family, without its head, so that it may follow other bodies of the same family.
func encodeBody(format expfmt.FormatType, family *dto.MetricFamily) ([]byte, error) {
	if format == expfmt.TypeProtoDelim {
		// The fields of a message may be encoded one after the other.
		return marshal(&dto.MetricFamily{Metric: family.Metric})
	}
	text, end, err := encodeText(format, family)
	return text[end:], err
}

func marshal(family *dto.MetricFamily) ([]byte, error) {
	encoded, err := proto.Marshal(family)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", family.GetName(), err)
	}
	return encoded, nil
}

// encodeText encodes a family in one of the text formats, and tells where its head ends: HELP and TYPE are a line each,
// since a line break in HELP is escaped.
func encodeText(format expfmt.FormatType, family *dto.MetricFamily) (text []byte, end int, err error) {
	var buffer bytes.Buffer
	if format == expfmt.TypeOpenMetrics {
		_, err = expfmt.MetricFamilyToOpenMetrics(&buffer, family)
	} else {
		_, err = expfmt.MetricFamilyToText(&buffer, family)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("encode %s: %w", family.GetName(), err)
	}
	text = buffer.Bytes()
	end = bytes.IndexByte(text, '\n') + 1
	end += bytes.IndexByte(text[end:], '\n') + 1
	return text, end, nil
}

// frame is what stands before a head and its bodies: for protobuf, how many bytes follow.
func frame(format expfmt.FormatType, length int) []byte {
	if format == expfmt.TypeProtoDelim {
		return protowire.AppendVarint(nil, uint64(length))
	}
	return nil
}
