package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/mattn/go-isatty"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
)

// tableForm is the form of a report that people read.
const tableForm = "table"

// checkCommand makes one round and reports it.
type checkCommand struct {
	gate         string
	team         string
	output       string
	all          bool
	manifests    []string
	exclude      []string
	namespace    string
	changedSince string
	wait         bool
	timeout      time.Duration
	storage      storageFlags
}

func registerCheck(app *kingpin.Application, commands map[string]command) {
	c := &checkCommand{}
	clause := app.Command("check", "Collect everything once and report. Exit status: 0 ready, 1 not ready, 2 could not be judged.")
	clause.Flag("gate", "Judge only the items of this gate.").StringVar(&c.gate)
	clause.Flag("team", "Report only the items that this team owns.").StringVar(&c.team)
	clause.Flag("output", "Form of the report. One of: [html, json, junit, markdown, sarif, table]").
		Default(tableForm).EnumVar(&c.output, report.Forms()...)
	clause.Flag("all", "List every item on a terminal too, where the table begins with what to fix and sums up the rest.").BoolVar(&c.all)
	clause.Flag("changed-since", "Report only what changed within this time, as 7d, by the record in --storage.path: what was lost, what was "+
		"fixed, by team. For --output markdown, table and json. The exit status is 0 then: it is news, and no verdict.").
		PlaceHolder("DURATION").StringVar(&c.changedSince)
	clause.Flag("wait", "Wait until everything that is asked for is ready, and report on standard error what changes meanwhile. Facts are "+
		"collected on the schedules of the configuration.").BoolVar(&c.wait)
	clause.Flag("timeout", "How long to --wait. The exit status is that of the last report.").Default("10m").DurationVar(&c.timeout)
	c.storage.register(clause, "Folder in which the running exporter keeps the changes of status, and what was reported and "+
		"signed by API; it is only read.", "ConfigMaps in which it keeps that, if it does.")
	clause.Flag("manifests", "Judge these Kubernetes manifests in place of what runs: a file, a folder, or - for standard input. Repeatable. "+
		"Charts and kustomizations in a folder are rendered where helm, and kustomize or kubectl, are on the PATH. "+
		"What only a cluster reports is unknown, and does not change the exit status.").PlaceHolder("PATH").StringsVar(&c.manifests)
	clause.Flag("exclude", "Pattern of names or paths below a folder of --manifests that are passed over: tests, *-test.yaml. Repeatable.").
		PlaceHolder("PATTERN").StringsVar(&c.exclude)
	clause.Flag("namespace", "Namespace of those manifests that name none.").Default("default").StringVar(&c.namespace)
	commands[clause.FullCommand()] = c
}

func (c *checkCommand) run(ctx context.Context, p *program) (int, error) {
	if c.wait {
		return c.runUntilReady(ctx, p)
	}
	if c.changedSince != "" {
		return c.runOnChanges(ctx, p)
	}
	if len(c.manifests) > 0 {
		return c.runOnManifests(ctx, p)
	}
	assessments, err := p.collectOnce(ctx, nil, &c.storage)
	if err != nil {
		return 0, err
	}
	systems, err := c.systems(assessments, 0)
	if err != nil {
		return 0, err
	}
	if err := c.write(p, systems); err != nil {
		return 0, err
	}
	return exitStatus(report.Judge(systems)), nil
}

// runOnChanges reports what changed within a time, as the record has it.
func (c *checkCommand) runOnChanges(ctx context.Context, p *program) (int, error) {
	write, can := report.ChangesWriters()[c.output]
	var within quantity.Duration
	switch err := within.UnmarshalText([]byte(c.changedSince)); {
	case err != nil:
		return 0, fmt.Errorf("--changed-since %w", err)
	case within <= 0:
		return 0, errors.New("--changed-since 0s: expected more than nothing")
	case len(c.manifests) > 0:
		return 0, errors.New("--changed-since is about what runs: manifests have no record, so leave --manifests out")
	case !can:
		return 0, fmt.Errorf("--changed-since cannot be written as %s: expected --output markdown, table or json", c.output)
	}
	snapshot, err := c.storage.read(ctx)
	if err != nil {
		return 0, fmt.Errorf("--changed-since: %w", err)
	}
	assessments, err := p.collectOnce(ctx, pastMemory{snapshot}, &c.storage)
	if err != nil {
		return 0, err
	}
	systems, err := c.systems(assessments, within.Std())
	if err != nil {
		return 0, err
	}
	return exitReady, writeAs(p, write, systems)
}

// write writes the report in one piece: colours are taken out where the output is no terminal, or NO_COLOR is set, and a
// colour that is cut in two would not be seen to be one.
func (c *checkCommand) write(p *program, systems []report.System) error {
	writer := report.Writers()[c.output]
	if c.output == tableForm && !c.all && isTerminal(p.stdout) {
		writer = report.Brief
	}
	return writeAs(p, writer, systems)
}

// writeAs writes the report by a writer.
func writeAs(p *program, writer report.Writer, systems []report.System) error {
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

// systems makes the reports that are asked for: of one gate, of one team, or of what changed within a time, where it is any.
func (c *checkCommand) systems(assessments []*assess.Assessment, within time.Duration) ([]report.System, error) {
	var systems []report.System
	for _, assessment := range assessments {
		system := report.Of(assessment)
		if c.gate != "" {
			only, err := system.Only(c.gate)
			if err != nil {
				return nil, err
			}
			system = only
		}
		if c.team != "" {
			system = system.OfTeam(c.team)
			if len(system.Items) == 0 {
				continue
			}
		}
		if within > 0 {
			system = system.ChangedSince(assessment, assessment.At.Add(-within))
		}
		systems = append(systems, system)
	}
	if len(systems) == 0 && c.team != "" {
		return nil, fmt.Errorf("--team %s: no system has an item of that team", c.team)
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
	assessments, err := p.collectOnce(ctx, nil, nil)
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
