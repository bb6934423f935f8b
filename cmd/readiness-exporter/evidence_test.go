package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/intake"
	"github.com/readiness-exporter/readiness-exporter/internal/record"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

const (
	pipelineToken = "token-of-a-pipeline"
	personToken   = "token-of-a-person"
)

// A submittedTo is an exporter of a system that says which revision is deployed, with the tokens of a pipeline and a person.
type submittedTo struct {
	*runningExporter
	t      *testing.T
	folder string
	config string
}

func startSubmittedTo(t *testing.T, flags ...string) *submittedTo {
	t.Helper()
	s := &submittedTo{t: t, folder: t.TempDir()}
	s.config = s.write("readiness.yaml", fmt.Sprintf(`
collectors: {evidence: {schedule: '@every 1s'}}
tokens:
  - {name: ci, sha256: [%s], systems: [shop/*], checks: ["quality.*", performance.load-test]}
  - {name: ann, sha256: [%s], systems: ["*/*"], checks: ["*"], may: [attest, waive]}
systems:
  - name: shop
    environment: production
    evidence: {deployed: [{file: %s}], submitted: [{check: quality.lint, attestation_keys: [%s]}]}
    checks: {quality.unit-tests: {owner: testers}}
    waivers: [{check: quality.lint, by: bob, reason: in the file, until: %s}]
`, sha256Of(pipelineToken), sha256Of(personToken), s.write("REVISION", "1a2b3c4\n"),
		filepath.Join(s.folder, "ci.pub"), time.Now().AddDate(0, 1, 0).Format(time.DateOnly)))
	s.write("good.xml", `<testsuite name="a"><testcase name="works"/></testsuite>`)
	s.write("bad.xml", `<testsuite name="a"><testcase name="breaks"><failure>password=hunter2</failure></testcase></testsuite>`)
	s.write("pipeline", pipelineToken+"\n")
	s.write("person", personToken)
	s.runningExporter = startExporter(t, append([]string{"--config.file", s.config, "--storage.path", filepath.Join(s.folder, "data")}, flags...)...)
	return s
}

// sha256Of is what a configuration has of a token.
func sha256Of(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

func (s *submittedTo) write(name, content string) string {
	path := filepath.Join(s.folder, name)
	require.NoError(s.t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// run runs the program against the exporter, and gives its exit status and what it wrote.
func (s *submittedTo) run(token string, arguments ...string) (int, string) {
	s.t.Helper()
	return s.runReading("", token, arguments...)
}

// runReading is run with a text on its standard input.
func (s *submittedTo) runReading(text, token string, arguments ...string) (int, string) {
	s.t.Helper()
	arguments = append(arguments, "--url", "http://"+s.addr, "--system", "shop/production", "--token-file", token)
	command := exec.CommandContext(s.t.Context(), "readiness-exporter", arguments...)
	command.Dir, command.Stdin = s.folder, strings.NewReader(text)
	output, err := command.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(s.t, err)
	}
	return command.ProcessState.ExitCode(), string(output)
}

// status waits until an item has a status.
func (s *submittedTo) status(check, want string) {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return s.statuses()[check] == want }, 2*time.Minute, 100*time.Millisecond, "%s does not become %s", check, want)
}

