package sshd

import (
	"path"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
)

// A daemon is an SSH server with the options of its command line.
type daemon struct {
	running bool
	path    string      // of its configuration, without the leading slash; empty: the standard one
	options []directive // which come before those of its files
}

// daemons finds the SSH servers that run on the machine, and in no container on it, each configuration once.
func daemons(proc string) (found []daemon, err error) {
	commands, err := rootfs.Commands(proc, "sshd")
	if err != nil {
		return nil, err
	}
	for _, line := range commands {
		d, listens := parseCommand(line)
		if listens && !slices.ContainsFunc(found, func(other daemon) bool { return other.path == d.path }) {
			found = append(found, d)
		}
	}
	return found, nil
}

// parseCommand reads the command line of a server, which it replaces by "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100
// startups". Processes of single connections have others.
func parseCommand(line []string) (d daemon, listens bool) {
	if len(line) > 0 {
		if title, is := strings.CutPrefix(line[0], "sshd: "); is {
			command, _, listener := strings.Cut(title, " [listener]")
			if !listener {
				return d, false
			}
			line = strings.Fields(command)
		}
	}
	if len(line) == 0 || path.Base(line[0]) != "sshd" || slices.Contains(line, "-T") || slices.Contains(line, "-t") {
		return d, false
	}
	d.running = true
	for i := 1; i < len(line); i++ {
		flag, value := line[i], ""
		if !strings.HasPrefix(flag, "-o") && !strings.HasPrefix(flag, "-f") {
			continue
		}
		if value = flag[2:]; value == "" && i+1 < len(line) {
			i++
			value = line[i]
		}
		if flag[1] == 'f' {
			d.path = strings.TrimPrefix(path.Clean("/"+value), "/")
		} else if fields, err := split(value); err == nil && len(fields) > 1 {
			d.options = append(d.options, directive{strings.ToLower(fields[0]), fields[1:], "on the command line of sshd", nil})
		}
	}
	return d, true
}
