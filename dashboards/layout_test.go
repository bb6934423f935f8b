package dashboards

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/collectors"
)

// What Grafana takes of a window of 1280 pixels before and between its panels, and around what is in them.
const (
	window       = 1280
	around       = 48 // beside the panels
	gap          = 8  // between two of them
	grid         = 24 // columns
	panelPadding = 16
	cellPadding  = 12
	icon         = 22 // of a filter, a sorted column or a description
	longestWord  = 20 // letters: what is longer is a name from code, and is broken
)

// pixels is how wide a panel is.
func (p panel) pixels() float64 { return float64((window-around+gap)*p.GridPos.W)/grid - gap }

// width measures a text as Grafana writes it, in Inter of 14 pixels; bold is that of titles.
func width(text string, bold bool) (pixels float64) {
	// Thousandths of the size of the font, from the space to the tilde.
	regular := [...]float64{
		281, 278, 403, 631, 638, 812, 639, 222, 362, 362, 500, 659, 280, 460, 276, 357, 625, 464, 605, 636, 642, 608, 624, 571, 616, 624, 276, 280, 659, 659, 659, 507,
		936, 676, 651, 727, 719, 598, 587, 743, 740, 264, 543, 652, 562, 889, 753, 761, 635, 761, 639, 638, 642, 741, 676, 949, 642, 665, 625, 362, 357, 362, 469, 452,
		497, 564, 621, 558, 621, 582, 361, 609, 591, 237, 237, 544, 237, 869, 585, 597, 609, 609, 372, 523, 364, 581, 557, 812, 540, 557, 541, 362, 327, 362, 659,
	}
	for _, letter := range text {
		thousandths := 881.0 // of a sign that is not among them
		if i := int(letter - ' '); i >= 0 && i < len(regular) {
			thousandths = regular[i]
		}
		pixels += thousandths * 14 / 1000
	}
	if bold {
		pixels *= 1.03
	}
	return pixels
}

func TestEveryDashboardHasTheSameRows(t *testing.T) {
	for _, board := range load(t) {
		var rows []string
		below := make(map[string][]string)
		for _, each := range board.Panels {
			if each.Type == "row" {
				rows = append(rows, each.Title)
				continue
			}
			require.NotEmpty(t, rows, "%s: %s is in no row", board.UID, each.Title)
			row := rows[len(rows)-1]
			below[row] = append(below[row], each.Title)
			require.Empty(t, each.Repeat, "%s: %s is as often there as there are values", board.UID, each.Title)
			overTime := each.Type == "timeseries" || each.Type == "state-timeline"
			require.Equal(t, row == "Over time", overTime, "%s: %s", board.UID, each.Title)
		}
		require.Equal(t, []string{"State now", "What to fix", "Over time", "Details"}, rows, board.UID)
		require.Equal(t, "Alerts that fire", below["What to fix"][0], board.UID)
		for _, row := range rows {
			require.NotEmpty(t, below[row], "%s: %s", board.UID, row)
		}
		end := board.Panels[len(board.Panels)-1].GridPos
		require.LessOrEqual(t, end.Y+end.H, 110, "%s: nobody scrolls that far", board.UID)
	}
}

func TestTitlesAreNotCut(t *testing.T) {
	eachPanel(t, func(t *testing.T, p panel) {
		require.LessOrEqual(t, width(p.Title, true)+icon, p.pixels()-panelPadding)
		if p.Type == "stat" && p.GridPos.W <= 6 {
			require.LessOrEqual(t, len(p.Title), 18)
		}
	})
}

// A column is what the tests know of one of a table.
type column struct {
	field, title string
	number       bool
	width        int // 0: it shares what is left
	filterable   bool
	wraps        bool
	unit         string
	decimals     int
	mappings     []mapping
	sorted       bool
}

func columns(t *testing.T, p panel) (all []column) {
	t.Helper()
	for field, title := range p.columns() {
		c := column{field: field, title: title, number: strings.HasPrefix(field, "Value")}
		for _, by := range p.Options.SortBy {
			c.sorted = c.sorted || by.DisplayName == title
		}
		for _, override := range p.FieldConfig.Overrides {
			if override.Matcher.Options != title {
				continue
			}
			for _, each := range override.Properties {
				c.read(t, each)
			}
		}
		all = append(all, c)
	}
	return all
}

