package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kingpin/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/mattn/go-isatty"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
)

// tableForm is the form of a report that people read.
const tableForm = "table"

// checkCommand makes one round and reports it.
type checkCommand struct {
	gate      string
	output    string
	all       bool
	manifests []string
	exclude   []string
	namespace string
}

func registerCheck(app *kingpin.Application, commands map[string]command) {
	c := &checkCommand{}
	clause := app.Command("check", "Collect everything once and report. Exit status: 0 ready, 1 not ready, 2 could not be judged.")
	clause.Flag("gate", "Judge only the items of this gate.").StringVar(&c.gate)
	clause.Flag("output", "Form of the report. One of: [html, json, junit, markdown, sarif, table]").
		Default(tableForm).EnumVar(&c.output, report.Forms()...)
	clause.Flag("all", "List every item on a terminal too, where the table begins with what to fix and sums up the rest.").BoolVar(&c.all)
	clause.Flag("manifests", "Judge these Kubernetes manifests in place of what runs: a file, a folder, or - for standard input. Repeatable. "+
		"Charts and kustomizations in a folder are rendered where helm, and kustomize or kubectl, are on the PATH. "+
		"What only a cluster reports is unknown, and does not change the exit status.").PlaceHolder("PATH").StringsVar(&c.manifests)
	clause.Flag("exclude", "Pattern of names or paths below a folder of --manifests that are passed over: tests, *-test.yaml. Repeatable.").
		PlaceHolder("PATTERN").StringsVar(&c.exclude)
	clause.Flag("namespace", "Namespace of those manifests that name none.").Default("default").StringVar(&c.namespace)
	commands[clause.FullCommand()] = c
}

func (c *checkCommand) run(ctx context.Context, p *program) (int, error) {
	if len(c.manifests) > 0 {
		return c.runOnManifests(ctx, p)
	}
	assessments, err := p.collectOnce(ctx)
	if err != nil {
		return 0, err
	}
	systems, err := c.systems(assessments)
	if err != nil {
		return 0, err
	}
	if err := c.write(p, systems); err != nil {
		return 0, err
	}
	return exitStatus(report.Judge(systems)), nil
}

// write writes the report in one piece: colours are taken out where the output is no terminal, or NO_COLOR is set, and a
// colour that is cut in two would not be seen to be one.
func (c *checkCommand) write(p *program, systems []report.System) error {
	writer := report.Writers()[c.output]
	if c.output == tableForm && !c.all && isTerminal(p.stdout) {
		writer = report.Brief
	}
	var whole bytes.Buffer
	if err := writer(&whole, systems); err != nil {
		return err
	}
	_, err := colorprofile.NewWriter(p.stdout, os.Environ()).Write(whole.Bytes())
	return err
}

// isTerminal tells whether a person reads what is written.
func isTerminal(w io.Writer) bool {
	file, is := w.(interface{ Fd() uintptr })
	return is && isatty.IsTerminal(file.Fd())
}

func (c *checkCommand) systems(assessments []*assess.Assessment) ([]report.System, error) {
	systems := make([]report.System, len(assessments))
	for i, assessment := range assessments {
		systems[i] = report.Of(assessment)
		if c.gate == "" {
			continue
		}
		only, err := systems[i].Only(c.gate)
		if err != nil {
			return nil, err
		}
		systems[i] = only
	}
	return systems, nil
}

// factsCommand collects once and writes the facts.
type factsCommand struct{}

func registerFacts(app *kingpin.Application, commands map[string]command) {
	clause := app.Command("facts", "Collect everything once and write the facts as JSON.")
	commands[clause.FullCommand()] = &factsCommand{}
}

func (c *factsCommand) run(ctx context.Context, p *program) (int, error) {
	assessments, err := p.collectOnce(ctx)
	if err != nil {
		return 0, err
	}
	facts := make([]report.SystemFacts, len(assessments))
	for i, assessment := range assessments {
		facts[i] = report.FactsOf(assessment)
	}
	encoder := json.NewEncoder(p.stdout)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(facts); err != nil {
		return 0, fmt.Errorf("write facts: %w", err)
	}
	return exitReady, nil
}
