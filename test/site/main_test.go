package site_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

var servers *world.World

// inside is set within the namespaces.
const inside = "READINESS_TEST_SITE"

// TestMain runs the tests in namespaces of their own: with no network but the site's addresses, and with its name in /etc/hosts.
func TestMain(m *testing.M) {
	if os.Getenv(inside) == "" {
		fmt.Fprintln(os.Stderr, "run the tests in namespaces of their own:", enter())
		os.Exit(1)
	}
	world.Main(m, &servers)
}

// enter replaces the process by one in the namespaces, and returns where it cannot.
func enter() error {
	unshare, err := exec.LookPath("unshare")
	if err != nil {
		return fmt.Errorf("find unshare, which make tools-debian installs: %w", err)
	}
	self, err := filepath.Abs(os.Args[0])
	if err != nil {
		return err
	}
	const script = `
		ip link set lo up
		ip address add 203.0.113.10/32 dev lo
		ip address add 2001:db8::10/128 dev lo nodad
		mount --make-rprivate /
		hosts=$(mktemp)
		printf '127.0.0.1 localhost\n203.0.113.10 shop.example.com\n2001:db8::10 shop.example.com\n' > "$hosts"
		mount --bind "$hosts" /etc/hosts
		rm "$hosts"
		exec "$0" "$@"`
	environment := slices.DeleteFunc(os.Environ(), func(each string) bool {
		name, _, _ := strings.Cut(strings.ToLower(each), "=")
		return strings.HasSuffix(name, "_proxy") // There is none in there.
	})
	arguments := append([]string{unshare, "--net", "--mount", "sh", "-ec", script, self}, os.Args[1:]...)
	return syscall.Exec(unshare, arguments, append(environment, inside+"=yes"))
}