func (c *column) read(t *testing.T, p property) {
	t.Helper()
	into := map[string]any{
		"custom.width": &c.width, "custom.filterable": &c.filterable, "custom.wrapText": &c.wraps, "unit": &c.unit, "decimals": &c.decimals, "mappings": &c.mappings,
	}[p.ID]
	if into != nil {
		require.NoError(t, json.Unmarshal(p.Value, into))
	}
}

// longest are the widest contents that a column is made for: of closed sets all there are, of names that users give one that is long.
func (c column) longest(t *testing.T) (contents []string) {
	t.Helper()
	for _, each := range c.mappings {
		for _, shown := range each.texts(t) {
			contents = append(contents, shown.Text)
		}
		for _, text := range regexp.MustCompile(`"text":\s*"([^"]*)"`).FindAllStringSubmatch(string(each.Options), -1) {
			contents = append(contents, text[1])
		}
	}
	if len(contents) > 0 && !c.number {
		return contents
	}
	units := map[string]string{"dateTimeAsIso": "2026-06-28 20:48:56", "bytes": "888.8 GiB", "s": "88.8 hours", "none": "88888", "": "", "percentunit": "888", "suffix:×": "888 ×"}
	if c.number {
		sample, known := units[c.unit]
		require.True(t, known, "unit %q", c.unit)
		decimals := ""
		if c.decimals > 0 && c.unit != "bytes" && c.unit != "s" {
			decimals = "." + strings.Repeat("8", c.decimals)
		}
		switch c.unit {
		case "none", "suffix:×":
			sample = strings.Replace(sample, "88", "", min(1, c.decimals)) // numbers with decimals are no counts
			sample = regexp.MustCompile(`^\d+`).ReplaceAllString(sample, "${0}"+decimals)
		case "percentunit":
			sample += decimals + "%"
		}
		return append(contents, sample)
	}
	return append(contents, namesOf(t, c.field)...)
}

// namesOf are values of a label.
func namesOf(t *testing.T, label string) (names []string) {
	t.Helper()
	switch label {
	case "check", "category", "title":
		production := &checklist.Checklist{}
		require.NoError(t, yaml.Load(checklist.Production(), production))
		for entry := range production.Items() {
			names = append(names, map[string]string{"check": entry.Item.ID, "category": entry.Category.ID, "title": entry.Item.Text}[label])
		}
		return names
	case "collector":
		all, closeAll := collectors.All(collectors.Options{RootFS: "/"})
		defer closeAll()
		for _, each := range all {
			names = append(names, each.Describe().Name)
		}
		return names
	}
	given := map[string]string{
		"alertname": "ReadinessCertificateExpiringSoon", "system": "payments-eu-1", "environment": "production", "team": "team-payments", "kind": "StatefulSet",
		"purpose": "database", "source": "kubernetes", "key_algorithm": "Ed25519", "key_bits": "4096", "trust": "private", "what": "attestation", "os_id": "ubuntu",
		"os_version": "22.04", "os_codename": "bookworm", "goversion": "go1.26.8", "level": "", "ip": "203.0.113.199", "host": "web-1.example.com",
		"mountpoint": "/var/lib/postgresql", "name": "payments-gateway", "server_name": "www.example.com", "subject": "payments/postgres-0", "by": "alexandra",
		"backup": "database", "place": "offsite-s3", "group": "postgres", "issuer": "Let's Encrypt", "kubernetes_cluster": "eu-main", "kubernetes_namespace": "payments",
		"objective": "critical-ready", "instance": "readiness-0:10216", "revision": "8155743", "version": "v1.33.4", "kernel": "6.1.0-28-amd64",
		"address": "203.0.113.199:65535", "port": "65535", "url": "https://payments.example.com/.well-known/health", "domain": "www.payments.example.com",
		"tls_version": "ssl-3.0", "vantage": "frankfurt-1", "unit": "systemd-networkd-wait-online.service",
	}
	name, known := given[label]
	require.True(t, known, "how long is a %s?", label)
	return []string{name}
}

