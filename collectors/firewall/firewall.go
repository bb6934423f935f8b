// Package firewall collects what the machine does with packets from strangers: it reads the rules of nftables, which are those of
// iptables-nft, ufw and firewalld too, and of iptables-legacy from the kernel, and sends packets through them in thought.
package firewall

import (
	"context"
	"io/fs"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
	"github.com/readiness-exporter/readiness-exporter/internal/systemd"
)

// New makes the collector; rootFS is where the machine's root file system is.
func New(rootFS string) collector.Collector[collector.Machine] {
	known := func(host string) fact.Firewall { return fact.Firewall{Host: host} }
	return collector.OfMachine("firewall", "What the firewall of the machine lets in, by the rules in its kernel.", fact.Firewalls(), known,
		func(_ context.Context, host string) (*fact.Set[fact.Firewall], error) {
			set := &fact.Set[fact.Firewall]{}
			// What cannot be read often is a privilege that the exporter was not given, and no failure of the collector.
			if firewall, err := collect(rootFS, host); err != nil {
				set.Lack(known(host), "", err)
			} else {
				set.Add(*firewall)
			}
			return set, nil
		})
}

// managers are those whose unit is enabled: what makes the rules when the machine starts.
func managers(files fs.FS) (found []string) {
	enabled := systemd.Enabled(files)
	for _, each := range []struct{ unit, name string }{
		{"ufw.service", "ufw"}, {"firewalld.service", "firewalld"}, {"nftables.service", "nftables"},
		{"netfilter-persistent.service", "iptables"}, {"iptables.service", "iptables"}, {"shorewall.service", "shorewall"},
		{"ferm.service", "ferm"},
	} {
		if enabled[each.unit] && (each.name != "ufw" || ufwEnabled(files)) && !slices.Contains(found, each.name) {
			found = append(found, each.name)
		}
	}
	return found
}

// ufwEnabled tells whether ufw loads rules: its unit is enabled when it is installed, and does nothing by that.
func ufwEnabled(files fs.FS) bool {
	text, err := rootfs.ReadText(files, "etc/ufw/ufw.conf")
	if err != nil {
		return false
	}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if strings.TrimSpace(name) == "ENABLED" {
			return strings.EqualFold(strings.Trim(strings.TrimSpace(value), `"'`), "yes")
		}
	}
	return false
}
