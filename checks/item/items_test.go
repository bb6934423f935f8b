package item_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/item"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

var now = time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)

// all is a checklist of two categories with two sections each; the item that is judged stands in the third.
func all() []check.ItemRef {
	return []check.ItemRef{
		{ID: "a.one", Section: "a", Category: "first", Severity: "critical", Supported: true},
		{ID: "a.two", Section: "a", Category: "first", Severity: "warning", Supported: true},
		{ID: "b.one", Section: "b", Category: "first", Severity: "critical", Supported: true},
		{ID: checktest.Item, Section: "c", Category: "second", Severity: "critical", Supported: true},
		{ID: "c.two", Section: "c", Category: "second", Severity: "critical", Supported: true},
		{ID: "d.one", Section: "d", Category: "second", Severity: "info", Supported: true},
	}
}

// composed gives parameters as they are once the item is composed.
func composed(t *testing.T, edit func(*item.ItemsParameters)) *item.ItemsParameters {
	t.Helper()
	p := item.Items().Parameters().(*item.ItemsParameters)
	edit(p)
	require.NoError(t, p.Validate())
	require.NoError(t, p.Compose(check.ItemRef{ID: checktest.Item, Section: "c", Category: "second", Severity: "critical", Supported: true}, all()))
	return p
}

func TestItemsAreSelected(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(*item.ItemsParameters)
		want []string
	}{
		{"by their ids", func(p *item.ItemsParameters) { p.Checks = []string{"d.one", "a.two"} }, []string{"a.two", "d.one"}},
		{"never the item itself", func(p *item.ItemsParameters) { p.Checks, p.Sections = []string{checktest.Item}, []string{"c"} }, []string{"c.two"}},
		{"by their sections", func(p *item.ItemsParameters) { p.Sections = []string{"a", "d"} }, []string{"a.one", "a.two", "d.one"}},
		{"by their category", func(p *item.ItemsParameters) { p.Categories = []string{"second"} }, []string{"c.two", "d.one"}},
		{
			"by a section or a category",
			func(p *item.ItemsParameters) { p.Sections, p.Categories = []string{"b"}, []string{"second"} }, []string{"b.one", "c.two", "d.one"},
		},
		{"by their severity", func(p *item.ItemsParameters) { p.Severities = []item.Severity{"critical"} }, []string{"a.one", "b.one", "c.two"}},
		{"above the item", func(p *item.ItemsParameters) { p.Above = true }, []string{"a.one", "a.two", "b.one"}},
		{
			"by all that narrows, and by their ids beside it",
			func(p *item.ItemsParameters) {
				p.Above, p.Severities, p.Sections, p.Checks = true, []item.Severity{"critical"}, []string{"a", "c"}, []string{"d.one"}
			},
			[]string{"a.one", "d.one"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, item.Items().Bind(composed(t, c.edit)).After)
		})
	}
}

func TestItems(t *testing.T) {
	results := func(statuses ...check.Status) []fact.AnySet {
		set := checktest.Facts(check.Results(), check.Result{Check: checktest.Item, Status: check.Fail})
		var facts []check.Result
		for i, status := range statuses {
			facts = append(facts, check.Result{Check: string(rune('a'+i)) + ".item", Status: status})
		}
		return []fact.AnySet{set, checktest.Facts(check.Results(), facts...)}
	}
	compose := func(p *item.ItemsParameters) *item.ItemsParameters {
		var refs []check.ItemRef
		for _, letter := range "abcdefgh" {
			refs = append(refs, check.ItemRef{ID: string(letter) + ".item", Supported: true})
		}
		require.NoError(t, p.Compose(check.ItemRef{ID: checktest.Item}, append(refs, check.ItemRef{ID: checktest.Item})))
		return p
	}
	for _, c := range []struct {
		name   string
		accept []item.Status // nil: the default
		sets   []fact.AnySet
		want   []checktest.Finding
	}{
		{"what is ready or does not apply is accepted", nil, results(check.Pass, check.Warn, check.Waived, check.NotApplicable), nil},
		{"one that fails is named", nil, results(check.Pass, check.Fail), checktest.One("checks_fail", check.Fail, "1 check fails: b.item.")},
		{
			"each status is one problem", nil,
			results(check.Fail, check.Unknown, check.Fail, check.Undeclared, check.Unknown, check.Fail),
			[]checktest.Finding{
				{Reason: "checks_fail", Level: check.Fail, Detail: "3 checks fail: a.item, c.item and f.item."},
				{Reason: "checks_unknown", Level: check.Unknown, Detail: "2 checks are unknown: b.item and e.item."},
				{Reason: "checks_undeclared", Level: check.Undeclared, Detail: "1 check is undeclared: d.item."},
			},
		},
		{
			"of many five are named", nil, results(check.Fail, check.Fail, check.Fail, check.Fail, check.Fail, check.Fail, check.Fail),
			checktest.One("checks_fail", check.Fail, "7 checks fail: a.item, b.item, c.item, d.item, e.item and 2 more."),
		},
		{
			"what is ready is not enough where only passing is accepted", []item.Status{"pass"}, results(check.Pass, check.Warn, check.Waived),
			append(checktest.One("checks_waived", check.Fail, "1 check is waived: c.item."),
				checktest.One("checks_warn", check.Fail, "1 check warns: b.item.")...),
		},
		{"what is accepted is no problem", []item.Status{"undeclared", "pass"}, results(check.Pass, check.Undeclared), nil},
		{
			"without a result of any it is undeclared", nil, results(),
			checktest.One("no_checks", check.Undeclared, "None of the checks of which it is composed is supported yet."),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := item.Items().Parameters().(*item.ItemsParameters)
			p.Above = true
			if c.accept != nil {
				p.Accept = c.accept
			}
			require.Equal(t, c.want, checktest.Case{Kind: item.Items(), Parameters: compose(p), Now: now, Sets: c.sets}.Judge(t))
		})
	}
}

func TestItemsParametersThatMakeNoSense(t *testing.T) {
	p := item.Items().Parameters().(*item.ItemsParameters)
	require.EqualError(t, p.Validate(), "expected at least one of checks, sections, categories, severities and above")
	require.EqualError(t, new(item.Status).UnmarshalText([]byte("Warned")),
		`"Warned" is not allowed: expected one of unknown, pass, warn, fail, undeclared, waived, not_applicable`)
	require.EqualError(t, new(item.Severity).UnmarshalText([]byte("Critical")),
		`"Critical" is not allowed: expected one of critical, warning, info: did you mean "critical"?`)
}

func TestWhatIsInNoChecklistIsAMistake(t *testing.T) {
	for _, edit := range []func(*item.ItemsParameters){
		func(p *item.ItemsParameters) { p.Checks = []string{"a.one", "a.tow"} },
		func(p *item.ItemsParameters) { p.Sections = []string{"z"} },
		func(p *item.ItemsParameters) { p.Categories = []string{"third"} },
	} {
		var p item.ItemsParameters
		edit(&p)
		var mistake *check.ParameterError
		require.ErrorAs(t, p.Compose(check.ItemRef{ID: checktest.Item}, all()), &mistake)
		require.Contains(t, mistake.Message, "is not in the checklist")
	}
}

func TestWhatIsNotSupportedYetIsLeftOut(t *testing.T) {
	refs := all()
	refs[0].Supported = false
	p := item.ItemsParameters{Sections: []string{"a"}}
	require.NoError(t, p.Compose(check.ItemRef{ID: checktest.Item}, refs))
	kind := item.Items()
	require.Equal(t, []string{"a.two"}, kind.After(p))
}
