package firewall

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
)

func collect(rootFS, host string) (*fact.Firewall, error) {
	if container := rootfs.Container(rootFS); container != "" {
		return nil, rootfs.InContainer(container)
	}
	files, err := rootfs.Open(rootFS)
	if err != nil {
		return nil, err
	}
	defer files.Close()
	proc := filepath.Join(rootFS, "proc")
	namespace, err := namespaceOf(proc)
	if err != nil {
		return nil, err
	}
	found := &fact.Firewall{Host: host, Managers: managers(files)}
	err = in(namespace, func() error {
		rules, err := readRules(proc)
		if err != nil {
			return err
		}
		all, err := ways(defaultRoutes(proc))
		if err != nil {
			return fmt.Errorf("list the addresses of the machine: %w", err)
		}
		found.Families = rules.families(all)
		return nil
	})
	return found, err
}

// readRules reads all rules that packets to the machine go through, in the namespace of the thread.
func readRules(proc string) (*ruleset, error) {
	rules := newRuleset()
	if err := rules.readNFTables(); err != nil {
		return nil, privileged(err)
	}
	for name, family := range legacyFamilies() {
		// To ask for a table makes it; the list tells which are there. Without one there are none.
		text, err := readfile.Read(filepath.Join(proc, "1/net", name), rootfs.MaximumFileSize)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, privileged(fmt.Errorf("list the tables of iptables-legacy: %w", err))
		case slices.Contains(strings.Fields(string(text)), "filter"):
			if err := rules.readLegacy(family); err != nil {
				return nil, privileged(err)
			}
		}
	}
	return rules, nil
}

func privileged(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fact.Errorf(fact.ReasonDenied, "%w: run the exporter as root, with the capability CAP_NET_ADMIN", err)
	}
	return err
}

// defaultRoutes are the devices by which packets to anywhere leave the machine.
func defaultRoutes(proc string) (devices []string) {
	for _, each := range []struct {
		name                string
		device, to, toLarge int // the fields; the last is the length of the prefix, or its mask
		anywhere, none      string
	}{
		{"route", 0, 1, 7, "00000000", "00000000"},
		{"ipv6_route", 9, 0, 1, strings.Repeat("0", 32), "00"},
	} {
		text, err := readfile.Read(filepath.Join(proc, "1/net", each.name), rootfs.MaximumFileSize)
		if err != nil {
			continue // Without routes all devices are tried.
		}
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line)
			if len(fields) > 9 && fields[each.to] == each.anywhere && fields[each.toLarge] == each.none && fields[each.device] != "lo" {
				devices = append(devices, fields[each.device])
			}
		}
	}
	return devices
}
