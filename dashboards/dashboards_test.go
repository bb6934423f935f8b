// Package dashboards holds Grafana dashboards. Its tests keep them importable, portable and true to what the exporter
// gives.
package dashboards

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// lastSchemaOfGrafana94 is the newest dashboard schema that the oldest supported Grafana reads.
const lastSchemaOfGrafana94 = 37

// A dashboard is what the tests read of Grafana's model.
type dashboard struct {
	ID            *int   `json:"id"`
	UID           string `json:"uid"`
	Title         string `json:"title"`
	Description   string `json:"description"`
	SchemaVersion int    `json:"schemaVersion"`
	Tags          []string
	Links         []dashboardLink `json:"links"`
	Panels        []panel         `json:"panels"` // rows included
	Refresh       string          `json:"refresh"`
	Annotations   struct {
		List []annotation `json:"list"`
	} `json:"annotations"`
	Templating struct {
		List []variable `json:"list"`
	} `json:"templating"`
}

type annotation struct {
	Name            string
	Datasource      datasource
	Enable          bool
	Expr            string
	TitleFormat     string
	TextFormat      string
	UseValueForTime bool
}

type dashboardLink struct {
	Type        string   `json:"type"`
	Tags        []string `json:"tags"`
	IncludeVars bool     `json:"includeVars"`
	KeepTime    bool     `json:"keepTime"`
	AsDropdown  bool     `json:"asDropdown"`
}

type datasource struct{ Type, UID string }

type variable struct {
	Name        string          `json:"name"`
	Type        string          `json:"type"`
	Label       string          `json:"label"`
	Description string          `json:"description"`
	Query       json.RawMessage `json:"query"`
	Datasource  datasource      `json:"datasource"`
	Multi       bool            `json:"multi"`
	IncludeAll  bool            `json:"includeAll"`
	AllValue    string          `json:"allValue"`
}

type panel struct {
	ID          int        `json:"id"`
	Type        string     `json:"type"`
	Title       string     `json:"title"`
	Description string     `json:"description"`
	Datasource  datasource `json:"datasource"`
	GridPos     struct{ H, W, X, Y int }
	Repeat      string   `json:"repeat"`
	Targets     []target `json:"targets"`
	Options     struct {
		Legend struct {
			DisplayMode, Placement string
			Calcs                  []string
			Width                  int
		}
		SortBy      []struct{ DisplayName string }
		DisplayMode string // of a bar gauge
	} `json:"options"`
	FieldConfig struct {
		Defaults struct {
			Unit       string      `json:"unit"`
			Decimals   *int        `json:"decimals"`
			Max        *float64    `json:"max"`
			NoValue    string      `json:"noValue"`
			Thresholds *thresholds `json:"thresholds"`
			Mappings   []mapping   `json:"mappings"`
			Color      struct{ Mode string }
			Custom     struct {
				MinWidth        int   `json:"minWidth"`
				SpanNulls       *bool `json:"spanNulls"`
				AxisSoftMax     int   `json:"axisSoftMax"`
				Filterable      bool  `json:"filterable"`
				ThresholdsStyle struct{ Mode string }
			} `json:"custom"`
		} `json:"defaults"`
		Overrides []override
	} `json:"fieldConfig"`
	Transformations []struct {
		ID      string
		Options struct {
			ExcludeByName map[string]bool   `json:"excludeByName"`
			IndexByName   map[string]int    `json:"indexByName"`
			RenameByName  map[string]string `json:"renameByName"`
		}
	} `json:"transformations"`
}

type thresholds struct {
	Steps []struct {
		Value *float64
		Color string
	} `json:"steps"`
}

type override struct {
	Matcher    struct{ ID, Options string }
	Properties []property
}

type property struct {
	ID    string          `json:"id"`
	Value json.RawMessage `json:"value"`
}

// A mapping is one of the three sorts that the dashboards have.
type mapping struct {
	Type    string          `json:"type"`
	Options json.RawMessage `json:"options"`
}

type shown struct{ Text, Color string }

// texts are what values of a mapping from value to text are shown as.
func (m mapping) texts(t *testing.T) (all map[string]shown) {
	t.Helper()
	if m.Type == "value" {
		require.NoError(t, json.Unmarshal(m.Options, &all))
	}
	return all
}