func TestAPipelineSubmitsItsResults(t *testing.T) {
	t.Parallel()
	s := startSubmittedTo(t)
	s.status("quality.unit-tests", "undeclared")
	status, said := s.run("pipeline", "evidence", "submit", "quality.unit-tests", "good.xml", "--revision", "1a2b3c4d5e6f7a8b", "--link", "https://ci.example.com/1")
	require.Equal(t, exitReady, status, said)
	require.Contains(t, said, "quality.unit-tests: the result is pass. junit: 1 passed.")
	require.Contains(t, said, "quality.unit-tests of shop/production is pass now.")
	s.status("quality.unit-tests", "pass")
	_, said = s.run("pipeline", "evidence", "submit", "quality.unit-tests", "good.xml", "--revision", "1a2b3c4d5e6f7a8b", "--link", "https://ci.example.com/1")
	require.Contains(t, said, "It was submitted before, and counts once.")
	status, said = s.runReading(`<testsuite name="a"><testcase name="works"/></testsuite>`, "pipeline",
		"evidence", "submit", "quality.e2e-tests", "-", "good.xml", "--revision", "1a2b3c4")
	require.Equal(t, exitReady, status, said)
	require.Contains(t, said, "quality.e2e-tests: the result is pass. junit: 2 passed.")

	status, said = s.run("pipeline", "evidence", "submit", "quality.e2e-tests", "good.xml", "bad.xml", "--revision", "1a2b3c4")
	require.Equal(t, exitNotReady, status, said)
	require.Contains(t, said, "fail failed: 1 of 2 tests failed: breaks.")
	require.NotContains(t, said+string(s.get("/api/v1/systems/shop/production/facts")), "hunter2", "what tests print is not kept")

	status, said = s.run("pipeline", "evidence", "submit", "quality.e2e-tests", "good.xml")
	require.Equal(t, exitNotReady, status, said)
	require.Contains(t, said, "the result is fail. junit: 1 passed.\n  fail other_revision: The newest result is of no revision that it names; deployed is 1a2b3c4.")
	require.Contains(t, said, "with --revision")

	// What is to be deployed is good by itself, and does not count yet.
	status, said = s.run("pipeline", "evidence", "submit", "quality.migrations", "good.xml", "--revision", "2b3c4d5")
	require.Equal(t, exitReady, status, said)
	require.Contains(t, said, "quality.migrations of shop/production is fail now.\n  fail other_revision: The newest result is of 2b3c4d5; deployed is 1a2b3c4.")
	s.status("quality.migrations", "fail")
	s.write("REVISION", "2b3c4d5")
	s.status("quality.migrations", "pass")

	page := string(s.get("/systems/shop/production/checks/quality.unit-tests"))
	require.Contains(t, page, "readiness-exporter evidence submit quality.unit-tests --system shop/production --revision COMMIT REPORT")
	require.Contains(t, page, ">ci<", "who submitted it")
}

// TestWhatHasToBeSignedIsSubmittedWithASignature signs what a pipeline submits as its tools do.
func TestWhatHasToBeSignedIsSubmittedWithASignature(t *testing.T) {
	t.Parallel()
	s := startSubmittedTo(t)
	signer := world.NewSigner(t)
	s.write("signed.json", signer.Attest("1a2b3c4", "PASSED"))
	submit := func(check string, arguments ...string) (int, string) {
		return s.run("pipeline", append([]string{"evidence", "submit", check}, arguments...)...)
	}

	status, said := submit("quality.lint", "signed.json", "--timeout", "1s")
	require.Equal(t, exitUnjudged, status, said)
	require.Contains(t, said, "The keys under attestation_keys cannot be read")
	s.write("ci.pub", string(signer.PEM))

	status, said = submit("quality.lint", "signed.json")
	require.Equal(t, exitReady, status, said)
	require.Contains(t, said, "quality.lint of shop/production is pass now.")
	for _, refused := range []struct {
		says      string
		check     string
		arguments []string
	}{
		{"no signed envelope", "quality.lint", []string{"good.xml", "--revision", "1a2b3c4"}},
		{"the attestation is not of 2b3c4d5", "quality.lint", []string{"signed.json", "--revision", "2b3c4d5"}},
		{"none of its signatures is by a key", "quality.lint", []string{s.write("altered.json", strings.Replace(signer.Attest("1a2b3c4", "PASSED"), `"sig":"`, `"sig":"AAAA`, 1))}},
		{"expected a signed attestation alone", "quality.lint", []string{"signed.json", "good.xml"}},
		{"name public keys under evidence.submitted", "quality.unit-tests", []string{"signed.json"}},
	} {
		status, said = submit(refused.check, refused.arguments...)
		require.Equal(t, exitUnjudged, status, said)
		require.Contains(t, said, refused.says)
	}
}

// TestWhatIsSubmittedWhileAPipelineWaitsCounts has another pipeline submit to the running exporter what one waits for.
func TestWhatIsSubmittedWhileAPipelineWaitsCounts(t *testing.T) {
	t.Parallel()
	s := startSubmittedTo(t)
	waiting := exec.CommandContext(t.Context(), "readiness-exporter", "--config.file", s.config, "check", "--wait", "--timeout", "2m", "--team", "testers",
		"--storage.path", filepath.Join(s.folder, "data"))
	var said logBuffer
	waiting.Stderr = &said
	require.NoError(t, waiting.Start())
	require.Eventually(t, func() bool {
		return strings.Contains(said.String(), "waiting for 1 check: shop/production quality.unit-tests")
	},
		2*time.Minute, 50*time.Millisecond)
	status, answered := s.run("pipeline", "evidence", "submit", "quality.unit-tests", "good.xml", "--revision", "1a2b3c4")
	require.Equal(t, exitReady, status, answered)
	require.NoError(t, waiting.Wait(), said.String())
	require.Contains(t, said.String(), "shop/production quality.unit-tests: undeclared → pass")
}

