// Package fail2ban collects whether the fail2ban of the machine runs, and which of its jails are enabled, by its configuration: whose
// files it reads as fail2ban does. Its socket, which only root may use, speaks Python's pickle, and is not asked.
package fail2ban

import (
	"context"
	"io/fs"
	"net/netip"
	"path"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
	"github.com/readiness-exporter/readiness-exporter/internal/systemd"
)

// New makes the collector; rootFS is where the machine's root file system is.
func New(rootFS string) collector.Collector[collector.Machine] {
	known := func(host string) fact.Fail2ban { return fact.Fail2ban{Host: host} }
	return collector.OfMachine("fail2ban", "Whether fail2ban runs on the machine, and its jails that are enabled.", fact.Fail2bans(), known,
		func(_ context.Context, host string) (*fact.Set[fact.Fail2ban], error) {
			set := &fact.Set[fact.Fail2ban]{}
			if container := rootfs.Container(rootFS); container != "" {
				set.Lack(known(host), "", rootfs.InContainer(container))
				return set, nil
			}
			files, err := rootfs.Open(rootFS)
			if err != nil {
				return nil, err
			}
			defer files.Close()
			commands, err := rootfs.Commands(rootfs.Proc(rootFS), server)
			if err != nil {
				return nil, err
			}
			// What cannot be read often is a privilege that the exporter was not given, and no failure of the collector.
			if found, err := collect(files, host, commands); err != nil {
				set.Lack(known(host), "", err)
			} else {
				set.Add(*found)
			}
			return set, nil
		})
}

// server is the name of the process, and of the program.
const server = "fail2ban-server"

func collect(files fs.FS, host string, commands [][]string) (*fact.Fail2ban, error) {
	found := &fact.Fail2ban{Host: host, Running: len(commands) > 0, Installed: len(commands) > 0 || installed(files), Starts: starts(files)}
	if !found.Running {
		return found, nil // What does not run bans nobody, whatever its configuration.
	}
	configuration, err := readJails(files, folderOf(commands[0]))
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(slices.Values(configuration.order)) {
		if name == includes {
			continue
		}
		jail, enabled, err := configuration.jail(name)
		if err != nil {
			return nil, err
		}
		if enabled {
			found.Jails = append(found.Jails, jail)
		}
	}
	return found, nil
}

// installed tells whether the program is there; a configuration stays when it is removed.
func installed(files fs.FS) bool {
	return slices.ContainsFunc([]string{"usr/bin/", "usr/local/bin/", "usr/sbin/"}, func(folder string) bool {
		_, err := fs.Stat(files, folder+server)
		return err == nil
	})
}

// starts tells whether fail2ban starts with the machine: by systemd, OpenRC or the scripts of System V.
func starts(files fs.FS) bool {
	if systemd.Enabled(files)["fail2ban.service"] {
		return true
	}
	if systemd.Runs(files) {
		return false
	}
	for _, pattern := range []string{"etc/runlevels/default/fail2ban", "etc/rc[2-5].d/S*fail2ban"} {
		if names, err := fs.Glob(files, pattern); err == nil && len(names) > 0 {
			return true
		}
	}
	return false
}

// folderOf is the folder of the configuration, by the command line of the server.
func folderOf(command []string) string {
	folder := "/etc/fail2ban"
	for i, argument := range command {
		value, joined := strings.CutPrefix(argument, "--conf=")
		switch {
		case joined:
			folder = value
		case (argument == "-c" || argument == "--conf") && i+1 < len(command):
			folder = command[i+1]
		}
	}
	return strings.TrimPrefix(path.Clean("/"+folder), "/")
}

// jail gives a jail, and whether it is enabled.
func (c *configuration) jail(name string) (jail fact.Fail2banJail, enabled bool, err error) {
	on, err := c.option(name, "enabled")
	if err != nil || !isOn(on.text) {
		return jail, false, err
	}
	filter, err := c.option(name, "filter")
	if err != nil {
		return jail, false, err
	}
	action, err := c.option(name, "action")
	if err != nil {
		return jail, false, err
	}
	ignored, err := c.option(name, "ignoreip")
	if err != nil {
		return jail, false, err
	}
	kind, _, _ := strings.Cut(filter.text, "[")
	return fact.Fail2banJail{
		Name: rootfs.Line(name), Filter: rootfs.Line(kind), Origin: rootfs.Line(on.origin),
		Bans: strings.TrimSpace(action.text) != "", IgnoresAll: holdsAll(ignored.text),
	}, true, nil
}

// isOn reads a switch as fail2ban does; what it does not know is off.
func isOn(text string) bool {
	return slices.Contains([]string{"1", "on", "true", "yes"}, strings.ToLower(text))
}

// holdsAll tells whether a list of addresses has one of all there are.
func holdsAll(list string) bool {
	addresses := strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune(" ,\t\n", r) })
	return slices.ContainsFunc(addresses, func(each string) bool {
		prefix, err := netip.ParsePrefix(each)
		return err == nil && prefix.Bits() == 0
	})
}