type target struct {
	RefID        string     `json:"refId"`
	Expr         string     `json:"expr"`
	Instant      bool       `json:"instant"`
	Range        bool       `json:"range"`
	Format       string     `json:"format"`
	LegendFormat string     `json:"legendFormat"`
	Datasource   datasource `json:"datasource"`
}

// columns are the titles of a table's columns by the fields they show.
func (p panel) columns() map[string]string {
	for _, transformation := range p.Transformations {
		if transformation.ID == "organize" {
			return transformation.Options.RenameByName
		}
	}
	return nil
}

func load(t *testing.T) []dashboard {
	t.Helper()
	names, err := filepath.Glob("*.json")
	require.NoError(t, err)
	require.Len(t, names, 10)
	var all []dashboard
	for _, name := range names {
		content, err := os.ReadFile(name)
		require.NoError(t, err)
		var each dashboard
		require.NoError(t, json.Unmarshal(content, &each), name)
		require.Equal(t, name, each.UID+".json")
		all = append(all, each)
	}
	return all
}

// shown are the panels without the rows they are in.
func (d dashboard) shown() (panels []panel) {
	for _, each := range d.Panels {
		if each.Type != "row" {
			panels = append(panels, each)
		}
	}
	return panels
}

// eachPanel runs test on every panel of every dashboard.
func eachPanel(t *testing.T, test func(*testing.T, panel)) {
	t.Helper()
	for _, board := range load(t) {
		for _, each := range board.shown() {
			t.Run(board.UID+"/"+each.Title, func(t *testing.T) { test(t, each) })
		}
	}
}

// eachTarget runs test on every query of every panel.
func eachTarget(t *testing.T, test func(*testing.T, panel, target)) {
	t.Helper()
	eachPanel(t, func(t *testing.T, p panel) {
		t.Helper()
		for _, each := range p.Targets {
			t.Run(each.RefID, func(t *testing.T) { test(t, p, each) })
		}
	})
}

func TestEveryDashboardCanBeImportedIntoGrafana94(t *testing.T) {
	for _, board := range load(t) {
		t.Run(board.UID, func(t *testing.T) {
			require.LessOrEqual(t, board.SchemaVersion, lastSchemaOfGrafana94)
			require.Nil(t, board.ID, "Grafana gives the id")
			require.True(t, strings.HasPrefix(board.Title, "Readiness / "))
			require.NotEmpty(t, board.Description)
			require.Equal(t, []string{"readiness"}, board.Tags)
			require.NotEmpty(t, board.Panels)
		})
	}
	eachPanel(t, func(t *testing.T, p panel) {
		require.Contains(t, []string{"stat", "table", "timeseries", "state-timeline", "bargauge", "text"}, p.Type)
		for _, override := range p.FieldConfig.Overrides {
			for _, each := range override.Properties {
				if each.ID == "custom.cellOptions" {
					require.JSONEq(t, `{"type": "auto", "wrapText": true}`, string(each.Value), "schema %d calls it custom.displayMode", lastSchemaOfGrafana94)
				}
			}
		}
	})
}

func TestEveryDashboardHasTheSameVariables(t *testing.T) {
	for _, board := range load(t) {
		t.Run(board.UID, func(t *testing.T) {
			var names []string
			for _, each := range board.Templating.List {
				names = append(names, each.Name)
				require.NotEmpty(t, each.Label, each.Name)
				require.NotEmpty(t, each.Description, each.Name)
				if each.Type != "query" {
					continue
				}
				require.Equal(t, datasource{"prometheus", "${datasource}"}, each.Datasource, each.Name)
				// One system at a time: of all there are too many items to be read.
				several := board.UID != "readiness-system" || each.Name == "category"
				require.Equal(t, several, each.Multi, each.Name)
				require.Equal(t, several, each.IncludeAll, each.Name)
				if several {
					require.Equal(t, ".*", each.AllValue, each.Name)
				}
			}
			require.Equal(t, []string{"datasource", "environment", "system"}, names[:3])
			require.Contains(t, names, "page")
			require.Equal(t, "datasource", board.Templating.List[0].Type)
		})
	}
}

