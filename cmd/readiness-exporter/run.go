package main

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"slices"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"

	"github.com/readiness-exporter/readiness-exporter/internal/hangup"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
)

// The exit statuses of the commands.
const (
	exitReady    = 0
	exitNotReady = 1
	exitUnjudged = 2 // nothing fails, and not everything could be collected; also for mistakes in flags and configuration
)

// A command is one of the program's commands, with its flags parsed into it. It gives the exit status.
type command interface {
	run(ctx context.Context, p *program) (int, error)
}

// A program is one run of the executable.
type program struct {
	common commonFlags
	stdout io.Writer
	stderr io.Writer
}

// run parses the arguments and runs the command that they name. What cannot be written to standard output is a failure.
func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) int {
	out := checked(stdout)
	status := runTo(ctx, arguments, out, stderr)
	if err := out.failure(); err != nil {
		fmt.Fprintf(stderr, "readiness-exporter: write the output: %v\n", err)
		return exitUnjudged
	}
	return status
}

func runTo(ctx context.Context, arguments []string, stdout, stderr io.Writer) int {
	stampVersion()
	p := &program{stdout: stdout, stderr: stderr}
	app := kingpin.New("readiness-exporter",
		"Collects facts of production systems on cron schedules, judges a checklist by them, and exports both as gauges.")
	app.Version(version.Print("readiness-exporter"))
	app.HelpFlag.Short('h')
	// What was asked for is written to standard output, mistakes to standard error.
	app.UsageWriter(stdout)
	app.ErrorWriter(stderr)
	ended := -1
	app.Terminate(func(status int) { ended = status })
	p.common.register(app)
	commands := map[string]command{}
	registerServe(app, commands)
	registerCheck(app, commands)
	registerFacts(app, commands)
	registerChecklist(app, commands)
	registerConfig(app, commands)
	registerRBAC(app, commands)
	registerEvidence(app, commands)
	registerSigning(app, commands)

	name, err := app.Parse(withStandardInput(app.Model(), arguments))
	switch {
	case ended >= 0:
		return ended
	case err != nil:
		fmt.Fprintf(stderr, "readiness-exporter: %v, try --help\n", err)
		return exitUnjudged
	}
	if err := p.common.validate(); err != nil {
		fmt.Fprintf(stderr, "readiness-exporter: %v, try --help\n", err)
		return exitUnjudged
	}
	if _, serves := commands[name].(*serveCommand); !serves {
		hangup.Release()
	}
	status, err := commands[name].run(ctx, p)
	if err != nil {
		fmt.Fprintf(stderr, "readiness-exporter: %v\n", err)
		return exitUnjudged
	}
	return status
}

// withStandardInput has kingpin read a lone - as it stands: it would take it for a flag, or for an empty argument. It is joined to a flag
// before it that takes a value, or else put at the end, where there are no flags.
func withStandardInput(app *kingpin.ApplicationModel, arguments []string) (joined []string) {
	if !slices.Contains(arguments, "-") {
		return arguments
	}
	valued := valuedFlags(app.FlagGroupModel, app.CmdGroupModel)
	end := slices.Index(arguments, "--")
	if end < 0 {
		end = len(arguments)
	}
	last := []string{"--"}
	for _, argument := range arguments[:end] {
		before := len(joined) - 1
		switch {
		case argument != "-":
			joined = append(joined, argument)
		case before >= 0 && slices.Contains(valued, joined[before]):
			joined[before] += "=-"
		default:
			last = append(last, argument)
		}
	}
	return slices.Concat(joined, last, arguments[min(end+1, len(arguments)):])
}

// valuedFlags are the flags that take a value, as they are written, of all commands.
func valuedFlags(flags *kingpin.FlagGroupModel, commands *kingpin.CmdGroupModel) (all []string) {
	for _, flag := range flags.Flags {
		if !flag.IsBoolFlag() {
			all = append(all, "--"+flag.Name)
		}
	}
	for _, command := range commands.Commands {
		all = append(all, valuedFlags(command.FlagGroupModel, command.CmdGroupModel)...)
	}
	return all
}

// exitStatus is what a pipeline sees of a verdict.
func exitStatus(verdict report.Verdict) int {
	return map[report.Verdict]int{
		report.Ready: exitReady, report.NotReady: exitNotReady, report.Unjudged: exitUnjudged,
	}[verdict]
}

// stampVersion names the version where the build did not.
func stampVersion() {
	if version.Version == "" {
		built, _ := debug.ReadBuildInfo()
		version.Version = versionOf(built)
	}
}

// versionOf is the version that Go has noted in a program: go install notes that of the module or of the commit, go run of a module
// by its path too. Of a folder go run notes none.
func versionOf(built *debug.BuildInfo) string {
	if built == nil || built.Main.Version == "" || built.Main.Version == "(devel)" {
		return "development"
	}
	return built.Main.Version
}
