package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"text/tabwriter"

	"github.com/alecthomas/kingpin/v2"
	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/importer"
	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
)

// checklistImportCommand makes a checklist of one in Markdown.
type checklistImportCommand struct {
	file       string
	output     string
	force      bool
	maximumAge string
	options    importer.Options
}

func registerChecklistImport(parent *kingpin.CmdClause, commands map[string]command) {
	c := &checklistImportCommand{}
	clause := parent.Command("import",
		"Make a checklist of one in Markdown, and report for each of its lines which item it changed to and how sure that is.")
	clause.Arg("file", "Markdown with headings and items with boxes, in lists, tables or quotations; - for the standard input.").
		Required().StringVar(&c.file)
	clause.Flag("output", "File to write, which must not be there; default: the standard output.").Short('o').StringVar(&c.output)
	clause.Flag("force", "Write over the file where it is there.").BoolVar(&c.force)
	clause.Flag("name", "Name of the checklist; default: made of its title.").StringVar(&c.options.Name)
	clause.Flag("attestation-age", "How long an attestation counts.").Default("365d").StringVar(&c.maximumAge)
	clause.Flag("bullets", "Take entries of lists and rows of tables that have no box too.").BoolVar(&c.options.Bullets)
	commands[clause.FullCommand()] = c
}

func (c *checklistImportCommand) run(ctx context.Context, p *program) (int, error) {
	if err := c.options.MaximumAge.UnmarshalText([]byte(c.maximumAge)); err != nil || c.options.MaximumAge <= 0 {
		return 0, fmt.Errorf("--attestation-age %q: expected a duration such as 365d", c.maximumAge)
	}
	source, err := c.read(ctx)
	if err != nil {
		return 0, err
	}
	var known checklist.Checklist
	if err := yaml.Load(checklist.Production(), &known); err != nil {
		return 0, fmt.Errorf("read the production checklist: %w", err)
	}
	production, err := importer.New(&known)
	if err != nil {
		return 0, err
	}
	made, err := production.Import(source, c.options)
	if err != nil {
		return 0, fmt.Errorf("import %s: %w", c.file, err)
	}
	if err := c.write(p.stdout, made.YAML); err != nil {
		return 0, err
	}
	return exitReady, account(p.stderr, made)
}

// maximumChecklistSize is that of a list in bytes: more than anybody reads.
const maximumChecklistSize = 1 << 20

func (c *checklistImportCommand) read(ctx context.Context) ([]byte, error) {
	if c.file == "-" {
		return readfile.ReadStream(ctx, "standard input", os.Stdin, maximumChecklistSize)
	}
	return readfile.ReadGiven(ctx, c.file, maximumChecklistSize)
}

func (c *checklistImportCommand) write(stdout io.Writer, content []byte) error {
	if c.output == "" {
		_, err := stdout.Write(content)
		return err
	}
	mode := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if c.force {
		mode = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	file, err := os.OpenFile(c.output, mode, 0o644) //nolint:forbidigo // It is written.
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already: write over it with --force", c.output)
	}
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}

// account reports for each line which item it changed to, and sums up.
func account(w io.Writer, made *importer.Import) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "LINE\tBECAME\tID\tMATCH\tTEXT")
	sum := sums{}
	for _, of := range made.Lines {
		for _, line := range of.Each() {
			sum.add(line)
			match := ""
			if line.Known != "" {
				match = string(line.Confidence) + ": " + line.Known
			}
			text := line.Text
			note := line.Note
			if line.Boxed {
				note += "; its box was not taken"
			}
			if note != "" {
				text += " (" + note + ")"
			}
			fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\n", line.Number, line.Became, line.ID, match, report.Printable(text))
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s\n", sum)
	return err
}

// sums are how many lines became what.
type sums struct {
	checks, attestations, waiting int // waiting: attestations until a known check is supported
	skipped, boxed                int // boxed: of those that were skipped
	exact, high, medium           int
}

func (s *sums) add(line importer.Line) {
	switch line.Became {
	case importer.BecameCheck:
		s.checks++
	case importer.BecameAttestation:
		s.attestations++
		if line.Awaited {
			s.waiting++
		}
	case importer.Skipped:
		s.skipped++
		if line.Boxed {
			s.boxed++
		}
	default:
	}
	switch line.Confidence {
	case importer.Exact:
		s.exact++
	case importer.High:
		s.high++
	case importer.Medium:
		s.medium++
	}
}

func (s sums) String() string {
	sum := fmt.Sprintf("Items: %d; %d judged by a check, %d signed by a person, %d of them until their check is supported. "+
		"Matches: %d exact, %d high, %d medium; check those that are medium. Lines skipped: %d.",
		s.checks+s.attestations, s.checks, s.attestations, s.waiting, s.exact, s.high, s.medium, s.skipped)
	if s.boxed > 0 {
		sum += fmt.Sprintf(" Of those, %d have a box within code, running text or markup that is not read: check them.", s.boxed)
	}
	return sum
}
