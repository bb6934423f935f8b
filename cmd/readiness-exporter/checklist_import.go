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
		"Make a checklist of one in Markdown, and tell of each of its lines what it became and how sure that is.")
	clause.Arg("file", "Markdown with headings and \"- [ ]\" items; - for the standard input.").Required().StringVar(&c.file)
	clause.Flag("output", "File to write, which must not be there; default: the standard output.").Short('o').StringVar(&c.output)
	clause.Flag("force", "Write over the file where it is there.").BoolVar(&c.force)
	clause.Flag("name", "Name of the checklist; default: made of its title.").StringVar(&c.options.Name)
	clause.Flag("attestation-age", "How long a person's word counts.").Default("365d").StringVar(&c.maximumAge)
	clause.Flag("bullets", "Take entries of lists that have no box too.").BoolVar(&c.options.Bullets)
	commands[clause.FullCommand()] = c
}

func (c *checklistImportCommand) run(_ context.Context, p *program) (int, error) {
	if err := c.options.MaximumAge.UnmarshalText([]byte(c.maximumAge)); err != nil || c.options.MaximumAge <= 0 {
		return 0, fmt.Errorf("--attestation-age %q: expected a duration such as 365d", c.maximumAge)
	}
	source, err := c.read()
	if err != nil {
		return 0, err
	}
	c.options.Known = &checklist.Checklist{}
	if err := yaml.Load(checklist.Production(), c.options.Known); err != nil {
		return 0, fmt.Errorf("read the production checklist: %w", err)
	}
	made, err := importer.From(source, c.options)
	if err != nil {
		return 0, fmt.Errorf("import %s: %w", c.file, err)
	}
	if err := c.write(p.stdout, made.YAML); err != nil {
		return 0, err
	}
	return exitReady, tell(p.stderr, made)
}

func (c *checklistImportCommand) read() ([]byte, error) {
	if c.file == "" { // as kingpin reads a dash
		source, err := io.ReadAll(os.Stdin)
		if err != nil {
			return nil, fmt.Errorf("read the standard input: %w", err)
		}
		return source, nil
	}
	return os.ReadFile(c.file)
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
	file, err := os.OpenFile(c.output, mode, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already: write over it with --force", c.output)
	}
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}

// tell says of each line what it became, and sums up.
func tell(w io.Writer, made *importer.Import) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "LINE\tBECAME\tID\tMATCH\tTEXT")
	counts := make(map[importer.Outcome]int)
	sure := make(map[importer.Confidence]int)
	for _, line := range made.Lines {
		counts[line.Became]++
		match := ""
		if line.Known != "" {
			sure[line.Confidence]++
			match = string(line.Confidence) + ": " + line.Known
		}
		text := line.Text
		if line.Note != "" {
			text += " (" + line.Note + ")"
		}
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\n", line.Number, line.Became, line.ID, match, report.Printable(text))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%d items: %d are judged by a check, %d rest on a person's word; %d matches are exact, %d high, %d medium. "+
		"%d lines were skipped.\n",
		counts[importer.BecameCheck]+counts[importer.BecameAttestation], counts[importer.BecameCheck], counts[importer.BecameAttestation],
		sure[importer.Exact], sure[importer.High], sure[importer.Medium], counts[importer.Skipped])
	return err
}
