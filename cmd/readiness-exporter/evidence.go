package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/evidence"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/intake"
	"github.com/readiness-exporter/readiness-exporter/internal/intoto"
	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// submitCommand submits reports of a pipeline to a running exporter.
type submitCommand struct {
	remoteFlags
	check     string
	files     []string
	revisions []string
	component string
	link      string
}

func registerEvidence(app *kingpin.Application, commands map[string]command) {
	c := &submitCommand{}
	group := app.Command("evidence", "Results of tests, scans and drills.")
	clause := group.Command("submit", "Submit reports to a running exporter, as one result. Known formats: "+
		strings.Join(evidence.Formats(), ", ")+". Exit status: 0 the result is good, 1 it is not, 2 it could not be submitted or judged.")
	clause.Arg("check", "Id of the item that the result is about, as quality.unit-tests.").Required().StringVar(&c.check)
	clause.Arg("report", "Files with the reports of one run; - is standard input.").Required().StringsVar(&c.files)
	clause.Flag("revision", "What was examined: a commit, a version, the digest of an image. Repeatable, for several names of the same.").
		StringsVar(&c.revisions)
	clause.Flag("component", "The part of the system that it is of, such as a workload. Default: all of it.").StringVar(&c.component)
	clause.Flag("link", "Address of the run of the pipeline.").StringVar(&c.link)
	c.register(clause)
	commands[clause.FullCommand()] = c
}

func (c *submitCommand) run(ctx context.Context, p *program) (int, error) {
	report, err := c.read(ctx)
	if err != nil {
		return 0, err
	}
	c.token = os.Getenv("READINESS_TOKEN")
	query := url.Values{"revision": c.revisions}
	for name, value := range map[string]string{"component": c.component, "link": c.link} {
		if value != "" {
			query.Set(name, value)
		}
	}
	var receipt intake.Receipt
	err = c.send(ctx, p, call{method: http.MethodPost, path: "evidence/" + c.check, query: query, body: report}, &receipt)
	if err != nil {
		return 0, err
	}
	writeReceipt(p.stdout, c.system, &receipt)
	switch {
	case receipt.Verdict.Ready():
		return exitReady, nil
	case receipt.Verdict == check.Fail:
		return exitNotReady, nil
	default:
		return exitUnjudged, nil
	}
}

// read reads all reports: those of one run are one result. A signed one is submitted as it is.
func (c *submitCommand) read(ctx context.Context) ([]byte, error) {
	var results []fact.EvidenceResult
	for _, file := range c.files {
		content, err := readReport(ctx, file)
		if err != nil {
			return nil, err
		}
		switch signed := intoto.IsEnvelope(content); {
		case signed && len(c.files) > 1:
			return nil, fmt.Errorf("%s: expected a signed attestation alone: it cannot be made one result with others", file)
		case signed:
			return content, nil
		}
		result, err := evidence.Parse(content)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		results = append(results, result)
	}
	report, err := evidence.PlainOf(evidence.Merge(results))
	if err != nil {
		return nil, fmt.Errorf("write the result: %w", err)
	}
	return report, nil
}

func readReport(ctx context.Context, file string) ([]byte, error) {
	if file == "-" {
		return readfile.ReadStream(ctx, "standard input", os.Stdin, evidence.MaximumBytes)
	}
	return readfile.ReadGiven(ctx, file, evidence.MaximumBytes)
}

// writeReceipt says what a submission comes to, and what the item is now.
func writeReceipt(w io.Writer, system string, r *intake.Receipt) {
	of := r.Check
	if r.Component != "" {
		of += " of " + r.Component
	}
	fmt.Fprintf(w, "%s: the result is %s. %s: %s.\n", of, r.Verdict, r.Result.Format, inCounts(&r.Result))
	writeProblems(w, r.Problems)
	if r.Known {
		fmt.Fprintln(w, "It was submitted before, and counts once.")
	}
	fmt.Fprintf(w, "%s of %s is %s now.\n", r.Check, system, r.Status)
	if r.Status != r.Verdict {
		writeProblems(w, r.StatusProblems)
	}
}

func writeProblems(w io.Writer, problems []check.Problem) {
	for _, problem := range problems {
		fmt.Fprintf(w, "  %s %s: %s %s\n", problem.Level, problem.Reason, problem.Detail, problem.Remedy)
	}
}

// inCounts says what a result has.
func inCounts(r *fact.EvidenceResult) string {
	var counts []string
	for _, each := range []struct {
		count int
		what  string
	}{
		{r.Passed, "passed"}, {r.Failed, "failed"}, {r.Errored, "errored"}, {r.Skipped, "skipped"}, {r.Flaky, "flaky"}, {r.Scans, "scanned"},
	} {
		if each.count > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", each.count, each.what))
		}
	}
	if len(counts) == 0 && len(r.Values) > 0 {
		return words.Count(len(r.Values), "value")
	}
	if len(counts) == 0 {
		return "nothing was run"
	}
	return strings.Join(counts, ", ")
}
