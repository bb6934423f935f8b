package world

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// A File is one that a configuration names by its path, relative to that of the configuration.
type File struct{ Name, Content string }

// Prometheus is a server of one test's own.
type Prometheus struct {
	*Process
	Addr string // host:port
	URL  string
	API  promv1.API

	dir string
}

// Prometheus starts a server with the configuration config, in YAML; files are its rules and whatever else it names.
func (w *World) Prometheus(tb testing.TB, config string, files ...File) *Prometheus {
	tb.Helper()
	return w.PrometheusWithHistory(tb, "", config, files...)
}

// PrometheusWithHistory is Prometheus with samples of the past: history is a text of OpenMetrics in which each has its time.
func (w *World) PrometheusWithHistory(tb testing.TB, history, config string, files ...File) *Prometheus {
	tb.Helper()
	binary, dir, address := w.place(tb, "prometheus")
	if history != "" {
		backfill(tb, dir, history)
	}
	p := &Prometheus{Addr: address, URL: "http://" + address, dir: dir}
	client, err := api.NewClient(api.Config{Address: p.URL, RoundTripper: &http.Transport{DisableKeepAlives: true}})
	if err != nil {
		tb.Fatalf("make a client of Prometheus: %v", err)
	}
	p.API = promv1.NewAPI(client)
	configFile := configure(tb, dir, config, files)
	p.Process = &Process{
		name: "prometheus", logFile: filepath.Join(dir, "log"), quit: syscall.SIGTERM, ready: answers(p.URL + "/-/ready"),
		command: func() *exec.Cmd {
			return exec.CommandContext(w.ctx, binary, "--config.file", configFile,
				"--storage.tsdb.path", filepath.Join(dir, "data"), "--web.listen-address", address,
				"--web.enable-lifecycle", "--web.enable-remote-write-receiver", "--log.level=warn",
				// An alert that fires before its Alertmanager is discovered would else be sent again only after a minute.
				"--rules.alert.resend-delay=1s")
		},
	}
	w.startFor(tb, p.Process)
	return p
}

// backfill writes samples of the past to where a server will have its data.
func backfill(tb testing.TB, dir, history string) {
	tb.Helper()
	promtool, err := built("promtool", targetMonitoring)
	if err != nil {
		tb.Fatal(err)
	}
	configure(tb, dir, "", []File{{"history", history}})
	command := exec.CommandContext(tb.Context(), promtool, "tsdb", "create-blocks-from", "openmetrics",
		filepath.Join(dir, "history"), filepath.Join(dir, "data"))
	if output, err := command.CombinedOutput(); err != nil {
		tb.Fatalf("write samples of the past: %v: %s", err, output)
	}
}

// Reload replaces the configuration and adds or replaces files.
func (p *Prometheus) Reload(tb testing.TB, config string, files ...File) {
	tb.Helper()
	configure(tb, p.dir, config, files)
	reload(tb, p.URL)
}

// Query evaluates expr now.
func (p *Prometheus) Query(tb testing.TB, expr string) model.Vector {
	tb.Helper()
	result, err := p.query(tb.Context(), expr)
	if err != nil {
		tb.Fatal(err)
	}
	return result
}

// WaitFor evaluates expr until it has a result, and gives that.
func (p *Prometheus) WaitFor(tb testing.TB, expr string) model.Vector {
	tb.Helper()
	ctx, cancel := context.WithTimeoutCause(tb.Context(), startLimit, fmt.Errorf("no result after %s", startLimit))
	defer cancel()
	var result model.Vector
	err := poll(ctx, func() (err error) {
		result, err = p.query(ctx, expr)
		if err == nil && len(result) == 0 {
			err = errors.New("no series")
		}
		return err
	})
	if err != nil {
		tb.Fatalf("wait for a result of %s: %v", expr, err)
	}
	return result
}

func (p *Prometheus) query(ctx context.Context, expr string) (model.Vector, error) {
	value, _, _, err := p.API.Query(ctx, expr, time.Now())
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", expr, err)
	}
	switch value := value.(type) {
	case model.Vector:
		return value, nil
	case *model.Scalar:
		return model.Vector{{Value: value.Value, Timestamp: value.Timestamp}}, nil
	default:
		return nil, fatalError{fmt.Errorf("query %s: expected a vector, got a %s", expr, value.Type())}
	}
}

// Alertmanager is a server of one test's own, without peers.
type Alertmanager struct {
	*Process
	Addr string // host:port
	URL  string

	dir string
}

// Alertmanager starts a server with the configuration config, in YAML; files are templates and whatever else it names.
func (w *World) Alertmanager(tb testing.TB, config string, files ...File) *Alertmanager {
	tb.Helper()
	binary, dir, address := w.place(tb, "alertmanager")
	a := &Alertmanager{Addr: address, URL: "http://" + address, dir: dir}
	configFile := configure(tb, dir, config, files)
	a.Process = &Process{
		name: "alertmanager", logFile: filepath.Join(dir, "log"), quit: syscall.SIGTERM, ready: answers(a.URL + "/-/ready"),
		command: func() *exec.Cmd {
			return exec.CommandContext(w.ctx, binary, "--config.file", configFile, "--storage.path", filepath.Join(dir, "data"),
				"--web.listen-address", address, "--cluster.listen-address", "", "--log.level=warn")
		},
	}
	w.startFor(tb, a.Process)
	return a
}

// Reload replaces the configuration and adds or replaces files.
func (a *Alertmanager) Reload(tb testing.TB, config string, files ...File) {
	tb.Helper()
	configure(tb, a.dir, config, files)
	reload(tb, a.URL)
}

// place finds the binary of a server of the monitoring stack, a folder for its data and an address.
func (w *World) place(tb testing.TB, name string) (binary, dir, address string) {
	tb.Helper()
	binary, err := built(name, targetMonitoring)
	if err != nil {
		tb.Fatal(err)
	}
	dir, err = w.dir.sub(name)
	if err != nil {
		tb.Fatal(err)
	}
	address, err = freeAddress(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return binary, dir, address
}

// configure writes the configuration and its files to dir, and gives the path of the former.
func configure(tb testing.TB, dir, config string, files []File) string {
	tb.Helper()
	const name = "config.yml"
	for _, file := range append([]File{{name, config}}, files...) {
		path := filepath.Join(dir, filepath.FromSlash(file.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			tb.Fatalf("write a configuration: %v", err)
		}
		if err := os.WriteFile(path, []byte(file.Content), 0o644); err != nil {
			tb.Fatalf("write a configuration: %v", err)
		}
	}
	return filepath.Join(dir, name)
}

func reload(tb testing.TB, url string) {
	tb.Helper()
	request, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, url+"/-/reload", http.NoBody)
	if err != nil {
		tb.Fatalf("reload %s: %v", url, err)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		tb.Fatalf("reload %s: %v", url, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		tb.Fatalf("reload %s: it answered %s", url, response.Status)
	}
}
