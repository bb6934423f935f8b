package bench

import (
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	testworld "github.com/readiness-exporter/readiness-exporter/test/world"
)

// How many servers there are that answer, and as many that hang, and how they are asked.
const (
	manyServers    = 1000
	askInterval    = 10 * time.Second
	askTimeout     = time.Second
	measuredRounds = 6
)

// BenchmarkTargetsThatHang runs the exporter itself with 2,000 servers of which half accept and never answer: how long it
// takes until each of the others was asked once, and by how much they are asked late from then on. It fails when one time
// in a hundred is late by an interval.
func BenchmarkTargetsThatHang(b *testing.B) {
	binary := builtExporter(b)
	ca := testworld.NewCA(b, testworld.Spec{})
	asked := answering(b, ca.Issue(b, testworld.Spec{DNSNames: []string{"shop.example.com"}}))
	config := manyAddresses(b, asked.port, hanging(b), ca)
	for b.Loop() {
		asked.forget()
		begun := time.Now()
		exporter := started(b, binary, "--config.file="+config, "--web.listen-address="+freeAddress(b), "--storage.path="+b.TempDir())
		require.Eventually(b, func() bool { return asked.servers() == manyServers }, 5*time.Minute, 100*time.Millisecond)
		b.ReportMetric(time.Since(begun).Seconds(), "s-first-round")
		time.Sleep(askInterval) // The first run of each is at once, and the second when its schedule says.
		asked.forget()
		time.Sleep(measuredRounds * askInterval)
		exporter.stop()
		late := asked.lateness()
		require.Greater(b, len(late), manyServers*(measuredRounds-2))
		p99 := late[len(late)*99/100]
		b.ReportMetric(p99.Seconds(), "s-late-p99")
		b.ReportMetric(late[len(late)-1].Seconds(), "s-late-most")
		require.Less(b, p99, askInterval)
	}
}

// manyAddresses writes a configuration in which every server has an address of its own.
func manyAddresses(b *testing.B, answers, hangs string, ca *testworld.CA) (config string) {
	b.Helper()
	dir := b.TempDir()
	content := new(strings.Builder)
	fmt.Fprintf(content, "systems:\n- name: shop\n  environment: production\n  collectors: {certificate: {schedule: '@every %s', timeout: %s}}\n  certificates:\n",
		askInterval, askTimeout)
	root := ca.WriteRoot(b, dir, "ca.pem")
	for i := range manyServers {
		for j, port := range []string{answers, hangs} {
			fmt.Fprintf(content, "  - {address: '127.%d.%d.%d:%s', server_name: shop.example.com, ca_file: %s}\n", 1+j, i/250, 1+i%250, port, root)
		}
	}
	config = filepath.Join(dir, "readiness.yaml")
	require.NoError(b, os.WriteFile(config, []byte(content.String()), 0o600))
	return config
}

// askedServers are servers that note when each was asked, by the address at which it was.
type askedServers struct {
	port string

	mu    sync.Mutex
	times map[string][]time.Time
}

func (a *askedServers) note(address string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.times[address] = append(a.times[address], time.Now())
}

func (a *askedServers) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.times = make(map[string][]time.Time)
}

func (a *askedServers) servers() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.times)
}

// lateness gives by how much more than the interval each was asked after the time before, in ascending order.
func (a *askedServers) lateness() (late []time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, times := range a.times {
		for i := 1; i < len(times); i++ {
			late = append(late, max(0, times[i].Sub(times[i-1])-askInterval))
		}
	}
	slices.Sort(late)
	return late
}

// answering serves a certificate at every address of this machine.
func answering(b *testing.B, certificate *testworld.Certificate) *askedServers {
	b.Helper()
	asked := &askedServers{times: make(map[string][]time.Time)}
	settings := &tls.Config{Certificates: []tls.Certificate{certificate.TLS()}}
	asked.port = everywhere(b, func(connection net.Conn) {
		asked.note(connection.LocalAddr().String())
		defer connection.Close()
		served := tls.Server(connection, settings)
		if served.HandshakeContext(b.Context()) == nil {
			_, _ = served.Read(make([]byte, 1)) // until the exporter goes
		}
	})
	return asked
}

// hanging accepts at every address of this machine, and says nothing.
func hanging(b *testing.B) (port string) {
	b.Helper()
	return everywhere(b, func(connection net.Conn) {
		defer connection.Close()
		for content := make([]byte, 4096); ; {
			if _, err := connection.Read(content); err != nil {
				return
			}
		}
	})
}

// everywhere listens at every address of this machine until the benchmark ends.
func everywhere(b *testing.B, handle func(net.Conn)) (port string) {
	b.Helper()
	listener, err := new(net.ListenConfig).Listen(b.Context(), "tcp4", "0.0.0.0:0")
	require.NoError(b, err)
	b.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return // it was closed
			}
			go handle(connection)
		}
	}()
	_, port, err = net.SplitHostPort(listener.Addr().String())
	require.NoError(b, err)
	return port
}
