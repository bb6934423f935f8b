package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkMemoryAtRest runs the exporter itself on this machine, without a configuration, and reads what it holds after
// it has collected everything and was scraped as Prometheus does.
func BenchmarkMemoryAtRest(b *testing.B) {
	binary := builtExporter(b)
	for b.Loop() {
		address := freeAddress(b)
		exporter := started(b, binary, "--web.listen-address="+address, "--storage.path="+b.TempDir())
		require.Eventually(b, func() bool { return get(b.Context(), address, "/-/ready") != "" }, time.Minute, 200*time.Millisecond)
		metrics := scrapedForAWhile(b, address)
		b.ReportMetric(float64(resident(b, exporter))/(1<<20), "MiB-resident")
		b.ReportMetric(float64(number(metrics, "go_memstats_heap_alloc_bytes "))/(1<<20), "MiB-heap")
		exporter.stop()
	}
}

// A process is the exporter, running.
type process struct {
	*exec.Cmd
	stop func()
}

// builtExporter builds the exporter as it is shipped.
func builtExporter(b *testing.B) string {
	b.Helper()
	binary := filepath.Join(b.TempDir(), "readiness-exporter")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "../../cmd/readiness-exporter")
	build.Stderr = os.Stderr
	require.NoError(b, build.Run())
	return binary
}

// started runs the exporter, without a cluster that it finds by itself.
func started(b *testing.B, binary string, arguments ...string) process {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	command := exec.CommandContext(ctx, binary, arguments...)
	command.Env = append(os.Environ(), "KUBECONFIG=/nonexistent")
	require.NoError(b, command.Start())
	return process{command, func() {
		cancel()
		// It was killed, and says so.
		_ = command.Wait()
	}}
}

// scrapedForAWhile scrapes until what is needed only at the start has gone, and gives the last scrape.
func scrapedForAWhile(b *testing.B, address string) string {
	b.Helper()
	var metrics string
	for range 4 {
		time.Sleep(5 * time.Second)
		metrics = get(b.Context(), address, "/metrics")
	}
	return metrics
}

// resident is how many bytes of memory a process holds.
func resident(b *testing.B, p process) int64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Process.Pid))
	require.NoError(b, err)
	return number(string(status), "VmRSS:") * 1024
}

// number reads the number after a word at the beginning of a line.
func number(text, word string) int64 {
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		var value float64
		if rest, found := strings.CutPrefix(lines.Text(), word); found {
			if _, err := fmt.Sscan(rest, &value); err == nil {
				return int64(value)
			}
		}
	}
	return 0
}

// get gives what is answered, decompressed; nothing unless it is good.
func get(ctx context.Context, address, path string) string {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, http.NoBody)
	if err != nil {
		return ""
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return ""
	}
	content, err := io.ReadAll(answer.Body)
	if errors.Join(err, answer.Body.Close()) != nil || answer.StatusCode != http.StatusOK {
		return ""
	}
	return string(content)
}

func freeAddress(b *testing.B) string {
	b.Helper()
	listener, err := (&net.ListenConfig{}).Listen(b.Context(), "tcp", "127.0.0.1:0")
	require.NoError(b, err)
	require.NoError(b, listener.Close())
	return listener.Addr().String()
}
