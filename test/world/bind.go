package world

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// A NameServer is a BIND, which serves zones or resolves names for others.
type NameServer struct {
	*Process
	Addr string // host:port of the first address, over UDP and TCP
	Port string
}

// A NameServerSpec says what a name server is; each empty field is chosen for you.
type NameServerSpec struct {
	Addresses []string // of this machine, 127.0.0.1 or ::1: BIND listens only at those that interfaces have
	Port      string
	Zones     []Zone
	// Forward has for each domain the address of the name server that is asked for it: the server is a resolver then.
	Forward map[string]string
	// Anchors are DS records, without type, of domains whose signatures it wants: "example. 12345 13 2 ABCD…".
	Anchors []string
}

// A Zone is a domain as a name server has it.
type Zone struct {
	Name string // shop.test.
	Text string // a master file (RFC 1035, 5)
}

// NameServer starts a name server for a test.
func (w *World) NameServer(tb testing.TB, spec NameServerSpec) *NameServer {
	tb.Helper()
	free, err := freeAddress(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	host, port, err := net.SplitHostPort(free)
	if err != nil {
		tb.Fatalf("read a free address: %v", err)
	}
	if len(spec.Addresses) == 0 {
		spec.Addresses = []string{host}
	}
	spec.Port = cmp.Or(spec.Port, port)
	server := &NameServer{Addr: net.JoinHostPort(spec.Addresses[0], spec.Port), Port: spec.Port}
	if server.Process, err = w.newNameServer(server, spec); err != nil {
		tb.Fatal(err)
	}
	w.startFor(tb, server.Process)
	return server
}

// newNameServer lays out the folder of a name server, and says how to run it.
func (w *World) newNameServer(server *NameServer, spec NameServerSpec) (*Process, error) {
	binary, err := installed("named", "/usr/sbin")
	if err != nil {
		return nil, err
	}
	dir, err := w.dir.sub("bind")
	if err != nil {
		return nil, err
	}
	for i, zone := range spec.Zones {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("zone%d", i)), []byte(zone.Text), 0o644); err != nil {
			return nil, fmt.Errorf("write a zone: %w", err)
		}
	}
	config := filepath.Join(dir, "named.conf")
	if err := os.WriteFile(config, []byte(spec.configuration(dir)), 0o644); err != nil {
		return nil, fmt.Errorf("configure a name server: %w", err)
	}
	// AppArmor keeps the installed program, by its path, to the folders of its package. A copy that this process had written could not be
	// run as long as a child, forked meanwhile, has the file open.
	installed := binary
	binary = filepath.Join(dir, "named")
	if output, err := exec.Command("cp", installed, binary).CombinedOutput(); err != nil { //nolint:noctx // It takes no time.
		return nil, fmt.Errorf("copy the program of a name server: %w: %s", err, output)
	}
	probe := new(dns.Msg)
	probe.SetQuestion(spec.example(), dns.TypeSOA)
	return &Process{
		name: "BIND", logFile: filepath.Join(dir, "log"), quit: syscall.SIGTERM,
		command: func() *exec.Cmd { return exec.Command(binary, "-g", "-c", config) }, //nolint:noctx // The process outlives the test.
		ready: func(ctx context.Context) error {
			answer, _, err := new(dns.Client).ExchangeContext(ctx, probe, server.Addr)
			if err == nil && answer.Rcode != dns.RcodeSuccess {
				err = fmt.Errorf("it answers %s", dns.RcodeToString[answer.Rcode])
			}
			return err
		},
	}, nil
}

// example is a domain that the server knows. Of several that it asks others for, it is the longest: what is above may be a zone of nobody.
func (s NameServerSpec) example() string {
	if len(s.Forward) == 0 {
		return s.Zones[0].Name
	}
	return slices.MaxFunc(slices.Sorted(maps.Keys(s.Forward)), func(a, b string) int { return cmp.Compare(len(a), len(b)) })
}

func (s NameServerSpec) configuration(dir string) string {
	var four, six, anchors, domains strings.Builder
	for _, address := range s.Addresses {
		if strings.Contains(address, ":") {
			fmt.Fprintf(&six, "%s; ", address)
		} else {
			fmt.Fprintf(&four, "%s; ", address)
		}
	}
	for i, zone := range s.Zones {
		fmt.Fprintf(&domains, "zone %q { type primary; file \"zone%d\"; notify no; };\n", zone.Name, i)
	}
	for domain, server := range s.Forward {
		host, port, err := net.SplitHostPort(server)
		if err != nil {
			host, port = server, "53"
		}
		fmt.Fprintf(&domains, "zone %q { type forward; forward only; forwarders { %s port %s; }; };\n", domain, host, port)
	}
	validation := "no"
	if len(s.Anchors) > 0 {
		validation = "yes"
		anchors.WriteString("trust-anchors {\n")
		for _, anchor := range s.Anchors {
			fields := strings.Fields(anchor)
			fmt.Fprintf(&anchors, "%q static-ds %s %q;\n", fields[0], strings.Join(fields[1:4], " "), strings.Join(fields[4:], ""))
		}
		anchors.WriteString("};\n")
	}
	return fmt.Sprintf(`options {
	directory %q; pid-file none; lock-file none; session-keyfile none; managed-keys-directory %q;
	listen-on port %s { %s}; listen-on-v6 port %s { %s};
	recursion %s; allow-query { any; }; empty-zones-enable no; dnssec-validation %s; max-cache-ttl 0; max-ncache-ttl 0;
	minimal-responses no; check-integrity no; tcp-idle-timeout 50;
};
controls {};
`, dir, dir, s.Port, four.String(), s.Port, six.String(), yesOrNo(len(s.Forward) > 0), validation) + anchors.String() + domains.String()
}

func yesOrNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// Sign signs a zone from one time until another, and gives the DS record that its parent is to have.
func (w *World) Sign(tb testing.TB, zone Zone, from, until time.Time) (signed Zone, ds string) {
	tb.Helper()
	dir, err := w.dir.sub("zone")
	if err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "zone"), []byte(zone.Text), 0o644); err != nil {
		tb.Fatalf("write a zone: %v", err)
	}
	const moment = "20060102150405"
	for _, args := range [][]string{
		{"dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", "-f", "KSK", "-K", dir, zone.Name},
		{"dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", "-K", dir, zone.Name},
		{
			"dnssec-signzone", "-S", "-P", "-K", dir, "-d", dir, "-o", zone.Name, "-s", from.UTC().Format(moment), "-e", until.UTC().Format(moment),
			"-f", filepath.Join(dir, "signed"), filepath.Join(dir, "zone"),
		},
	} {
		program, err := installed(args[0], "/usr/bin")
		if err != nil {
			tb.Fatal(err)
		}
		command := exec.CommandContext(tb.Context(), program, args[1:]...)
		command.Dir = dir
		if _, err := w.run(command); err != nil {
			tb.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "signed"))
	if err != nil {
		tb.Fatalf("read a signed zone: %v", err)
	}
	made, err := os.ReadFile(filepath.Join(dir, "dsset-"+zone.Name))
	if err != nil {
		tb.Fatalf("read the DS record of a zone: %v", err)
	}
	return Zone{Name: zone.Name, Text: string(text)}, string(made)
}
