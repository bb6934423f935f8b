package main

import (
	"context"
	"fmt"

	"github.com/alecthomas/kingpin/v2"

	"github.com/readiness-exporter/readiness-exporter/internal/blackbox"
	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
)

// configImportCommand makes a system description of the configuration of a blackbox_exporter.
type configImportCommand struct {
	modules, prometheus string
	system, environment string
}

func registerConfig(app *kingpin.Application, commands map[string]command) {
	c := &configImportCommand{}
	clause := app.Command("config", "Make configurations.").Command("import",
		"Make a system description of the configuration of a blackbox_exporter and of its Prometheus, and report what it does not take over.")
	clause.Arg("blackbox.yml", "The configuration of blackbox_exporter.").Required().StringVar(&c.modules)
	clause.Arg("prometheus.yml", "The configuration of Prometheus, which names what is probed.").Required().StringVar(&c.prometheus)
	clause.Flag("system", "Name of the system.").Default("imported").StringVar(&c.system)
	clause.Flag("environment", "Environment of the system.").Default("production").StringVar(&c.environment)
	commands[clause.FullCommand()] = c
}

func (c *configImportCommand) run(ctx context.Context, p *program) (int, error) {
	modules, err := readfile.ReadGiven(ctx, c.modules, maximumChecklistSize)
	if err != nil {
		return 0, err
	}
	scrapes, err := readfile.ReadGiven(ctx, c.prometheus, maximumChecklistSize)
	if err != nil {
		return 0, err
	}
	made, err := blackbox.Make(modules, scrapes)
	if err != nil {
		return 0, err
	}
	for _, note := range made.Notes {
		fmt.Fprintln(p.stderr, report.Printable(note))
	}
	if len(made.Endpoints) == 0 {
		return 0, fmt.Errorf("import %s: no job of %s has a target of the web", c.modules, c.prometheus)
	}
	content, err := made.YAML(c.system, c.environment)
	if err != nil {
		return 0, err
	}
	_, err = p.stdout.Write(content)
	return exitReady, err
}
