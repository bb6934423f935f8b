package docgen

import (
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/metrics"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// collectorsPage is the reference of everything that is collected.
func (r *reference) collectorsPage() []byte {
	p := newPage("Collectors", "Everything that is collected, and when. A collector runs where a "+
		"[system](configuration.md#configuration-system) describes a target for it; `collectors` of the configuration "+
		"[changes](configuration.md#configuration-collection) its schedule and its timeout.")
	for _, each := range r.collectors {
		about := each.Describe()
		p.heading(2, about.Name)
		p.paragraph("%s", about.Summary)
		p.paragraph("**Runs** on the schedule `%s`, for at most %s at one target.", about.Schedule, quantity.Duration(about.Timeout))
		var rows [][]string
		for _, kind := range about.Yields {
			var names []string
			for _, family := range r.ofSource(kind.KindName()) {
				names = append(names, family.Name)
			}
			rows = append(rows, []string{r.linkToFact(kind.KindName()), kind.KindHelp(), orElse(codes(names), "nothing of its own")})
		}
		p.table([]string{"fact", "meaning", "metrics"}, rows)
	}
	return p.bytes()
}

// metricsPage is the reference of every family.
func (r *reference) metricsPage() []byte {
	p := newPage("Metrics", "Every metric of `/metrics`. A series disappears when its subject does, and a number that is "+
		"not known is left out: it is not 0.")
	p.families("systems", "What was concluded of every system.", r.ofSource(metrics.SourceSystem))
	seen := make(map[string]bool)
	for _, each := range r.collectors {
		for _, kind := range each.Describe().Yields {
			if families := r.ofSource(kind.KindName()); !seen[kind.KindName()] && len(families) > 0 {
				seen[kind.KindName()] = true
				p.families(kind.KindName(), kind.KindHelp(), families)
			}
		}
	}
	p.families("exporter", "The exporter's own work. Beside them are the metrics of Go and of the process, `go_*` and "+
		"`process_*`, as every program in Go has them.", r.ofSource(metrics.SourceSelf))
	return p.bytes()
}

func (r *reference) ofSource(source string) []metrics.Family {
	var families []metrics.Family
	for _, family := range r.families {
		if family.Source == source {
			families = append(families, family)
		}
	}
	return families
}

func (p *page) families(title, about string, families []metrics.Family) {
	p.heading(2, title)
	p.paragraph("%s", about)
	var rows [][]string
	for _, family := range families {
		rows = append(rows, []string{code(family.Name), family.Type, codes(family.Labels), family.Help})
	}
	p.table([]string{"metric", "type", "labels", "meaning"}, rows)
}

// commandLine is the reference of the program's commands and flags.
func (r *reference) commandLine() []byte {
	p := newPage("Commands and flags", "What `readiness-exporter --help-long` prints.")
	p.WriteString("```text\n")
	for line := range strings.Lines(strings.TrimSpace(r.help)) {
		p.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	p.WriteString("```\n")
	return p.bytes()
}
