package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	sloggokit "github.com/tjhop/slog-gokit"
	"k8s.io/klog/v2"

	"github.com/readiness-exporter/readiness-exporter/checks"
	"github.com/readiness-exporter/readiness-exporter/collectors"
	"github.com/readiness-exporter/readiness-exporter/collectors/endpoint"
	"github.com/readiness-exporter/readiness-exporter/collectors/kubernetes"
	"github.com/readiness-exporter/readiness-exporter/collectors/login"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/engine"
	"github.com/readiness-exporter/readiness-exporter/internal/exchange"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// commonFlags are the flags of every command.
type commonFlags struct {
	configFile       string
	rootFS           string
	hostName         string
	vantage          string
	logLevel         string
	logFormat        string
	maxRuns          int
	maxRunsPerServer int
}

func (f *commonFlags) register(app *kingpin.Application) {
	app.Flag("config.file", "File that describes the systems. Without it, this machine is described as a system, "+
		"with the cluster of the current kubeconfig or service account.").
		StringVar(&f.configFile)
	app.Flag("path.rootfs", "Where the file system of the host is mounted, when the exporter runs in a container.").
		Default("/").StringVar(&f.rootFS)
	app.Flag("host.name", "Name of the machine that the exporter runs on, for hosts that are declared without one. Default: what the "+
		"machine calls itself.").
		StringVar(&f.hostName)
	app.Flag("vantage.name", "Name of the vantage point that the exporter is, one that systems declare under vantage_points: it collects "+
		"what is reached over the network alone, for the exporter that takes it over from here.").
		PlaceHolder("NAME").StringVar(&f.vantage)
	app.Flag("collector.max-runs", "How many collections may be under way at one time, in all.").
		Default("64").IntVar(&f.maxRuns)
	app.Flag("collector.max-runs-per-server", "How many collections may be under way at one time, at one server.").
		Default("4").IntVar(&f.maxRunsPerServer)
	app.Flag("log.level", "Only log messages with the given severity or above. One of: [debug, info, warn, error]").
		Default("info").EnumVar(&f.logLevel, "debug", "info", "warn", "error")
	app.Flag("log.format", "Output format of log messages. One of: [logfmt, json]").
		Default("logfmt").EnumVar(&f.logFormat, "logfmt", "json")
}

// validate refuses numbers that make no sense.
func (f *commonFlags) validate() error {
	for name, value := range map[string]int{"max-runs": f.maxRuns, "max-runs-per-server": f.maxRunsPerServer} {
		if value < 1 {
			return fmt.Errorf("--collector.%s %d: expected 1 or more", name, value)
		}
	}
	return nil
}

// logger makes the logger that the flags ask for, and the same as slog for libraries, which log warnings and errors.
func (p *program) logger() (log.Logger, *slog.Logger) {
	plain := log.NewLogfmtLogger(log.NewSyncWriter(p.stderr))
	if p.common.logFormat == "json" {
		plain = log.NewJSONLogger(log.NewSyncWriter(p.stderr))
	}
	filtered := level.NewFilter(plain, level.Allow(level.ParseDefault(p.common.logLevel, level.InfoValue())))
	libraries := &slog.LevelVar{}
	libraries.Set(slog.LevelWarn)
	// slog-gokit adds the time and the caller itself.
	return log.With(filtered, "ts", log.DefaultTimestampUTC, "caller", log.DefaultCaller),
		slog.New(sloggokit.NewGoKitHandler(filtered, libraries))
}

// A setup is everything that collects and judges, wired together.
type setup struct {
	collectors []collector.Any
	options    config.Options
	reported   *reportedRecord
	close      func()
}

// copiesIn is the folder for copies of git repositories, within that of what outlives the process; empty: they do not outlive it.
func copiesIn(storage string) string {
	if storage == "" {
		return ""
	}
	return filepath.Join(storage, "repositories")
}

// firstLogins is how long the exporter runs before it tries passwords: one that crashes and is started again and again locks nobody out.
const firstLogins = 5 * time.Minute

// A service is what collectors have in a process that runs on. The zero value is one that collects once.
type service struct {
	copies    string             // the folder for copies of git repositories
	durations endpoint.Durations // takes how long endpoints took to answer
	logins    login.Pace
}

