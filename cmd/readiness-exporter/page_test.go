package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

const (
	// pictures is where the browser's pictures are kept, to be viewed.
	pictures = "../../.cache/pictures"
	// axe is the accessibility tests of https://github.com/dequelabs/axe-core, as the Makefile installs them.
	axe = "../../.cache/bin/axe.min.js"
)

// A screen is what a page is shown on.
type screen struct {
	name          string
	width, height int64
	dark, print   bool
}

func screens() []screen {
	return []screen{
		{name: "desk", width: 1280, height: 900},
		{name: "desk-dark", width: 1280, height: 900, dark: true},
		{name: "phone", width: 390, height: 844},
		{name: "phone-dark", width: 390, height: 844, dark: true},
		{name: "paper", width: 800, height: 1100, print: true},
	}
}

// newBrowser starts Debian's Chromium. Every page notes there what its Content-Security-Policy refuses.
func newBrowser(t *testing.T) context.Context {
	t.Helper()
	require.NoError(t, os.MkdirAll(pictures, 0o755))
	allocator, stopAllocator := chromedp.NewExecAllocator(t.Context(),
		append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)...)
	browser, stopBrowser := chromedp.NewContext(allocator)
	require.NoError(t, chromedp.Do(browser), "start Chromium: it is Debian's package chromium")
	// What a page never shows costs its own test alone, and not the time of all.
	browser, stopWaiting := context.WithTimeout(browser, 5*time.Minute)
	t.Cleanup(func() {
		stopWaiting()
		stopBrowser()
		stopAllocator()
	})
	beforeEveryPage(browser, t, `window.refused = [];
		addEventListener("securitypolicyviolation", e => refused.push(e.violatedDirective + " " + e.blockedURI));`)
	return browser
}

