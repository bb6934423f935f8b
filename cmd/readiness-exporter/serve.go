package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/alecthomas/kingpin/v2"
	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	actors "github.com/oklog/run"
	exporterweb "github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"

	"github.com/readiness-exporter/readiness-exporter/docs"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/engine"
	"github.com/readiness-exporter/readiness-exporter/internal/metrics"
	"github.com/readiness-exporter/readiness-exporter/internal/web"
)

const (
	// defaultAddress is a port that the ecosystem's list of default ports leaves free.
	defaultAddress = ":10216"
	// firstLooksWithin spreads the first looks, so that a start is no load peak.
	firstLooksWithin = 3 * time.Second
	// watchInterval is how often the configuration's files are compared with what was loaded.
	watchInterval = 5 * time.Second
	// closePatience is how long a shutdown waits for answers under way.
	closePatience = 5 * time.Second
)

// serveCommand runs the exporter.
type serveCommand struct {
	web         *exporterweb.FlagConfig
	lifecycle   bool
	configCheck bool
}

func registerServe(app *kingpin.Application, commands map[string]command) {
	c := &serveCommand{}
	clause := app.Command("serve", "Look on schedules and serve metrics, page and API (the default).").Default()
	c.web = kingpinflag.AddFlags(clause, defaultAddress)
	clause.Flag("web.enable-lifecycle", "Enable reload via HTTP request.").BoolVar(&c.lifecycle)
	clause.Flag("config.check", "Check the configuration, report every mistake, and exit.").BoolVar(&c.configCheck)
	commands[clause.FullCommand()] = c
}

// An exporter is the running program: what reloads change, and what is told of it.
type exporter struct {
	program *program
	setup   *setup
	logger  log.Logger
	self    *metrics.Self
	engine  *engine.Engine

	mu     sync.Mutex // held while the configuration is loaded
	loaded *config.Config
	known  []*assess.Plan // of the configuration in force
}

func (c *serveCommand) run(ctx context.Context, p *program) (int, error) {
	logger, libraries := p.logger()
	s := p.setUp(libraries)
	defer s.close()
	if c.configCheck {
		if _, err := p.load(ctx, s); err != nil {
			return 0, configurationError(p.common.configFile, err)
		}
		fmt.Fprintln(p.stdout, "The configuration is good.")
		return exitReady, nil
	}
	// A container's memory limit becomes Go's.
	if _, err := memlimit.Set(memlimit.WithProvider(memlimit.FromCgroup)); err != nil {
		level.Debug(logger).Log("msg", "no memory limit", "err", err)
	}
	e := &exporter{program: p, setup: s, logger: logger, self: metrics.NewSelf()}
	exposition := metrics.NewExposition(s.collectors, e.self.Registry())
	e.engine = p.engine(s, logger, engine.Options{
		Spread:  firstLooksWithin,
		Observe: e.self.ObserveLook,
		Publish: func(assessments []*assess.Assessment) {
			if err := exposition.Publish(assessments); err != nil {
				level.Error(logger).Log("msg", "metrics stay as they were", "err", err)
			}
			e.self.ObserveChecks(assessments)
		},
	})
	if err := e.reload(ctx); err != nil {
		return 0, configurationError(p.common.configFile, err)
	}
	options := web.Options{
		Metrics: exposition, Assessments: e.engine.Assessments, Ready: e.engine.Ready, Version: programVersion(),
		OpenAPI: docs.OpenAPI(),
	}
	if c.lifecycle {
		options.Reload = func() error { return e.reload(ctx) }
	}
	handler, err := web.Handler(options)
	if err != nil {
		return 0, err
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(listener net.Listener) context.Context {
			level.Info(logger).Log("msg", "readiness-exporter is running", "version", programVersion(),
				"address", listener.Addr(), "systems", len(e.known))
			return ctx
		},
	}
	group := &actors.Group{}
	addUntilDone(ctx, group, func(ctx context.Context) { <-ctx.Done() })
	addUntilDone(ctx, group, e.engine.Run)
	addUntilDone(ctx, group, e.watch)
	group.Add(
		func() error { return exporterweb.ListenAndServe(server, c.web, libraries) },
		func(error) { closeServer(server, logger) })
	if err := group.Run(); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return 0, err
	}
	return exitReady, nil
}

// addUntilDone adds an actor that works until its context ends.
func addUntilDone(ctx context.Context, group *actors.Group, work func(context.Context)) {
	ctx, cancel := context.WithCancel(ctx)
	group.Add(func() error {
		work(ctx)
		return nil
	}, func(error) { cancel() })
}

func closeServer(server *http.Server, logger log.Logger) {
	ctx, cancel := context.WithTimeout(context.Background(), closePatience)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		level.Warn(logger).Log("msg", "closed connections that were in use", "err", err)
	}
}

// reload loads the configuration and puts it in force. A bad one changes nothing.
func (e *exporter) reload(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	loaded, err := e.program.load(ctx, e.setup)
	if loaded != nil {
		e.loaded = loaded
	}
	if err == nil {
		err = e.engine.Apply(loaded.Plans)
	}
	e.self.ObserveReload(err)
	if err != nil {
		return err
	}
	for _, plan := range e.known {
		e.self.ForgetUnless(plan.System, loaded.Plans)
	}
	e.known = loaded.Plans
	return nil
}

// watch reloads on SIGHUP, and when a file of the configuration has changed.
func (e *exporter) watch(ctx context.Context) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	for {
		cause := "SIGHUP"
		select {
		case <-ctx.Done():
			return
		case <-hangup:
		case <-ticker.C:
			if !e.changed() {
				continue
			}
			cause = "file change"
		}
		if err := e.reload(ctx); err != nil {
			level.Error(e.logger).Log("msg", "the configuration stays as it was", "cause", cause,
				"err", configurationError(e.program.common.configFile, err))
			continue
		}
		level.Info(e.logger).Log("msg", "loaded the configuration", "cause", cause)
	}
}

func (e *exporter) changed() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.loaded.Changed()
}
