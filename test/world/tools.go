package world

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

const module = "github.com/readiness-exporter/readiness-exporter"

// The ports that servers get, below those of outgoing connections.
const (
	lowestPort  = 10000
	highestPort = 32000
)

// Make targets that install what tests need.
const (
	targetKubernetes = "tools-kubernetes"
	targetMonitoring = "tools-monitoring"
	targetS3         = "tools-s3"
	targetDebian     = "tools-debian"
)

// built finds a server that make has built into the checkout, which starts at the folder of go.mod above the tests.
func built(name, target string) (string, error) {
	root, err := checkout()
	if err != nil {
		return "", err
	}
	path := filepath.Join(root, ".cache", "bin", name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("find the test server %s: %w; build it with: make %s", name, err, target)
	}
	return path, nil
}

// installed finds a program of the system's packages: in the folder that the pattern names, of several in the last,
// which is the newest version, or else on the PATH.
func installed(name, folders string) (string, error) {
	found, err := filepath.Glob(filepath.Join(folders, name))
	if err != nil {
		return "", fmt.Errorf("find %s in %s: %w", name, folders, err)
	}
	if len(found) > 0 {
		return found[len(found)-1], nil
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("find the program %s: %w; install it with: make %s", name, err, targetDebian)
	}
	return path, nil
}

func checkout() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the checkout: %w", err)
	}
	for start := dir; ; dir = filepath.Dir(dir) {
		content, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("find the checkout: %w", err)
		}
		if slices.Contains(strings.Split(string(content), "\n"), "module "+module) {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("find the checkout: no go.mod of %s above %s", module, start)
		}
	}
}

// run runs a command to its end, as a child that dies with this process.
func (w *World) run(cmd *exec.Cmd) ([]byte, error) {
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	err := w.launcher.start(cmd)
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		return nil, fmt.Errorf("run %s: %w\n%s", strings.Join(cmd.Args, " "), err, tail(output.String()))
	}
	return []byte(output.String()), nil
}

// freeAddress finds an address on 127.0.0.1 where a server can listen, and can again after it was killed: below the
// range from which the kernel takes the ports of outgoing connections, so that none of them settles there meanwhile.
func freeAddress(ctx context.Context) (string, error) {
	var errs []error
	for range 20 {
		port := lowestPort + rand.IntN(highestPort-lowestPort)
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return listener.Addr().String(), listener.Close()
		}
		errs = append(errs, err)
		if !errors.Is(err, syscall.EADDRINUSE) {
			break
		}
	}
	return "", fmt.Errorf("find a free port: %w", errors.Join(errs...))
}
