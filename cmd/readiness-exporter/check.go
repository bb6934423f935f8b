package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/alecthomas/kingpin/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
)

// checkCommand makes one round and reports it.
type checkCommand struct {
	gate      string
	output    string
	manifests string
}

func registerCheck(app *kingpin.Application, commands map[string]command) {
	c := &checkCommand{}
	clause := app.Command("check", "Collect everything once and report. Exit status: 0 ready, 1 not ready, 2 could not be judged.")
	clause.Flag("gate", "Judge only the items of this gate.").StringVar(&c.gate)
	clause.Flag("output", "Form of the report. One of: [html, json, junit, markdown, sarif, table]").
		Default("table").EnumVar(&c.output, report.Forms()...)
	clause.Flag("manifests", "Judge these Kubernetes manifests in place of what runs: a file, a folder, or - for standard input. "+
		"What only a cluster reports is unknown, and does not change the exit status.").PlaceHolder("PATH").StringVar(&c.manifests)
	commands[clause.FullCommand()] = c
}

func (c *checkCommand) run(ctx context.Context, p *program) (int, error) {
	if c.manifests != "" {
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
	var whole bytes.Buffer
	if err := report.Writers()[c.output](&whole, systems); err != nil {
		return err
	}
	_, err := colorprofile.NewWriter(p.stdout, os.Environ()).Write(whole.Bytes())
	return err
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
