// Package sshd collects what the SSH server of the machine offers whom, by its configuration: that of OpenSSH, whose files it
// reads as sshd does. It runs nothing of the machine's, so that it sees the same from a container as outside of one.
package sshd

import (
	"context"
	"io/fs"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
)

// New makes the collector; rootFS is where the machine's root file system is.
func New(rootFS string) collector.Collector[collector.Machine] {
	return collector.OfMachine("ssh_daemon", "How users of the machine can log in by SSH, by the configuration of its SSH server.",
		fact.SSHDaemons(), func(host string) fact.SSHDaemon { return fact.SSHDaemon{Host: host} },
		func(_ context.Context, host string) (*fact.Set[fact.SSHDaemon], error) { return collect(rootFS, host) })
}

// collect finds the SSH servers of the machine: those that run, else the one that is installed. What of them cannot be read is
// unavailable, and is no error: it often is a privilege that the exporter was not given.
func collect(rootFS, host string) (*fact.Set[fact.SSHDaemon], error) {
	set := &fact.Set[fact.SSHDaemon]{}
	if container := rootfs.Container(rootFS); container != "" {
		set.Lack(fact.SSHDaemon{Host: host}, "", rootfs.InContainer(container))
		return set, nil
	}
	files, err := rootfs.Open(rootFS)
	if err != nil {
		return nil, err
	}
	defer files.Close()
	found, err := daemons(rootfs.Proc(rootFS))
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		if !installed(files, "sshd") {
			lackOther(set, files, host)
			return set, nil
		}
		found = []daemon{{}}
	}
	users, err := readUsers(files)
	if err != nil {
		return nil, err
	}
	for _, each := range found {
		if each.path == "" {
			each.path = standardPath(files)
		}
		d := fact.SSHDaemon{Host: host, Path: "/" + rootfs.Line(each.path), Running: each.running}
		r := reader{files: files, directives: slices.Clone(each.options)}
		if err := r.read(each.path, nil, 0); err != nil {
			set.Lack(fact.SSHDaemon{Host: host, Path: d.Path}, "", err)
			continue
		}
		d.Logins, d.RootLogins = logins(r.directives, users), rootLogins(r.directives, rootOf(users))
		set.Add(d)
	}
	return set, nil
}

// rootOf gives root, whatever its shell.
func rootOf(users []user) user {
	if i := slices.IndexFunc(users, func(u user) bool { return u.name == "root" }); i >= 0 {
		return users[i]
	}
	return user{name: "root", groups: []string{"root"}}
}

// standardPath is the configuration that sshd reads when nobody names another; SUSE has that of its vendor elsewhere.
func standardPath(files fs.FS) string {
	const own, vendor = "etc/ssh/sshd_config", "usr/etc/ssh/sshd_config"
	if !rootfs.Exists(files, own) && rootfs.Exists(files, vendor) {
		return vendor
	}
	return own
}

// installed tells whether a server is there; the configuration of one stays when it is removed.
func installed(files fs.FS, name string) bool {
	return slices.ContainsFunc([]string{"usr/sbin/", "usr/bin/", "usr/local/sbin/"}, func(folder string) bool {
		return rootfs.Exists(files, folder+name)
	})
}

// lackOther says that another SSH server is there, of which nothing is known.
func lackOther(set *fact.Set[fact.SSHDaemon], files fs.FS, host string) {
	for _, name := range []string{"dropbear", "tinysshd"} {
		if installed(files, name) {
			set.Lack(fact.SSHDaemon{Host: host}, "", fact.Errorf(fact.ReasonUnsupported,
				"the SSH server %s is installed, whose configuration cannot be read: only that of OpenSSH can", name))
			return
		}
	}
}