// TestTablesAreNotCut measures the titles and the longest contents of all columns in a window of 1280 pixels. What wraps must hold
// its words, and parts of names.
func TestTablesAreNotCut(t *testing.T) {
	eachPanel(t, func(t *testing.T, p panel) {
		all := columns(t, p)
		require.Equal(t, p.Type == "table", len(all) > 0)
		left, sharing := p.pixels()-panelPadding-icon, 0 // a bar to scroll rows is as wide as an icon
		for _, c := range all {
			left -= float64(c.width)
			if c.width == 0 {
				sharing++
			}
		}
		require.GreaterOrEqual(t, left, 0.0, "it scrolls sideways")
		if len(all) > 0 {
			require.Positive(t, sharing, "in a wide window nothing grows")
		}
		for _, c := range all {
			room := float64(c.width)
			if c.width == 0 {
				require.True(t, c.wraps, "%s has no width, and does not wrap", c.title)
				room = left / float64(sharing)
			}
			need := width(c.title, true) + cellPadding
			if c.filterable {
				need += icon
			}
			require.LessOrEqual(t, need, room, "the title %s", c.title)
			for _, content := range c.longest(t) {
				pieces := []string{content}
				if c.wraps {
					pieces = regexp.MustCompile(`[\s\-/._:"{}]+`).Split(content, -1)
				}
				for _, piece := range pieces {
					piece = string([]rune(piece)[:min(len([]rune(piece)), longestWord)])
					require.LessOrEqual(t, width(piece, false)+cellPadding, room, "%s: %s", c.title, piece)
				}
			}
		}
	})
}

// TestNobodyFiltersByANumber keeps the icon from taking the room of the title.
func TestNobodyFiltersByANumber(t *testing.T) {
	eachPanel(t, func(t *testing.T, p panel) {
		for _, c := range columns(t, p) {
			require.False(t, c.number && (c.filterable || p.FieldConfig.Defaults.Custom.Filterable), c.title)
			require.True(t, !c.number || c.mappings != nil || c.unit != "", "%s has no unit", c.title)
		}
	})
}

// TestTheWorstIsOnTop wants every table to be sorted by a column that it has, and by its state where it has one; and on each dashboard
// a table of what to fix.
func TestTheWorstIsOnTop(t *testing.T) {
	for _, board := range load(t) {
		require.True(t, slices.ContainsFunc(board.Panels, func(p panel) bool { return p.Type == "table" && strings.HasSuffix(p.Title, "the worst first") }), board.UID)
	}
	eachPanel(t, func(t *testing.T, p panel) {
		if p.Type != "table" {
			return
		}
		var titles []string
		for _, title := range p.columns() {
			titles = append(titles, title)
		}
		require.NotEmpty(t, p.Options.SortBy)
		for _, by := range p.Options.SortBy {
			require.Contains(t, titles, by.DisplayName)
		}
		for _, state := range []string{"State", "Status", "Level"} {
			require.True(t, !slices.Contains(titles, state) || p.Options.SortBy[0].DisplayName == state)
		}
		if strings.HasSuffix(p.Title, "the worst first") && !slices.Contains(titles, "Score") && !slices.Contains(titles, "Budget left") {
			require.Contains(t, []string{"State", "Level"}, p.Options.SortBy[0].DisplayName)
		}
	})
}

// TestLegendsSayHowMuch wants values in every legend, and room for all of its lines.
func TestLegendsSayHowMuch(t *testing.T) {
	const cell, line, frame = 38, 24, 70
	several := regexp.MustCompile(`\b(?:topk|bottomk)\((\d+), last_over_time`)
	eachPanel(t, func(t *testing.T, p panel) {
		if p.Type != "timeseries" {
			return
		}
		legend := p.Options.Legend
		require.Equal(t, "table", legend.DisplayMode)
		require.Equal(t, []string{"lastNotNull", "min", "max"}, legend.Calcs)
		require.Equal(t, p.GridPos.W == grid, legend.Placement == "right")
		many := len(p.Targets)
		for _, query := range p.Targets {
			if found := several.FindStringSubmatch(query.Expr); found != nil {
				number, err := strconv.Atoi(found[1])
				require.NoError(t, err)
				many = max(many, number)
			}
			require.NotContains(t, query.LegendFormat, "__auto")
			require.Equal(t, strings.Contains(query.LegendFormat, "{{system}}"), strings.Contains(query.LegendFormat, "{{environment}}"), "series of two environments merge")
		}
		room := (p.GridPos.H*cell - frame) / line
		if legend.Placement == "bottom" {
			room /= 2
		} else {
			require.Positive(t, legend.Width)
			require.Less(t, float64(legend.Width), p.pixels()/2)
		}
		require.LessOrEqual(t, many, room, "the legend hides some")
	})
}