func TestLinksKeepTheVariablesAndTheTime(t *testing.T) {
	for _, board := range load(t) {
		want := []dashboardLink{{Type: "dashboards", Tags: []string{"readiness"}, IncludeVars: true, KeepTime: true, AsDropdown: true}}
		require.Equal(t, want, board.Links, board.UID)
	}
	var names []string
	for _, board := range load(t) {
		names = append(names, board.UID)
	}
	read := regexp.MustCompile(`__data\.fields\.(\w+)`)
	eachPanel(t, func(t *testing.T, p panel) {
		var titles []string
		for _, title := range p.columns() {
			titles = append(titles, title)
		}
		for _, url := range dataLinks(t, p) {
			if path, isDashboard := strings.CutPrefix(url, "/d/"); isDashboard {
				uid, _, _ := strings.Cut(path, "?")
				require.Contains(t, names, uid)
				for _, kept := range []string{"${datasource:queryparam}", "${page:queryparam}", "${__url_time_range}"} {
					require.Contains(t, url, kept)
				}
				require.Regexp(t, `var-system=|\$\{system:queryparam\}`, url)
				require.Regexp(t, `var-environment=|\$\{environment:queryparam\}`, url)
			}
			for _, field := range read.FindAllStringSubmatch(url, -1) {
				require.Contains(t, titles, field[1], "a link reads a column that is not there")
			}
		}
	})
}

func dataLinks(t *testing.T, p panel) (urls []string) {
	t.Helper()
	for _, override := range p.FieldConfig.Overrides {
		for _, each := range override.Properties {
			if each.ID != "links" {
				continue
			}
			var links []struct{ URL string }
			require.NoError(t, json.Unmarshal(each.Value, &links))
			for _, link := range links {
				urls = append(urls, link.URL)
			}
		}
	}
	return urls
}

func TestEveryPanelSaysWhatItIs(t *testing.T) {
	eachPanel(t, func(t *testing.T, p panel) {
		require.NotEmpty(t, p.Title)
		require.Regexp(t, `\.$`, p.Description)
		require.Equal(t, datasource{"prometheus", "${datasource}"}, p.Datasource)
		require.NotEmpty(t, p.Targets)
		defaults := p.FieldConfig.Defaults
		require.NotEmpty(t, defaults.Unit)
		require.NotEmpty(t, defaults.NoValue, "it is empty when there is nothing")
		require.NotNil(t, defaults.Thresholds)
		require.NotEmpty(t, defaults.Thresholds.Steps)
		if p.Type == "timeseries" || p.Type == "state-timeline" {
			require.NotNil(t, defaults.Custom.SpanNulls)
			require.False(t, *defaults.Custom.SpanNulls, "a gap must be visible")
		}
		if p.Type == "state-timeline" {
			require.NotEmpty(t, defaults.Mappings, "states must be told apart without colour")
		}
		refs := make(map[string]bool)
		for _, each := range p.Targets {
			require.False(t, refs[each.RefID], "two queries %s", each.RefID)
			refs[each.RefID] = true
			require.Equal(t, p.Datasource, each.Datasource)
			require.NotEqual(t, each.Instant, each.Range)
			require.Equal(t, p.Type == "timeseries" || p.Type == "state-timeline", each.Range)
			require.Equal(t, p.Type == "table", each.Format == "table")
		}
	})
}

func TestPanelsLieBesideEachOther(t *testing.T) {
	const width = 24
	for _, board := range load(t) {
		t.Run(board.UID, func(t *testing.T) {
			taken, ids := make(map[[2]int]string), make(map[int]bool)
			for _, each := range board.Panels {
				require.False(t, ids[each.ID], "two panels %d", each.ID)
				ids[each.ID] = true
				at := each.GridPos
				require.Positive(t, at.W*at.H)
				require.LessOrEqual(t, at.X+at.W, width, each.Title)
				for x := at.X; x < at.X+at.W; x++ {
					for y := at.Y; y < at.Y+at.H; y++ {
						require.Empty(t, taken[[2]int{x, y}], "it lies on %s", each.Title)
						taken[[2]int{x, y}] = each.Title
					}
				}
			}
		})
	}
}
