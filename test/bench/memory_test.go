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
// it has looked at everything and was scraped as Prometheus does.
func BenchmarkMemoryAtRest(b *testing.B) {
	binary := filepath.Join(b.TempDir(), "readiness-exporter")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "../../cmd/readiness-exporter")
	build.Stderr = os.Stderr
	require.NoError(b, build.Run())
	for b.Loop() {
		resident, heap := atRest(b, binary)
		b.ReportMetric(float64(resident)/(1<<20), "MiB-resident")
		b.ReportMetric(float64(heap)/(1<<20), "MiB-heap")
	}
}

func atRest(b *testing.B, binary string) (resident, heap int64) {
	b.Helper()
	address := freeAddress(b)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	exporter := exec.CommandContext(ctx, binary, "--web.listen-address="+address)
	exporter.Env = append(os.Environ(), "KUBECONFIG=/nonexistent")
	require.NoError(b, exporter.Start())
	defer func() {
		cancel()
		// It was killed, and says so.
		_ = exporter.Wait()
	}()
	require.Eventually(b, func() bool { return get(ctx, address, "/-/ready") != "" }, time.Minute, 200*time.Millisecond)
	var metrics string
	for range 4 {
		time.Sleep(5 * time.Second)
		metrics = get(ctx, address, "/metrics")
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", exporter.Process.Pid))
	require.NoError(b, err)
	return number(string(status), "VmRSS:") * 1024, number(metrics, "go_memstats_heap_alloc_bytes ")
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