func beforeEveryPage(browser context.Context, t *testing.T, script string) {
	t.Helper()
	_, err := chromedp.Call(browser, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
	require.NoError(t, err)
}

// evaluate gives what a script of the test's own says.
func evaluate[T any](browser context.Context, t *testing.T, script string) T {
	t.Helper()
	value, err := chromedp.Run(browser, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	require.NoError(t, err)
	return value
}

// useScreen has the browser use a screen.
func useScreen(browser context.Context, t *testing.T, s screen) {
	t.Helper()
	_, err := chromedp.Call(browser, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: s.width, Height: s.height, DeviceScaleFactor: 1, Mobile: s.width < 500,
	})
	require.NoError(t, err)
	scheme, media := "light", "screen"
	if s.dark {
		scheme = "dark"
	}
	if s.print {
		media = "print"
	}
	_, err = chromedp.Call(browser, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media: media, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	require.NoError(t, err)
}

// requireAccessible wants axe to find nothing on the page that is open.
func requireAccessible(browser context.Context, t *testing.T) {
	t.Helper()
	source, err := os.ReadFile(axe)
	require.NoError(t, err, "make tools-browser installs it")
	evaluate[bool](browser, t, string(source)+"; true")
	findings := evaluate[string](browser, t, `axe.run(document, {resultTypes: ["violations"]}).then(result =>
		result.violations.map(v => [v.id + ": " + v.help, ...v.nodes.slice(0, 5).map(n => n.html + "\n" + n.failureSummary)].join("\n")).join("\n\n"))`)
	require.Empty(t, findings, "axe finds:\n%s", findings)
}

// TestPagesInABrowser opens every page of a world in which things are broken: it fits each screen, axe finds nothing,
// and the page asks for nothing that its Content-Security-Policy refuses.
func TestPagesInABrowser(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.site.Show(s.certificate(t, 5*day))
	s.scale(t, 1)
	require.NoError(t, os.WriteFile(filepath.Join(s.disk, "fill"), make([]byte, 60<<20), 0o600))
	exporter := startExporter(t, "--config.file", withContacts(t, s.config))
	browser := newBrowser(t)
	for _, each := range []struct{ name, path, says string }{
		{"system", "/systems/shop/production", "Gaps ("},
		{"failing", "/systems/shop/production?status=fail", "tls.renewal"},
		{"item", "/systems/shop/production/checks/tls.renewal", "What was collected"},
		{"discovered", "/discovered", "Save as configuration"},
		{"missing", "/systems/nobody", "Not found"},
	} {
		requireGoodOnEveryScreen(browser, t, each.name, exporter.addr+each.path, each.says)
	}
}

// TestTheOverviewOfALargeFleetInABrowser shows 200 systems, some of which are not ready.
func TestTheOverviewOfALargeFleetInABrowser(t *testing.T) {
	t.Parallel()
	fleet := config.File{}
	for i := range 200 {
		each := &system.System{Name: fmt.Sprintf("service-%03d", i), Environment: "production", Owner: fmt.Sprintf("team-%d", i%7)}
		if i%20 == 0 {
			each.Backups = []system.Backup{{
				Name: "database", Schedule: quantity.Duration(day), Directory: &system.Directory{Path: t.TempDir(), Pattern: "*.dump"},
			}}
		}
		fleet.Systems = append(fleet.Systems, each)
	}
	written, err := yaml.Dump(fleet)
	require.NoError(t, err)
	exporter := startExporter(t, "--config.file", writeFile(t, "fleet.yaml", string(written)))
	requireGoodOnEveryScreen(newBrowser(t), t, "overview", exporter.addr+"/", "0 of 200 systems ready")
}

// requireGoodOnEveryScreen wants a page to say something, to fit each screen, to ask for nothing that is refused, and to
// be accessible. It keeps pictures.
func requireGoodOnEveryScreen(browser context.Context, t *testing.T, name, address, says string) {
	t.Helper()
	for _, screen := range screens() {
		t.Run(name+" on "+screen.name, func(t *testing.T) {
			useScreen(browser, t, screen)
			require.NoError(t, chromedp.Do(browser, chromedp.Navigate("http://"+address)))
			require.Contains(t, evaluate[string](browser, t, `document.body.innerText`), says)
			require.LessOrEqual(t, evaluate[int](browser, t, `document.documentElement.scrollWidth - document.documentElement.clientWidth`), 0,
				"nothing scrolls sideways")
			require.Empty(t, evaluate[string](browser, t, `refused.join()`))
			picture, err := chromedp.Run(browser, chromedp.CaptureScreenshot())
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(pictures, name+"-"+screen.name+".png"), picture, 0o600))
			requireAccessible(browser, t)
		})
	}
}

// TestWhatIsFoundCanBePinned runs the configuration that the page of what was discovered gives: it says the same.
func TestWhatIsFoundCanBePinned(t *testing.T) {
	for name, arguments := range map[string][]string{
		"a system that is described": {"--config.file", withContacts(t, newShop(t).config)},
		"a machine that is not":      nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("KUBECONFIG", "/nonexistent")
			var first, second []report.System
			found := startExporter(t, arguments...)
			require.NoError(t, json.Unmarshal(found.get("/api/v1/systems"), &first))
			path := "/api/v1/systems/" + first[0].Name + "/" + first[0].Environment + "/discovered"
			var discovered, again report.Discovered
			require.NoError(t, json.Unmarshal(found.get(path), &discovered))
			pinned := startExporter(t, "--config.file", writeFile(t, "pinned.yaml", discovered.YAML))
			require.NoError(t, json.Unmarshal(pinned.get("/api/v1/systems"), &second))
			require.Equal(t, first[0].Contacts, second[0].Contacts)
			require.NoError(t, json.Unmarshal(pinned.get(path), &again))
			require.Equal(t, discovered.YAML, again.YAML)
			require.Len(t, again.Pieces, len(discovered.Pieces))
			require.Contains(t, again.Source, "pinned.yaml:")
		})
	}
}

