package collector

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"path"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// From is a collector as it collects from a vantage point: the same targets, and facts that say from where they are. Each job says how
// its target is described, so that another exporter can tell whether it has the same description.
func From(vantage string, c Any) Any { return fromVantage{c, vantage} }

type fromVantage struct {
	Any
	vantage string
}

func (f fromVantage) Jobs(s *system.System, needs fact.Needs) []Job {
	jobs := f.Any.Jobs(s, needs)
	for i := range jobs {
		job := &jobs[i]
		job.Described = described(job.Value)
		job.Declared = from(f.vantage, job.Declared)
		collect := job.Collect
		job.Collect = func(ctx context.Context, asked fact.Topics) ([]fact.AnySet, error) {
			sets, err := collect(ctx, asked)
			return from(f.vantage, sets), err
		}
	}
	return jobs
}

func from(vantage string, sets []fact.AnySet) []fact.AnySet {
	moved := make([]fact.AnySet, len(sets))
	for i, set := range sets {
		moved[i] = set.From(vantage)
	}
	return moved
}

// described is a hash of a target. Of a file the name alone counts: where it is, is each machine's own.
func described(target any) string {
	content, err := json.Marshal(target)
	var fields any
	if err == nil {
		err = json.Unmarshal(content, &fields)
	}
	if err == nil {
		content, err = json.Marshal(withoutFolders(fields))
	}
	if err != nil {
		return "" // It equals no other description's.
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:8])
}

func withoutFolders(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for key, each := range value {
			if file, is := each.(string); is && strings.HasSuffix(key, "File") {
				each = path.Base(file)
			}
			value[key] = withoutFolders(each)
		}
		return value
	case []any:
		for i := range value {
			value[i] = withoutFolders(value[i])
		}
		return value
	default:
		return value
	}
}
