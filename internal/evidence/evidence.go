// Package evidence reads what test runners, linters, scanners and load generators write, whichever of its formats it is in, and
// gives what it says in counts. A report that is cut off, or in no known format, is an error and never a result.
package evidence

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

const (
	// MaximumBytes is how long a report may be.
	MaximumBytes = 16 << 20
	// maximumElements is how many tests, faults or packages one list of a report may have.
	maximumElements = 500_000
	// maximumFaults is how many faults are named, longestFault how many bytes of each name are kept.
	maximumFaults = 10
	longestFault  = 120
)

// A format is one in which reports are written.
type format struct {
	name string
	// reads gives what a report says; false where it is in another format.
	read func(d *document) (result fact.EvidenceResult, is bool, err error)
}

func formats() []format {
	return []format{
		{"readiness", readPlain}, {"junit", readJUnit}, {"sarif", readSARIF}, {"go-test", readGoTest}, {"k6", readK6}, {"vegeta", readVegeta},
		{"gatling", readGatling}, {"jmeter", readJMeter}, {"npm-audit", readNPMAudit}, {"yarn-audit", readYarnAudit},
		{"govulncheck", readGovulncheck}, {"osv-scanner", readOSV}, {"trivy", readTrivy}, {"grype", readGrype},
		{"promtool", readPromtool}, {"prisma", readPrisma}, {"tap", readTAP},
	}
}

// Formats are the names of all formats.
func Formats() (names []string) {
	for _, each := range formats() {
		names = append(names, each.name)
	}
	return names
}

// A document is a report that was not read yet.
type document struct {
	content []byte
	// members are those of the object with which it begins; nil where it begins with none.
	members members
	// more tells whether something stands behind that object.
	more bool
}

// Parse reads a report.
func Parse(content []byte) (fact.EvidenceResult, error) {
	if len(content) > MaximumBytes {
		return fact.EvidenceResult{}, invalid("the report has more than %d MiB", MaximumBytes>>20)
	}
	content = bytes.TrimSpace(inUTF8(content))
	if len(content) == 0 {
		return fact.EvidenceResult{}, invalid("the report is empty")
	}
	d := &document{content: content}
	if content[0] == '{' {
		if err := d.open(); err != nil {
			return fact.EvidenceResult{}, err
		}
	}
	for _, each := range formats() {
		result, is, err := each.read(d)
		if err != nil {
			return fact.EvidenceResult{}, fact.Errorf(fact.ReasonInvalid, "read a report in the format %s: %w", each.name, err)
		}
		if is {
			if result.Format == "" {
				result.Format = each.name
			}
			return result, nil
		}
	}
	return fact.EvidenceResult{}, invalid("the report is in none of the known formats: %s", strings.Join(Formats(), ", "))
}

// errTooMany says that a list is longer than anybody's.
var errTooMany = errors.New("it has more elements than any report has")

func invalid(text string, args ...any) error { return fact.Errorf(fact.ReasonInvalid, text, args...) }

// inUTF8 gives a text without the mark of its encoding, and what is written in UTF-16, as PowerShell does, in UTF-8.
func inUTF8(content []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(content, []byte{0xff, 0xfe}):
		order = binary.LittleEndian
	case bytes.HasPrefix(content, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	default:
		return bytes.TrimPrefix(content, []byte("\ufeff"))
	}
	units := make([]uint16, len(content)/2-1)
	for i := range units {
		units[i] = order.Uint16(content[2*i+2:])
	}
	return []byte(string(utf16.Decode(units)))
}

// fault names what failed, as far as there is room for more.
func fault(r *fact.EvidenceResult, name string) {
	if name = strings.Join(strings.Fields(words.Printable(name, longestFault)), " "); name != "" && len(r.Faults) < maximumFaults {
		r.Faults = append(r.Faults, name)
	}
}

// made notes a time at which a report, or a part of it, was made. Some tools write the beginning of 1970 where they know none.
func made(r *fact.EvidenceResult, at time.Time) {
	if at.Year() >= 2000 && at.Year() < 10_000 && at.After(r.MadeAt) {
		r.MadeAt = at.UTC()
	}
}

// Merge adds results up, such as those of a test runner that writes a file for each suite. What is made of several was made when the
// first was.
func Merge(results []fact.EvidenceResult) (sum fact.EvidenceResult) {
	var names []string
	for i := range results {
		each := &results[i]
		if !slices.Contains(names, each.Format) {
			names = append(names, each.Format)
		}
		sum.Passed += each.Passed
		sum.Failed += each.Failed
		sum.Errored += each.Errored
		sum.Skipped += each.Skipped
		sum.Flaky += each.Flaky
		sum.Scans += each.Scans
		for name, value := range each.Values {
			addValue(&sum, name, value)
		}
		for _, name := range each.Faults {
			fault(&sum, name)
		}
		if i == 0 || each.MadeAt.Before(sum.MadeAt) {
			sum.MadeAt = each.MadeAt
		}
	}
	sum.Format = strings.Join(names, ", ")
	return sum
}

// addValue joins a value of several results: of shares and percentiles the worse one counts, numbers of things are added.
func addValue(r *fact.EvidenceResult, name string, value float64) {
	before, there := r.Values[name]
	switch {
	case !there:
		setValue(r, name, value)
	case strings.HasSuffix(name, "success_ratio"):
		r.Values[name] = min(before, value)
	case strings.HasSuffix(name, "_ratio"), strings.HasSuffix(name, "_seconds"):
		r.Values[name] = max(before, value)
	default:
		r.Values[name] = before + value
	}
}

func setValue(r *fact.EvidenceResult, name string, value float64) {
	if r.Values == nil {
		r.Values = make(map[string]float64)
	}
	r.Values[name] = value
}