// setUp wires the collectors and the kinds of check.
func (p *program) setUp(libraries *slog.Logger, of service) *setup {
	klog.SetSlogLogger(libraries)
	reported := &reportedRecord{}
	options := collectors.Options{
		RootFS: p.common.rootFS, Record: reported, Copies: of.copies, EndpointDurations: of.durations, Logins: of.logins,
	}
	all, closeAll := collectors.All(options)
	collecting := all
	if p.common.vantage != "" {
		collecting = collectors.From(p.common.vantage, options)
	}
	return &setup{
		reported:   reported,
		collectors: collecting,
		options: config.Options{
			Kinds: checks.All(), Collectors: all, HostName: p.hostName(),
		},
		close: closeAll,
	}
}

// load reads the configuration file, or describes this machine where there is none. On a vantage point, what is not collected there is
// left out.
func (p *program) load(ctx context.Context, s *setup) (*config.Config, error) {
	loaded, err := p.describe(ctx, s)
	if err == nil && p.common.vantage != "" {
		err = loaded.From(p.common.vantage, exchange.Kinds())
	}
	return loaded, err
}

func (p *program) describe(ctx context.Context, s *setup) (*config.Config, error) {
	if p.common.configFile != "" {
		return config.Load(p.common.configFile, s.options)
	}
	return config.For([]*system.System{system.Local(s.options.HostName, kubernetes.Answers(ctx) == nil)}, s.options)
}

// hostName is the name of this machine: as the flag says, or as it calls itself. Empty, where neither is known, is a mistake of
// a configuration that needs it.
func (p *program) hostName() string {
	if p.common.hostName != "" {
		return p.common.hostName
	}
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}

// engine makes the engine of a command.
func (p *program) engine(s *setup, logger log.Logger, options engine.Options) *engine.Engine {
	options.Logger = logger
	options.Collectors = s.collectors
	options.MaxRuns, options.MaxRunsPerServer = p.common.maxRuns, p.common.maxRunsPerServer
	return engine.New(options)
}

// collectOnce collects everything that the configuration describes once, and judges it. Progress is shown while it works.
// What is remembered, if anything, tells since when each status is what it is.
// What was reported and signed by API is that of the record, where there is one; nil: none.
func (p *program) collectOnce(ctx context.Context, remembered engine.Memory, storage *storageFlags) ([]*assess.Assessment, error) {
	logger, s, loaded, err := p.prepare(ctx, storage)
	if err != nil {
		return nil, err
	}
	defer s.close()
	progress := newProgress(p.stderr)
	defer progress.clear()
	return p.round(ctx, s, logger, loaded.Plans, remembered, progress.show)
}

// prepare wires what a command that ends by itself collects with, and reads its configuration and the record, where there is one. What
// could not be collected is in its report; the log repeats it only where it is asked for. The caller closes the setup.
func (p *program) prepare(ctx context.Context, storage *storageFlags) (log.Logger, *setup, *config.Config, error) {
	logger, libraries := p.logger()
	if p.common.logLevel != "debug" {
		logger = level.NewFilter(logger, level.AllowError())
	}
	s := p.setUp(libraries, service{})
	if err := s.reported.read(ctx, storage); err != nil {
		s.close()
		return nil, nil, nil, err
	}
	loaded, err := p.load(ctx, s)
	if err != nil {
		s.close()
		return nil, nil, nil, configurationError(p.common.configFile, err)
	}
	return logger, s, loaded, nil
}

// round has the collectors of a setup collect once, and judges it.
func (p *program) round(
	ctx context.Context, s *setup, logger log.Logger, plans []*assess.Plan, remembered engine.Memory, progress engine.Progress,
) ([]*assess.Assessment, error) {
	return p.engine(s, logger, engine.Options{
		Memory:  remembered,
		Publish: func([]*assess.Assessment) {},
		Observe: func(*system.System, string, engine.Outcome, time.Duration) {},
	}).Once(ctx, plans, progress)
}

// configurationError says that a configuration is not good, with a line for each mistake.
func configurationError(file string, err error) error {
	mistakes := strings.Count(err.Error(), "\n") + 1
	noun := "mistakes"
	if mistakes == 1 {
		noun = "mistake"
	}
	return fmt.Errorf("%d %s in the configuration %s:\n%w", mistakes, noun, file, err)
}
