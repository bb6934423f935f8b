package endpoint

import (
	"bytes"
	"errors"
	"mime"
	"strings"

	"github.com/prometheus/common/expfmt"
)

// isOpenMetrics tells an answer in OpenMetrics, which some programs give whatever is accepted, and which Prometheus reads by its type.
func isOpenMetrics(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && media == expfmt.OpenMetricsType
}

// errUnended says that an answer in OpenMetrics has no end, and so may have been cut off.
var errUnended = errors.New("it does not end with # EOF, as OpenMetrics does")

// textOf gives an exposition in OpenMetrics as the text format has it, line by line: without types that only the former has, timestamps and
// exemplars. Whatever is no such line stays as it is.
func textOf(openMetrics []byte) (text []byte, err error) {
	content, after, ended := bytes.Cut(append([]byte("\n"), openMetrics...), []byte("\n# EOF"))
	if !ended || len(bytes.TrimRight(after, "\n")) > 0 {
		err = errUnended
	}
	for line := range bytes.Lines(content[min(1, len(content)):]) {
		text = append(text, textOfLine(string(bytes.TrimSuffix(line, []byte("\n"))))...)
		text = append(text, '\n')
	}
	return text, err
}

func textOfLine(line string) string {
	if strings.HasPrefix(line, "#") {
		for _, own := range []string{" info", " stateset", " unknown", " gaugehistogram"} {
			if described, is := strings.CutSuffix(line, own); is && strings.HasPrefix(line, "# TYPE ") {
				return described + " untyped"
			}
		}
		return line
	}
	series, rest := line[:endOfSeries(line)], line[endOfSeries(line):]
	rest, _, _ = strings.Cut(rest, " # ")
	if fields := strings.Fields(rest); len(fields) == 2 {
		rest = " " + fields[0]
	}
	return series + rest
}

// endOfSeries is where the name and labels of a sample end.
func endOfSeries(line string) int {
	quoted, braces := false, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{':
			braces = true
		case c == '}':
			return i + 1
		case c == ' ' && !braces:
			return i
		}
	}
	return len(line)
}
