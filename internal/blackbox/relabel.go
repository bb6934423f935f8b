package blackbox

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Labels by which a job says what blackbox_exporter is asked
// (https://prometheus.io/docs/guides/multi-target-exporter/).
const (
	labelAddress = "__address__"
	labelTarget  = "__param_target"
	labelModule  = "__param_module"
)

// A relabeling is one step of relabel_configs (https://prometheus.io/docs/prometheus/latest/configuration/configuration/#relabel_config).
type relabeling struct {
	SourceLabels []string `yaml:"source_labels"`
	Separator    *string  `yaml:"separator"`
	TargetLabel  string   `yaml:"target_label"`
	Regex        *string  `yaml:"regex"`
	Replacement  *string  `yaml:"replacement"`
	Action       string   `yaml:"action"`
}

// labels are those that a target has before it is relabeled.
func (s scrape) labels(target string, own map[string]string) map[string]string {
	all := map[string]string{"job": s.JobName, labelAddress: target}
	for name, values := range s.Params {
		if len(values) > 0 {
			all["__param_"+name] = values[0]
		}
	}
	maps.Copy(all, own)
	return all
}

// moduleOf is the module that blackbox_exporter is asked for, its default where none is named.
func moduleOf(labels map[string]string) string {
	if module := labels[labelModule]; module != "" {
		return module
	}
	return "http_2xx"
}

// relabeled gives the labels of a target after all steps, and whether it is kept. What only labels of metrics hang on is passed over.
func relabeled(labels map[string]string, steps []relabeling) (_ map[string]string, kept bool, err error) {
	for _, step := range steps {
		if kept, err = step.apply(labels); err != nil || !kept {
			return labels, kept, err
		}
	}
	return labels, true, nil
}

// apply takes one step.
func (r relabeling) apply(labels map[string]string) (kept bool, err error) {
	pattern, err := regexp.Compile("^(?s:" + or(r.Regex, "(.*)") + ")$")
	if err != nil {
		return false, fmt.Errorf("regex: %w", err)
	}
	var values []string
	for _, name := range r.SourceLabels {
		values = append(values, labels[name])
	}
	source := strings.Join(values, or(r.Separator, ";"))
	switch action := strings.ToLower(r.Action); action {
	case "", "replace":
		if match := pattern.FindStringSubmatchIndex(source); match != nil {
			name := string(pattern.ExpandString(nil, r.TargetLabel, source, match))
			labels[name] = string(pattern.ExpandString(nil, or(r.Replacement, "$1"), source, match))
		}
	case "keep", "drop":
		return pattern.MatchString(source) == (action == "keep"), nil
	case "keepequal", "dropequal":
		return (source == labels[r.TargetLabel]) == (action == "keepequal"), nil
	case "lowercase":
		labels[r.TargetLabel] = strings.ToLower(source)
	case "uppercase":
		labels[r.TargetLabel] = strings.ToUpper(source)
	case "labelmap":
		for _, name := range slices.Sorted(maps.Keys(labels)) {
			if pattern.MatchString(name) {
				labels[pattern.ReplaceAllString(name, or(r.Replacement, "$1"))] = labels[name]
			}
		}
	case "labeldrop", "labelkeep":
		maps.DeleteFunc(labels, func(name, _ string) bool { return pattern.MatchString(name) == (action == "labeldrop") })
	default: // Of hashmod, which of several Prometheus servers probes a target hangs on how many there are.
		return false, fmt.Errorf("the action %q is not known here: declare their URLs", r.Action)
	}
	return true, nil
}

func or(value *string, otherwise string) string {
	if value == nil {
		return otherwise
	}
	return *value
}