func TestWhatATokenDoesNotPermitIsRefused(t *testing.T) {
	s := startSubmittedTo(t)
	for _, test := range []struct {
		token, method, path, body string
		want                      int
		says                      string
	}{
		{"", "POST", "shop/production/evidence/quality.unit-tests", "", 401, "No known token"},
		{"wrong", "POST", "shop/production/evidence/quality.unit-tests", "", 401, "No known token"},
		{pipelineToken, "POST", "shop/production/evidence/security.dependencies", "", 403, "does not permit evidence for security.dependencies"},
		{pipelineToken, "POST", "blog/production/evidence/quality.lint", "", 403, "does not permit"},
		{pipelineToken, "POST", "shop/production/waivers/quality.lint", "{}", 403, "does not permit waive"},
		{pipelineToken, "POST", "shop/staging/evidence/quality.lint", "", 404, "no system"},
		{pipelineToken, "POST", "shop/production/evidence/quality.none", "x", 404, "no check quality.none"},
		{pipelineToken, "POST", "shop/production/evidence/quality.unit-tests", "all good", 422, "in none of the known formats"},
		{pipelineToken, "POST", "shop/production/evidence/quality.unit-tests?revision=a%20b", "<testsuite/>", 422, "expected a commit"},
		{pipelineToken, "POST", "shop/production/evidence/quality.unit-tests?component=a/b", "<testsuite/>", 422, "component"},
		{pipelineToken, "POST", "shop/production/evidence/quality.unit-tests?link=javascript:x", "<testsuite/>", 422, "link"},
		{pipelineToken, "POST", "shop/production/evidence/quality.unit-tests", strings.Repeat(" ", 17<<20), 413, "at most"},
		{personToken, "POST", "shop/production/attestations/quality.lint", "{}", 422, "takes no attestation"},
		{personToken, "POST", "shop/production/attestations/team.trained", `{"by":"bob"}`, 422, "unknown field"},
		{personToken, "POST", "shop/production/attestations/team.trained", `{"until":"2999-01-01T00:00:00Z"}`, 422, "later than the check allows"},
		{personToken, "POST", "shop/production/waivers/team.trained", `{"until":"2999-01-01T00:00:00Z","reason":"x"}`, 422, "more than a year ahead"},
		{personToken, "POST", "shop/production/waivers/team.trained", `{}`, 422, "reason is missing"},
		{personToken, "POST", "shop/production/waivers/quality.lint", `{"reason":"x","until":"2026-12-31T00:00:00Z"}`, 409, "change it there"},
		{personToken, "DELETE", "shop/production/waivers/quality.lint", "", 404, "is taken back there"},
	} {
		got, said := s.request(test.method, test.path, test.token, test.body)
		require.Equal(t, test.want, got, "%s: %s", test.path, said)
		require.Contains(t, said, test.says)
	}
	refused := 0
	for range 200 {
		if got, _ := s.request("POST", "shop/production/evidence/quality.unit-tests", pipelineToken, "x"); got == http.StatusTooManyRequests {
			refused++
		}
	}
	require.Positive(t, refused, "a token is used as often as one likes")
	require.NotContains(t, s.log.String(), pipelineToken)
}

func (s *submittedTo) request(method, path, token, body string) (int, string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+s.addr+"/api/v1/systems/"+path, strings.NewReader(body))
	require.NoError(s.t, err)
	if token != "" {
		request.Header.Set("X-Readiness-Token", token)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	return response.StatusCode, string(content)
}

