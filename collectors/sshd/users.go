package sshd

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
)

// readUsers gives the machine's users whose shell lets them in, and one that stands for all that the machine does not list.
func readUsers(files fs.FS) ([]user, error) {
	passwd, err := rootfs.ReadText(files, "etc/passwd")
	if err != nil {
		return nil, err
	}
	group, err := rootfs.ReadText(files, "etc/group")
	if err != nil {
		return nil, err
	}
	groups, members := readGroups(group)
	users := []user{{name: fact.OtherUsers}}
	for line := range strings.Lines(passwd) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), ":")
		if len(fields) != 7 || !letsIn(fields[6]) {
			continue
		}
		u := user{name: rootfs.Line(fields[0]), groups: slices.Clone(members[fields[0]])}
		if primary := groups[fields[3]]; primary != "" {
			u.groups = append(u.groups, primary)
		}
		users = append(users, u)
	}
	slices.SortFunc(users, func(a, b user) int { return strings.Compare(a.name, b.name) })
	return slices.CompactFunc(users, func(a, b user) bool { return a.name == b.name }), nil
}

// letsIn tells whether a shell is one; the empty one is /bin/sh.
func letsIn(shell string) bool {
	return !slices.Contains([]string{"nologin", "false", "sync", "shutdown", "halt"}, path.Base(shell))
}

// readGroups gives the names of groups by their numbers, and those that users are members of.
func readGroups(text string) (byNumber map[string]string, members map[string][]string) {
	byNumber, members = make(map[string]string), make(map[string][]string)
	for line := range strings.Lines(text) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), ":")
		if len(fields) != 4 {
			continue
		}
		byNumber[fields[2]] = fields[0]
		for member := range strings.SplitSeq(fields[3], ",") {
			members[member] = append(members[member], fields[0])
		}
	}
	return byNumber, members
}
