package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/alecthomas/kingpin/v2"
	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	actors "github.com/oklog/run"
	"github.com/prometheus/common/version"
	exporterweb "github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"

	"github.com/readiness-exporter/readiness-exporter/collectors/login"
	"github.com/readiness-exporter/readiness-exporter/docs"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/engine"
	"github.com/readiness-exporter/readiness-exporter/internal/hangup"
	"github.com/readiness-exporter/readiness-exporter/internal/intake"
	"github.com/readiness-exporter/readiness-exporter/internal/metrics"
	"github.com/readiness-exporter/readiness-exporter/internal/record"
	"github.com/readiness-exporter/readiness-exporter/internal/shard"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/web"
)

const (
	// defaultAddress is a port that the ecosystem's list of default ports leaves free. Who else may reach it must be said.
	defaultAddress = "localhost:10216"
	// defaultStorage is where what must outlive the process is kept.
	defaultStorage = "data/"
	// watchInterval is how often the configuration's files are compared with what was loaded.
	watchInterval = 5 * time.Second
	// settleInterval is how long files must stay as they are before they are loaded: whoever writes them may not be done.
	settleInterval = time.Second
	// answerPatience is how long an answer may take to be read by whoever asked.
	answerPatience = 2 * time.Minute
	// closePatience is how long a shutdown waits for answers under way.
	closePatience = 5 * time.Second
)

// serveCommand runs the exporter.
type serveCommand struct {
	web           *exporterweb.FlagConfig
	lifecycle     bool
	configCheck   bool
	storage       storageFlags
	externalURL   string
	maxRequests   int
	exposeDetails bool
	pprof         bool
	facts         []string // whose gauges are exported
	sharding      shardFlags
	shard         *shard.Shard // nil: it has all systems
}

func registerServe(app *kingpin.Application, commands map[string]command) {
	c := &serveCommand{}
	clause := app.Command("serve", "Collect on schedules and serve metrics, page and API (the default).").Default()
	c.web = kingpinflag.AddFlags(clause, defaultAddress)
	clause.Flag("web.enable-lifecycle", "Enable reload via HTTP request.").BoolVar(&c.lifecycle)
	clause.Flag("config.check", "Check the configuration, report every mistake, and exit.").BoolVar(&c.configCheck)
	clause.Flag("web.external-url", "Where browsers reach the exporter: links in alerts lead there. Requests for other hosts are refused "+
		"then, but for addresses and localhost.").
		StringVar(&c.externalURL)
	clause.Flag("web.max-requests", "How many scrapes, and how many pages, are answered at one time. 0: any number.").
		Default("40").IntVar(&c.maxRequests)
	clause.Flag("web.expose-details", "Show everybody how contacts can be reached and where things are declared. Without it, only requests "+
		"from this machine see that; set it where the exporter is behind authentication.").BoolVar(&c.exposeDetails)
	clause.Flag("web.enable-pprof", "Serve profiles of the running program at /debug/pprof/.").BoolVar(&c.pprof)
	clause.Flag("metrics.facts", "Kinds of fact whose own gauges are exported, separated by commas or repeated; all or none. What is "+
		"concluded of facts is always exported. One or more of: "+strings.Join(gaugedFacts(), ", ")).
		Default(allFacts).StringsVar(&c.facts)
	c.storage.register(clause, "Folder for what must outlive the process: the changes of status, and what is reported and signed by "+
		"API. Empty: nothing is kept, and nothing is taken by API.",
		"Keep that in ConfigMaps in place of a folder, for pods without a disk: of this name, in the namespace of the pod. Replicas of the "+
			"same configuration share them. 14 MiB of records at most, in 33 objects; the command rbac prints the role for them.")
	c.sharding.register(clause)
	commands[clause.FullCommand()] = c
}

// An exporter is the running program: what reloads change, and what is told of it.
type exporter struct {
	program *program
	setup   *setup
	hangups chan os.Signal
	logger  log.Logger
	manager serviceManager
	self    *metrics.Self
	engine  *engine.Engine

	reloading sync.Mutex // held while the configuration is loaded, which takes as long as reading files does
	mu        sync.Mutex // of what follows
	loaded    *config.Config
	inForce   []system.Token
	share     share
}

