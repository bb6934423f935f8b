package updates

import (
	"cmp"
	"io/fs"
	"path"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
	"github.com/readiness-exporter/readiness-exporter/internal/systemd"
)

// automaticOfDNF tells whether dnf-automatic installs updates: a timer of it is enabled that does, or one that does what its configuration
// says, of which the last file that says so counts (what dnf 5 comes with, that of dnf 5 and that of both).
func automaticOfDNF(files fs.FS) bool {
	enabled := systemd.Enabled(files)
	runs := func(name string) bool { return enabled[name+".timer"] && !systemd.Masked(files, name+".service") }
	if runs("dnf-automatic-install") {
		return true
	}
	if !runs("dnf-automatic") && !runs("dnf5-automatic") {
		return false
	}
	value := ""
	for _, name := range []string{
		"usr/share/dnf5/dnf5-plugins/automatic.conf", "etc/dnf/dnf5-plugins/automatic.conf", "etc/dnf/automatic.conf",
	} {
		configured, err := options(files, name)
		if err != nil {
			return false
		}
		if own, set := configured["commands"]["apply_updates"]; set {
			value = own
		}
	}
	return truth(value)
}

// automaticOfAPT tells whether unattended-upgrades installs security updates: it is there, apt's configuration turns it on, and apt's daily
// job runs, and is not told to do nothing.
func automaticOfAPT(files fs.FS) bool {
	const job = "apt-daily-upgrade"
	runs := !systemd.Runs(files) || systemd.Enabled(files)[job+".timer"] && !systemd.Masked(files, job+".service")
	return runs && rootfs.Exists(files, "usr/bin/unattended-upgrade") && on(periodicOption(files, "unattended-upgrade")) &&
		on(cmp.Or(periodicOption(files, "enable"), "1"))
}

// on reads a number of days, or always: 0 is never.
func on(value string) bool { return value != "" && strings.Trim(value, "0") != "" }

// periodicOption gives an option of APT::Periodic, of which the last file that sets it counts (apt.conf(5)); empty: none does.
func periodicOption(files fs.FS, name string) (value string) {
	const folder = "etc/apt/apt.conf.d"
	entries, err := fs.ReadDir(files, folder)
	if err != nil {
		return ""
	}
	names := make([]string, 0, len(entries)+1)
	for _, entry := range entries {
		if extension := path.Ext(entry.Name()); extension == "" || extension == ".conf" {
			names = append(names, path.Join(folder, entry.Name()))
		}
	}
	for _, each := range append(names, "etc/apt/apt.conf") {
		text, err := rootfs.ReadText(files, each)
		if err != nil {
			continue
		}
		if set, there := optionsOf(text)["apt::periodic::"+name]; there {
			value = set
		}
	}
	return value
}

// optionsOf reads the options of a file of apt's, by their full names in lower case: nested in braces, or joined by colons.
func optionsOf(text string) map[string]string {
	options, scopes, words := make(map[string]string), []string(nil), []string(nil)
	for token, quoted := range tokens(text) {
		switch {
		case quoted || !strings.Contains("{};", token):
			words = append(words, token)
			continue
		case token == "{":
			scopes = append(scopes, strings.Join(words, "::"))
		case token == "}" && len(scopes) > 0:
			scopes = scopes[:len(scopes)-1]
		case token == ";" && len(words) == 2:
			options[strings.ToLower(strings.Join(append(append([]string(nil), scopes...), words[0]), "::"))] = words[1]
		}
		words = nil
	}
	return options
}

// tokens gives the words, quoted texts and signs of a file of apt's, without its comments.
func tokens(text string) func(func(string, bool) bool) {
	return func(yield func(string, bool) bool) {
		for text = strings.TrimLeft(text, " \t\r\n"); text != ""; text = strings.TrimLeft(text, " \t\r\n") {
			switch {
			case strings.HasPrefix(text, "//") || text[0] == '#':
				_, text, _ = strings.Cut(text, "\n")
			case strings.HasPrefix(text, "/*"):
				_, text, _ = strings.Cut(text, "*/")
			case text[0] == '"':
				var inner string
				if inner, text, _ = strings.Cut(text[1:], `"`); !yield(inner, true) {
					return
				}
			case strings.IndexByte("{};", text[0]) >= 0:
				token := text[:1]
				if text = text[1:]; !yield(token, false) {
					return
				}
			default:
				end := strings.IndexAny(text, " \t\r\n{};\"")
				if end < 0 {
					end = len(text)
				}
				token := text[:end]
				if text = text[end:]; !yield(token, false) {
					return
				}
			}
		}
	}
}