// TestAxesAreReadable wants counts without halves, and time in one unit that does not change along the axis.
func TestAxesAreReadable(t *testing.T) {
	eachPanel(t, func(t *testing.T, p panel) {
		defaults := p.FieldConfig.Defaults
		require.NotContains(t, fmt.Sprint(defaults.Unit), "suffix: ", "Grafana adds the space itself")
		if p.Type != "timeseries" {
			return
		}
		require.NotNil(t, defaults.Decimals)
		if defaults.Unit == "none" {
			require.Positive(t, defaults.Custom.AxisSoftMax)
		}
		for _, query := range p.Targets {
			if regexp.MustCompile(`_timestamp_seconds`).MatchString(query.Expr) {
				require.NotEqual(t, "s", defaults.Unit, "the axis says 6.94 days")
			}
		}
	})
}

// TestThresholdsAreDrawn holds the lines of graphs to those of the alerts.
func TestThresholdsAreDrawn(t *testing.T) {
	limits := thresholdsOfAlerts(t)
	days := func(name string) float64 { return limits[name] / 86400 }
	for _, want := range []struct {
		reads string
		unit  string
		at    []float64
	}{
		{"readiness_certificate_not_after_timestamp_seconds", "suffix:d", []float64{days("certificate_expiring_soon_seconds"), days("certificate_expiring_seconds")}},
		{"readiness_backup_objective_seconds", "percentunit", []float64{1}},
		{"readiness:objective_burn:ratio_1h", "suffix:×", []float64{1, 6, 14.4}},
		{"readiness:objective_budget_left:ratio", "percentunit", []float64{0}},
		{"readiness_filesystem_available_bytes", "percentunit", []float64{limits["filesystem_full_ratio"], limits["filesystem_available_ratio"]}},
		{"scrape_duration_seconds", "s", []float64{limits["scrape_duration_seconds"]}},
	} {
		drawn := false
		eachTarget(t, func(t *testing.T, p panel, query target) {
			if p.Type != "timeseries" || !strings.Contains(query.Expr, want.reads) || p.FieldConfig.Defaults.Unit != want.unit {
				return
			}
			drawn = true
			require.Equal(t, "dashed", p.FieldConfig.Defaults.Custom.ThresholdsStyle.Mode)
			var at []float64
			for _, step := range p.FieldConfig.Defaults.Thresholds.Steps {
				if step.Value != nil {
					at = append(at, math.Round(*step.Value*1e6)/1e6)
				}
			}
			require.Subset(t, at, want.at)
		})
		require.True(t, drawn, "no graph shows %s in %s", want.reads, want.unit)
	}
}

// thresholdsOfAlerts are the numbers of alerts/thresholds.rules.yaml by name.
func thresholdsOfAlerts(t *testing.T) map[string]float64 {
	t.Helper()
	content, err := os.ReadFile("../alerts/thresholds.rules.yaml")
	require.NoError(t, err)
	limits := make(map[string]float64)
	for _, rule := range regexp.MustCompile(`record: readiness:threshold:(\w+)\n\s+expr: (.+)`).FindAllStringSubmatch(string(content), -1) {
		product := 1.0
		for _, factor := range strings.Split(rule[2], " * ") {
			dividend, divisor, isShare := strings.Cut(factor, " / ")
			number, err := strconv.ParseFloat(dividend, 64)
			require.NoError(t, err)
			if isShare {
				by, err := strconv.ParseFloat(divisor, 64)
				require.NoError(t, err)
				number /= by
			}
			product *= number
		}
		limits[rule[1]] = product
	}
	require.NotEmpty(t, limits)
	return limits
}