func (c *serveCommand) run(ctx context.Context, p *program) (int, error) {
	// From the beginning, since the signal ends a process that does not listen to it.
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	hangup.Release()
	logger, libraries := p.logger()
	self := metrics.NewSelfFrom(p.common.vantage)
	s := p.setUp(libraries, service{copies: copiesIn(c.storage.path()), durations: self, logins: login.Pace{First: firstLogins}})
	defer s.close()
	external, err := web.ParseExternalURL(c.externalURL)
	if err != nil {
		return 0, fmt.Errorf("--web.external-url %w", err)
	}
	omitted, err := omittedFacts(c.facts)
	if err != nil {
		return 0, err
	}
	if c.shard, err = c.sharding.shard(os.Hostname, p.common.configFile); err != nil {
		return 0, err
	}
	if c.shard != nil && c.storage.configMaps != "" {
		return 0, errors.New("--storage.configmaps with --shards: give each shard a folder (--storage.path)")
	}
	if c.configCheck {
		if _, err := p.load(ctx, s); err != nil {
			return 0, configurationError(p.common.configFile, err)
		}
		fmt.Fprintln(p.stdout, "The configuration is good.")
		return exitReady, nil
	}
	boundMemory(logger)
	e := &exporter{program: p, setup: s, hangups: hangups, logger: logger, manager: serviceManager{logger}, self: self}
	if passedSockets() {
		*c.web.WebSystemdSocket = true
	}
	return exitReady, c.serve(ctx, e, external, omitted, libraries)
}

// boundMemory makes the memory limit of a container Go's, and has garbage collected somewhat earlier than Go does by itself,
// as Prometheus does: most of what is held here is held for long. GOMEMLIMIT and GOGC win.
func boundMemory(logger log.Logger) {
	if _, err := memlimit.Set(memlimit.WithProvider(memlimit.FromCgroup)); err != nil {
		level.Debug(logger).Log("msg", "no memory limit", "err", err)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(75)
	}
}

// serve runs the exporter until ctx ends.
func (c *serveCommand) serve(ctx context.Context, e *exporter, external *url.URL, omitted []string, libraries *slog.Logger) error {
	e.share.of = c.shard
	store, err := e.openStorage(&c.storage)
	if err != nil {
		return err
	}
	exposition := metrics.NewExposition(e.setup.collectors, e.self.Registry(), omitted...)
	options := engine.Options{
		Observe: e.self.ObserveRun,
		Publish: func(assessments []*assess.Assessment) {
			exposition.Publish(assessments)
			e.self.ObserveAssessments(assessments)
		},
	}
	if store != nil {
		defer e.closeStorage(store)
		options.Memory = memory{store}
		e.setup.reported.set(store)
	}
	e.engine = e.program.engine(e.setup, e.logger, options)
	e.self.CountClockSteps(e.engine.ClockSteps)
	if address := e.share.address(external); address != nil {
		e.self.NameAddress(address)
	}
	if err := e.reload(ctx); err != nil {
		return configurationError(e.program.common.configFile, err)
	}
	pages := web.Options{
		Metrics: exposition, Assessments: e.engine.Assessments, Ready: e.engine.Ready, Version: version.Version,
		OpenAPI: docs.OpenAPI(), ExternalURL: external, MaxRequests: c.maxRequests, ExposeDetails: c.exposeDetails,
		Profiles: c.pprof,
		Intake:   intake.New(intake.Options{Tokens: e.tokens, Record: store, Now: time.Now}),
	}
	if c.shard != nil {
		e.self.NameShard(c.shard.Index, c.shard.Count)
		pages.Remote = e.elsewhere
		level.Info(e.logger).Log("msg", "shares the systems", "shard", c.shard.Index, "shards", c.shard.Count, "others", len(e.elsewhere()))
	}
	if c.lifecycle {
		pages.Reload = func() error { return publicError(e.reloadFor(ctx, "request")) }
	}
	if c.exposeDetails && c.reachable() {
		level.Warn(e.logger).Log("msg", "--web.expose-details shows details to whoever reaches the exporter: nothing here asks for a login",
			"address", strings.Join(*c.web.WebListenAddresses, " "))
	}
	handler, err := web.Handler(pages)
	if err != nil {
		return err
	}
	return e.runUntil(ctx, &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: answerPatience,
		IdleTimeout: 2 * time.Minute,
		BaseContext: func(listener net.Listener) context.Context {
			level.Info(e.logger).Log("msg", "readiness-exporter is running", "version", version.Version,
				"address", listener.Addr(), "systems", e.systems())
			e.manager.ready(serving(e.systems()))
			return ctx
		},
	}, func(server *http.Server) error { return exporterweb.ListenAndServe(server, c.web, libraries) })
}

