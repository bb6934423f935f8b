package kubernetes

import (
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// A backupCommand is what the containers of a job do, as far as their commands say that they make backups. Words in names
// say nothing: a job with "backup" in its name may delete them.
type backupCommand struct {
	dumps  bool     // it dumps a database, over the network
	copies bool     // it makes copies of files
	hosts  []string // of the databases that it dumps; none: not known
}

// backupTools are commands that make backups, and no less, whatever follows them.
func backupTools() (dumps, copies map[string][]string) {
	dumps = map[string][]string{ // With what of their arguments leaves the data out.
		"pg_dump": {"-s", "--schema-only"}, "pg_dumpall": {"-s", "--schema-only", "-g", "--globals-only"}, "pg_basebackup": nil,
		"mysqldump": {"-d", "--no-data"}, "mariadb-dump": {"-d", "--no-data"}, "mongodump": nil,
	}
	copies = map[string][]string{ // With the commands of theirs that make a backup.
		"restic": {"backup"}, "borg": {"create"}, "kopia": {"snapshot create", "snap create"}, "pgbackrest": {"backup"}, "wal-g": {"backup-push"},
	}
	return dumps, copies
}

// commandOf reads the commands of containers.
func commandOf(containers []corev1.Container) (found backupCommand) {
	for i := range containers {
		c := &containers[i]
		before := found.dumps
		for _, words := range commandsIn(slices.Concat(c.Command, c.Args)) {
			found.note(words)
		}
		if len(c.Command) == 0 { // What the image runs is most often named as the image.
			image, _, _ := strings.Cut(path.Base(c.Image), ":")
			found.note(append([]string{image}, c.Args...))
		}
		if found.dumps && !before {
			found.hosts = append(found.hosts, hostsIn(c)...)
		}
	}
	return found
}

func (b *backupCommand) note(words []string) {
	dumps, copies := backupTools()
	name := path.Base(words[0])
	without, is := dumps[name]
	if is && !slices.ContainsFunc(words[1:], func(word string) bool { return slices.Contains(without, word) || helps(word) }) {
		b.dumps = true
	}
	if wanted, is := copies[name]; is && !slices.ContainsFunc(words[1:], tries) {
		given := strings.Join(operands(words[1:]), " ") + " "
		b.copies = b.copies || slices.ContainsFunc(wanted, func(command string) bool { return strings.HasPrefix(given, command+" ") })
	}
}

// operands are the words that are neither flags nor, as far as it is known which take one, their values: "restic -r backup
// forget" makes no backup.
func operands(words []string) (left []string) {
	for i, word := range words {
		flag := i > 0 && strings.HasPrefix(words[i-1], "-") && !strings.Contains(words[i-1], "=") && !alone(words[i-1])
		if !strings.HasPrefix(word, "-") && !flag {
			left = append(left, word)
		}
	}
	return left
}

// alone tells the flags that take no value.
func alone(flag string) bool {
	return slices.Contains([]string{
		"-q", "--quiet", "-v", "-vv", "--verbose", "--json", "--no-cache", "--no-lock", "--cleanup-cache", "--insecure-tls",
		"--insecure-no-password", "--stats", "--list", "--progress", "--show-rc", "--info",
	}, flag)
}

// tries tells the arguments with which a tool only shows what it would do.
func tries(word string) bool { return helps(word) || word == "--dry-run" || word == "-n" }

// helps tells the arguments with which a tool does nothing.
func helps(word string) bool {
	return slices.Contains([]string{"--version", "-V", "--help", "-?"}, word)
}

var (
	separators = regexp.MustCompile("[;&|\n(){}`]+")
	assignment = regexp.MustCompile(`^[A-Za-z_]\w*=`)
)

// commandsIn splits a command into simple ones: itself, or those of the script that it hands to a shell.
func commandsIn(words []string) (found [][]string) {
	scripts := []string{strings.Join(words, " ")}
	if len(words) > 1 && slices.Contains([]string{"sh", "bash", "ash", "dash", "zsh"}, path.Base(words[0])) {
		scripts = separators.Split(strings.Join(words[1:], "\n"), -1)
	}
	for _, script := range scripts {
		simple := strings.Fields(script)
		for len(simple) > 0 && (assignment.MatchString(simple[0]) || strings.HasPrefix(simple[0], "-") || prefixes(simple[0])) {
			simple = simple[1:]
		}
		if len(simple) > 0 {
			found = append(found, simple)
		}
	}
	return found
}

// prefixes tells the words that stand before a command.
func prefixes(word string) bool {
	return slices.Contains([]string{
		"exec", "time", "nice", "ionice", "sudo", "env", "if", "then", "else", "do", "while", "until", "!", "set", "command",
	}, word)
}

var (
	hostFlag     = regexp.MustCompile(`(?:^|\s)(?:--host[= ]|-h ?)([\w.-]+)`)
	hostVariable = regexp.MustCompile(`(?i)(PG|DB|DATABASE|POSTGRES|SQL|MARIADB|MONGO).*HOST$`)
	hostName     = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$`)
	address      = regexp.MustCompile(`\b(postgres|postgresql|mysql|mariadb|mongodb|mongodb\+srv)://[^\s"']+`)
)

// hostsIn are the hosts of databases that a container's command and environment name: by a flag, by a variable such as
// DB_HOST, or in a URL. Nothing else of a value is kept.
func hostsIn(c *corev1.Container) (hosts []string) {
	add := func(host string) {
		if hostName.MatchString(host) {
			hosts = append(hosts, strings.ToLower(host))
		}
	}
	command := strings.Join(slices.Concat(c.Command, c.Args), " ")
	for _, flag := range hostFlag.FindAllStringSubmatch(command, -1) {
		add(flag[1])
	}
	texts := []string{command}
	for _, each := range c.Env {
		if hostVariable.MatchString(each.Name) {
			add(each.Value)
		}
		texts = append(texts, each.Value)
	}
	for _, text := range texts {
		for _, found := range address.FindAllString(text, -1) {
			if parsed, err := url.Parse(found); err == nil {
				add(parsed.Hostname())
			}
		}
	}
	return hosts
}

// dumpsFrom tells whether one of the hosts, as a pod of one namespace names them, is a Service of another.
func (b backupCommand) dumpsFrom(from, namespace, service string) bool {
	return slices.ContainsFunc(b.hosts, func(host string) bool {
		parts := strings.Split(host, ".")
		at := slices.Index(parts, service)
		switch {
		case at < 0 || at > 1: // A pod's own name may stand before that of its Service.
			return false
		case at+1 < len(parts):
			return parts[at+1] == namespace
		default:
			return from == namespace
		}
	})
}
