// Package world runs the real servers that tests talk to: a Kubernetes control plane, Prometheus, Alertmanager, an S3
// store, PostgreSQL and, inside the test process, certificate authorities, TLS and SMTP servers and a proxy that makes
// faults. Everything listens on 127.0.0.1 and dies with the test process, however that ends.
//
// A test package keeps one World, made in its TestMain:
//
//	var servers *world.World
//
//	func TestMain(m *testing.M) { world.Main(m, &servers) }
//
// A server that tests share starts when the first of them asks for it.
package world

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
)

// A World owns the server processes of one test package and the folder with their data.
type World struct {
	// ctx lives as long as the tests of the package do, as the shared servers must: a single test's context would end
	// their start with that test.
	ctx      context.Context
	dir      *scratch
	launcher *launcher

	kubernetes func() (*Cluster, error)
	s3         func() (*S3, error)
	pgTemplate func() (string, error)

	mu      sync.Mutex
	running []*Process
}

// Runner is a [testing.M], or something that wraps one.
type Runner interface{ Run() int }

// Main runs the tests of m with *handle set to a World, and stops afterwards what they started.
func Main(m *testing.M, handle **World) {
	os.Exit(Around(m, handle).Run())
}

// Around is m with *handle set to a World while it runs, for a TestMain that has more to wrap, such as
// goleak.VerifyTestMain(world.Around(m, &servers)).
func Around(m Runner, handle **World) Runner {
	return around{m, handle}
}

type around struct {
	inner  Runner
	handle **World
}

func (a around) Run() (code int) {
	w, err := open(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "start the world of tests:", err)
		return 1
	}
	defer func() {
		if err := w.close(); err != nil {
			fmt.Fprintln(os.Stderr, "stop the world of tests:", err)
			code = max(code, 1)
		}
	}()
	*a.handle = w
	return a.inner.Run()
}

func open(ctx context.Context) (*World, error) {
	dir, err := newScratch()
	if err != nil {
		return nil, err
	}
	w := &World{ctx: ctx, dir: dir, launcher: newLauncher()}
	w.kubernetes = sync.OnceValues(func() (*Cluster, error) { return w.startCluster(ctx, nil) })
	w.s3 = sync.OnceValues(func() (*S3, error) { return w.startS3(ctx) })
	w.pgTemplate = sync.OnceValues(func() (string, error) { return w.initPostgres() })
	return w, nil
}

func (w *World) close() error {
	w.mu.Lock()
	running := w.running
	w.running = nil
	w.mu.Unlock()
	var errs []error
	for i := len(running) - 1; i >= 0; i-- { // The last started leans on those before it.
		errs = append(errs, running[i].stop())
	}
	w.launcher.close()
	return errors.Join(append(errs, w.dir.remove())...)
}

// start runs p until the world closes.
func (w *World) start(ctx context.Context, p *Process) error {
	p.launcher = w.launcher
	w.mu.Lock()
	w.running = append(w.running, p)
	w.mu.Unlock()
	return p.start(ctx)
}

// startFor runs p until the test ends.
func (w *World) startFor(tb testing.TB, p *Process) {
	tb.Helper()
	p.launcher = w.launcher
	tb.Cleanup(func() {
		if err := p.stop(); err != nil {
			tb.Error(err)
		}
	})
	if err := p.start(tb.Context()); err != nil {
		tb.Fatal(err)
	}
}