// reachable tells whether other machines reach the exporter, without a web configuration that could ask for a login.
func (c *serveCommand) reachable() bool {
	return *c.web.WebConfigFile == "" && !*c.web.WebSystemdSocket &&
		slices.ContainsFunc(*c.web.WebListenAddresses, func(address string) bool { return !web.Loopback(address) })
}

// runUntil runs the engine, the watch on the configuration and a server until ctx ends or one of them fails.
func (e *exporter) runUntil(ctx context.Context, server *http.Server, listen func(*http.Server) error) error {
	group := &actors.Group{}
	addUntilDone(ctx, group, func(ctx context.Context) { <-ctx.Done() })
	addUntilDone(ctx, group, e.engine.Run)
	addUntilDone(ctx, group, e.watch)
	group.Add(func() error { return listen(server) }, func(error) {
		e.manager.stopping()
		closeServer(server, e.logger)
	})
	if err := group.Run(); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	level.Info(e.logger).Log("msg", "readiness-exporter has stopped")
	return nil
}

// openStorage opens what must outlive the process; nil where nothing is to be kept.
func (e *exporter) openStorage(flags *storageFlags) (record.Store, error) {
	store, err := flags.open(record.Options{
		Ready: countsAsReady,
		Report: func(err error) {
			if err != nil {
				level.Warn(e.logger).Log("msg", "the storage has a problem", "path", flags.path(), "configmaps", flags.configMaps, "err", err)
			} else {
				level.Info(e.logger).Log("msg", "changes of status can be stored again", "path", flags.path(), "configmaps", flags.configMaps)
			}
		},
	})
	if store == nil || err != nil {
		return nil, err
	}
	e.self.WatchStorage(store.Writable)
	return store, nil
}

func (e *exporter) closeStorage(store record.Store) {
	if err := store.Close(); err != nil {
		level.Warn(e.logger).Log("msg", "the newest changes of status were not stored", "err", err)
	}
}

// tokens are those of the configuration in force.
func (e *exporter) tokens() []system.Token {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.inForce
}

// configuration is what was loaded last.
func (e *exporter) configuration() *config.Config {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.loaded
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
	e.reloading.Lock()
	defer e.reloading.Unlock()
	loaded, err := e.program.load(ctx, e.setup)
	if loaded != nil {
		e.mu.Lock()
		e.loaded = loaded
		e.mu.Unlock()
	}
	if err == nil {
		err = e.apply(loaded.Plans)
	}
	if err == nil {
		e.mu.Lock()
		e.inForce = loaded.Tokens
		e.mu.Unlock()
	}
	e.self.ObserveReload(err)
	return err
}

// watch reloads on SIGHUP, and when a file of the configuration has changed.
func (e *exporter) watch(ctx context.Context) {
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	for {
		cause := "SIGHUP"
		select {
		case <-ctx.Done():
			return
		case <-e.hangups:
		case <-ticker.C:
			if !e.changed(ctx) {
				continue
			}
			cause = "file change"
		}
		_ = e.reloadFor(ctx, cause) // It is logged, and there is nobody else to tell.
	}
}

// reloadFor is reload that tells the log and the service manager of it.
func (e *exporter) reloadFor(ctx context.Context, cause string) error {
	e.manager.reloading()
	err := e.reload(ctx)
	if err != nil {
		level.Error(e.logger).Log("msg", "the configuration stays as it was", "cause", cause,
			"err", configurationError(e.program.common.configFile, err))
		e.manager.ready("The last reload failed, and the configuration stays as it was. The log says why.")
	} else {
		level.Info(e.logger).Log("msg", "loaded the configuration", "cause", cause)
		e.manager.ready(serving(e.systems()))
	}
	return err
}

// publicError is what anybody may know of an error: of what files say, nothing.
func publicError(err error) error {
	var mistakes config.Errors
	switch {
	case err == nil:
		return nil
	case errors.As(err, &mistakes):
		return errors.New(mistakes.Public())
	default:
		return errors.New("the exporter's log says why")
	}
}

// changed tells whether the files of the configuration are others than those that were loaded, and nobody writes them at
// the moment.
func (e *exporter) changed(ctx context.Context) bool {
	loaded := e.configuration()
	state := loaded.State()
	if state == loaded.Loaded() {
		return false
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(settleInterval):
		return loaded.State() == state
	}
}