// TestAPageRenewsItselfInItsPlace breaks something while the page is open: it says so, and the reader's place and focus
// stay.
func TestAPageRenewsItselfInItsPlace(t *testing.T) {
	s := newShop(t)
	exporter := startExporter(t, "--config.file", s.config)
	exporter.become(exporter.statuses(), map[string]string{})
	browser := newBrowser(t)
	// The clock of the page's own script runs faster, so that the test need not wait as long as a reader does.
	beforeEveryPage(browser, t, `const slow = window.setInterval; window.setInterval = f => slow(f, 200);`)
	useScreen(browser, t, screens()[0])
	require.NoError(t, chromedp.Do(browser,
		chromedp.Navigate("http://"+exporter.addr+"/systems/shop/production"),
		chromedp.Query(chromedp.CSS(`#server\.disk .pass`), chromedp.NodeReady)))
	const row = `document.getElementById("resources.nodes")`
	before := evaluate[float64](browser, t, row+`.scrollIntoView({block: "center"}), `+row+`.querySelector("a").focus({preventScroll: true}), `+
		row+`.getBoundingClientRect().top`)

	require.NoError(t, os.WriteFile(filepath.Join(s.disk, "fill"), make([]byte, 60<<20), 0o600))
	waiting, cancel := context.WithTimeout(browser, 2*time.Minute)
	defer cancel()
	require.NoError(t, chromedp.Do(waiting, chromedp.Query(chromedp.CSS(`#server\.disk .fail`), chromedp.NodeReady)))
	require.InDelta(t, before, evaluate[float64](browser, t, row+`.getBoundingClientRect().top`), 2, "what was read stands where it stood")
	require.Equal(t, "resources.nodes", evaluate[string](browser, t, `document.activeElement.closest("tr")?.id ?? ""`))

	exporter.stop()
	require.NoError(t, chromedp.Do(waiting, chromedp.Query(chromedp.CSS(`body[data-stale]`), chromedp.NodeReady)))
}

// TestAPageIsReadWithoutAScript follows plain links and a plain form.
func TestAPageIsReadWithoutAScript(t *testing.T) {
	exporter := startExporter(t, "--config.file", newShop(t).config)
	browser := newBrowser(t)
	_, err := chromedp.Call(browser, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	require.NoError(t, err)
	waiting, cancel := context.WithTimeout(browser, 2*time.Minute)
	defer cancel()
	require.NoError(t, chromedp.Do(waiting,
		chromedp.Navigate("http://"+exporter.addr+"/"),
		chromedp.SendKeys(chromedp.CSS(`select[name=section]`), "SSL"),
		chromedp.Click(chromedp.CSS(`.filter button`)),
		chromedp.Query(chromedp.CSS(`a[href="?#items"]`), chromedp.NodeReady)))
	address, err := chromedp.Run(waiting, chromedp.Location())
	require.NoError(t, err)
	require.Contains(t, address, "section=tls")
	require.NoError(t, chromedp.Do(waiting,
		chromedp.Click(chromedp.CSS(`#tls\.renewal th a`)),
		chromedp.Query(chromedp.CSS(`#facts`), chromedp.NodeReady)))
	text, err := chromedp.Run(waiting, chromedp.Text(chromedp.CSS(`main`)))
	require.NoError(t, err)
	require.Contains(t, text, "Parameters in force")
	require.Contains(t, text, "warn_before: 25d")
}

// withContacts adds contacts to a configuration.
func withContacts(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	var config config.File
	require.NoError(t, yaml.Load(content, &config, yaml.WithV4Defaults(), yaml.WithKnownFields()))
	config.Systems[0].Contacts = system.Contacts{
		Primary:   &system.Contact{Name: "Shop rota", Link: "https://shop.pagerduty.com/schedules/PX1"},
		Secondary: &system.Contact{Name: "Ann Meier", Phone: "+49 30 901820", Email: "ann.meier@shop-team.io"},
		Channel:   "#shop-alerts",
		Escalation: []system.EscalationLevel{
			{After: quantity.Duration(30 * time.Minute), Call: system.Contact{Name: "Head of operations", Phone: "+49 30 901821"}},
			{After: quantity.Duration(2 * time.Hour), Call: system.Contact{Name: "Head of engineering", Phone: "+49 30 901822"}},
		},
	}
	written, err := yaml.Dump(config)
	require.NoError(t, err)
	return writeFile(t, "readiness.yaml", string(written))
}
