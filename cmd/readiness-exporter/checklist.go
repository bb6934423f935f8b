package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/alecthomas/kingpin/v2"
	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// The commands about checklists.
type (
	checklistListCommand     struct{}
	checklistExplainCommand  struct{ items []string }
	checklistMarkdownCommand struct{}
)

func registerChecklist(app *kingpin.Application, commands map[string]command) {
	parent := app.Command("checklist", "Show the checklist that systems are judged by.")
	list := parent.Command("list", "List every item.")
	commands[list.FullCommand()] = &checklistListCommand{}
	explain := parent.Command("explain", "Explain items: how they are judged, with which parameters, and how to fix them.")
	explaining := &checklistExplainCommand{}
	explain.Arg("item", "Ids of items, such as tls.renewal.").Required().StringsVar(&explaining.items)
	commands[explain.FullCommand()] = explaining
	markdown := parent.Command("markdown",
		"Collect everything once and print the checklist as Markdown, with its boxes ticked by the current state.")
	commands[markdown.FullCommand()] = &checklistMarkdownCommand{}
	registerChecklistImport(parent, commands)
}

// plans loads the configuration without collecting anything.
func (p *program) plans(ctx context.Context) ([]*assess.Plan, error) {
	_, libraries := p.logger()
	s := p.setUp(libraries, service{})
	defer s.close()
	loaded, err := p.load(ctx, s)
	if err != nil {
		return nil, configurationError(p.common.configFile, err)
	}
	return loaded.Plans, nil
}

// perChecklist calls a function with the first plan of each checklist in use.
func perChecklist(plans []*assess.Plan, visit func(*assess.Plan) error) error {
	seen := make(map[string]bool)
	for _, plan := range plans {
		if seen[plan.Checklist.Name] {
			continue
		}
		seen[plan.Checklist.Name] = true
		if err := visit(plan); err != nil {
			return err
		}
	}
	return nil
}

func (c *checklistListCommand) run(ctx context.Context, p *program) (int, error) {
	plans, err := p.plans(ctx)
	if err != nil {
		return 0, err
	}
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CHECKLIST\tITEM\tSEVERITY\tSUPPORTED\tKIND\tTEXT")
	if err := perChecklist(plans, func(plan *assess.Plan) error {
		for entry := range plan.Checklist.Items() {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n",
				plan.Checklist.Name, entry.Item.ID, entry.Item.Severity, supportOf(entry.Item), kindsOf(entry.Item), report.Printable(entry.Item.Text))
		}
		return nil
	}); err != nil {
		return 0, err
	}
	return exitReady, table.Flush()
}

// supportOf says whether this version judges an item, or only some of its clauses.
func supportOf(item *checklist.Item) string {
	if !item.IsSupported() {
		return "no"
	}
	for leaf := range item.Leaves() {
		if !leaf.IsSupported() {
			return "partly"
		}
	}
	return "yes"
}

// kindsOf names the kinds of check that an item is made of, whether they are supported or not.
func kindsOf(item *checklist.Item) string {
	var names []string
	for leaf := range item.Leaves() {
		if !slices.Contains(names, leaf.Kind) {
			names = append(names, leaf.Kind)
		}
	}
	return strings.Join(names, "+")
}

func (c *checklistExplainCommand) run(ctx context.Context, p *program) (int, error) {
	plans, err := p.plans(ctx)
	if err != nil {
		return 0, err
	}
	items := make(map[string][]explained)
	for _, plan := range plans {
		for _, list := range [][]assess.Item{plan.Items, plan.Unsupported} {
			for i := range list {
				id := list[i].Item.ID
				items[id] = append(items[id], explained{plan, &list[i]})
			}
		}
	}
	known := slices.Sorted(maps.Keys(items))
	var unknown []error
	for _, id := range c.items {
		if items[id] == nil {
			hint := cmp.Or(words.Suggestion(id, known), ": see readiness-exporter checklist list")
			unknown = append(unknown, fmt.Errorf("no item %q in any checklist%s", id, hint))
		}
	}
	if err := errors.Join(unknown...); err != nil {
		return 0, err
	}
	between := ""
	for _, id := range c.items {
		for _, each := range items[id] {
			fmt.Fprint(p.stdout, between)
			if err := p.explain(each.plan, each.item); err != nil {
				return 0, err
			}
			between = "\n"
		}
	}
	return exitReady, nil
}

// explained is an item as it is judged for one system.
type explained struct {
	plan *assess.Plan
	item *assess.Item
}

// explain writes all that is known of an item before anything is collected.
func (p *program) explain(plan *assess.Plan, item *assess.Item) error {
	fmt.Fprintf(p.stdout, "%s: %s\n", item.Item.ID, item.Item.Text)
	fmt.Fprintf(p.stdout, "  system       %s (%s)\n", plan.System.Name, plan.System.Environment)
	fmt.Fprintf(p.stdout, "  section      %s / %s\n", item.Category.Title, item.Section.Title)
	fmt.Fprintf(p.stdout, "  severity     %s\n", item.Severity)
	if item.Page {
		fmt.Fprintln(p.stdout, "  page         its loss calls somebody")
	}
	fmt.Fprintf(p.stdout, "  mode         %s\n", item.Item.Mode)
	fmt.Fprintf(p.stdout, "  runbook      %s\n", item.Runbook)
	if item.Owner != "" {
		fmt.Fprintf(p.stdout, "  owner        %s\n", item.Owner)
	}
	if item.Rule.NotApplicable != "" {
		fmt.Fprintf(p.stdout, "  not applicable: %s\n", item.Rule.NotApplicable)
	}
	if item.Rule.Clause.Operator != "" {
		fmt.Fprintf(p.stdout, "\nIt is judged by %s of these clauses.\n", item.Rule.Clause.Operator)
	}
	supported := false
	for bound := range item.Rule.Clause.Bounds() {
		supported = true
		if err := p.explainKind(bound); err != nil {
			return fmt.Errorf("explain %s: %w", item.Item.ID, err)
		}
	}
	if !supported {
		fmt.Fprintln(p.stdout, "\nThis version does not support it yet: it counts in no score, gate or objective.")
	}
	return nil
}

// explainKind writes how one kind judges with the parameters in force.
func (p *program) explainKind(bound *check.Bound) error {
	parameters, err := yaml.Dump(bound.Parameters)
	if err != nil {
		return fmt.Errorf("write parameters of %s: %w", bound.Name, err)
	}
	fmt.Fprintf(p.stdout, "\nkind %s: %s\njudges: %s\n\nparameters in force:\n%s",
		bound.Name, bound.Summary, strings.Join(bound.FactKinds, ", "), indented(string(parameters)))
	fmt.Fprintln(p.stdout, "\nreasons:")
	for _, reason := range bound.AllReasons() {
		fmt.Fprintf(p.stdout, "  %-10s %-26s %s\n", reason.Level, reason.Name, reason.Sentence)
	}
	fmt.Fprintf(p.stdout, "\nto fix it: %s\n", bound.Remedy)
	return nil
}

func (c *checklistMarkdownCommand) run(ctx context.Context, p *program) (int, error) {
	assessments, err := p.collectOnce(ctx, nil, nil)
	if err != nil {
		return 0, err
	}
	systems := make([]report.System, len(assessments))
	for i, assessment := range assessments {
		systems[i] = report.Of(assessment)
	}
	return exitReady, report.Markdown(p.stdout, systems)
}

// indented moves every line to the right.
func indented(text string) string {
	var moved strings.Builder
	for line := range strings.Lines(text) {
		moved.WriteString("  " + line)
	}
	return moved.String()
}