func TestPeopleSignAndTakeBack(t *testing.T) {
	s := startSubmittedTo(t)
	s.status("team.trained", "undeclared")
	status, said := s.run("person", "attest", "team.trained", "--link", "https://wiki.example.com/training")
	require.Equal(t, exitReady, status, said)
	require.Contains(t, said, "team.trained of shop/production: attestation signed by ann.")
	s.status("team.trained", "pass")
	status, said = s.run("person", "attest", "team.trained", "--revoke")
	require.Equal(t, exitReady, status, said)
	s.status("team.trained", "undeclared")

	_, said = s.run("pipeline", "evidence", "submit", "quality.unit-tests", "bad.xml", "--revision", "1a2b3c4")
	require.Contains(t, said, "is fail now")
	s.status("quality.unit-tests", "fail")
	until := time.Now().AddDate(0, 0, 7).Format(time.DateOnly)
	status, said = s.run("person", "waive", "quality.unit-tests", "--until", until, "--reason", "A known fault", "--link", "https://example.com/1")
	require.Equal(t, exitReady, status, said)
	s.status("quality.unit-tests", "waived")
	status, said = s.run("person", "waive", "quality.unit-tests", "--until", "tomorrow", "--reason", "x")
	require.Equal(t, exitUnjudged, status, said)

	var signed []record.Signature
	require.NoError(t, json.Unmarshal(s.get("/api/v1/systems/shop/production/signatures"), &signed))
	require.Len(t, signed, 3, "the history stays")
	require.Equal(t, signed[0].ID, signed[1].Revokes)
	require.Equal(t, "ann", signed[2].By)

	// All of it is there after a crash, and check sees it too.
	s.kill()
	command := exec.CommandContext(t.Context(), "readiness-exporter", "--config.file", s.config, "check", "--output", "json",
		"--storage.path", filepath.Join(s.folder, "data"))
	output, err := command.Output()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, "%s", output)
	var systems []report.System
	require.NoError(t, json.Unmarshal(output, &systems))
	for _, item := range systems[0].Items {
		if item.Check == "quality.unit-tests" {
			require.Equal(t, "waived", item.Status.String())
		}
	}
}

// kill ends the exporter as a crash does.
func (s *submittedTo) kill() {
	s.t.Helper()
	require.NoError(s.t, s.process.Process.Kill())
	require.Error(s.t, s.process.Wait())
}

// TestEveryAnsweredSubmissionSurvivesKills posts evidence while the exporter is killed and started again: what was answered is there,
// and whoever submits by the command does not notice.
func TestEveryAnsweredSubmissionSurvivesKills(t *testing.T) {
	t.Parallel()
	s := startSubmittedTo(t)
	var mu sync.Mutex
	answered := make(map[string]bool)
	stop := make(chan struct{})
	var posting sync.WaitGroup
	for worker := range 2 {
		posting.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				case <-time.After(20 * time.Millisecond):
				}
				component := fmt.Sprintf("c%d", (2*i+worker)%40)
				revision := fmt.Sprintf("%07x", 0x1000000+2*i+worker)
				address := "http://" + s.addr + "/api/v1/systems/shop/production/evidence/performance.load-test?component=" + component + "&revision=" + revision
				request, err := http.NewRequest(http.MethodPost, address, bytes.NewReader([]byte(`{"readiness_evidence":1,"passed":1}`)))
				if err != nil {
					return
				}
				request.Header.Set("Authorization", "Bearer "+pipelineToken)
				response, err := http.DefaultClient.Do(request)
				if err != nil {
					continue
				}
				var receipt intake.Receipt
				if response.StatusCode == http.StatusOK && json.NewDecoder(response.Body).Decode(&receipt) == nil {
					mu.Lock()
					answered[revision] = true
					mu.Unlock()
				}
				response.Body.Close()
			}
		})
	}
	for range 5 {
		time.Sleep(700 * time.Millisecond)
		s.kill()
		s.runningExporter = startExporterOn(t, "http", http.DefaultClient, s.addr, "--config.file", s.config, "--storage.path", filepath.Join(s.folder, "data"))
	}
	close(stop) // Who submits as often as two workers leaves a token nothing for others.
	posting.Wait()
	submitted := make(chan string, 1)
	s.kill()
	go func() {
		_, said := s.run("pipeline", "evidence", "submit", "quality.unit-tests", "good.xml", "--revision", "1a2b3c4")
		submitted <- said
	}()
	time.Sleep(time.Second)
	s.runningExporter = startExporterOn(t, "http", http.DefaultClient, s.addr, "--config.file", s.config, "--storage.path", filepath.Join(s.folder, "data"))
	require.Contains(t, <-submitted, "quality.unit-tests of shop/production is pass now.")
	require.NotEmpty(t, answered)
	kept, err := record.ReadDirectory(filepath.Join(s.folder, "data"), countsAsReady)
	require.NoError(t, err)
	there := make(map[string]bool)
	for _, each := range kept.Evidence("shop/production") {
		for _, report := range each.Reports {
			for _, revision := range report.Revisions {
				there[revision] = true
			}
		}
	}
	for revision := range answered {
		require.True(t, there[revision], "%s of %d", revision, len(answered))
	}
	t.Logf("%d submissions answered, all kept", len(answered))
}
