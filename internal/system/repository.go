package system

import (
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// A Repository is a git repository of the system: documents are found in it, and what was ever committed to it is searched for
// secrets. It is read by the program git. Exactly one of path and url is set.
type Repository struct {
	Name string `yaml:"name"`           // the value of the label repository
	Path string `yaml:"path,omitempty"` // of a repository on this machine, bare or not; its work tree is not read
	// URL is that of a server: https://git.example.com/shop.git or ssh://git@git.example.com/shop.git. A copy is kept in the
	// folder of --storage.path.
	URL    string `yaml:"url,omitempty"`
	Branch string `yaml:"branch,omitempty"` // in which documents are found; default: that which HEAD names
	// TokenFile is a file that holds the token to log in with over https.
	TokenFile string `yaml:"token_file,omitempty"`
	Username  string `yaml:"username,omitempty"` // to log in with over https, where the server asks for one; default: git
	// CAFile is a PEM file of the authorities that may sign for the server; default: the public ones.
	CAFile  string `yaml:"ca_file,omitempty"`
	KeyFile string `yaml:"key_file,omitempty"` // a file that holds the private key to log in with over ssh
	// KnownHostsFile is a file that holds the public key of the server, as ssh-keyscan prints it: over ssh no other is trusted.
	KnownHostsFile string `yaml:"known_hosts_file,omitempty"`
	// MaximumSize is how large a copy of it may be; default: 500MB.
	MaximumSize quantity.Bytes `yaml:"maximum_size,omitempty"`
	// AllowFile is a file that names what was found in it and is no secret: on this machine where the path is absolute, else in
	// the branch. Each line has a rule or *, a path (folder/ for all below, and * within names), and a commit where only that is meant.
	AllowFile string `yaml:"allow_file,omitempty"`
}

func (r Repository) identity() (string, string) { return "repository", r.Name }

func (r Repository) validate(list *mistake.List, at []any) {
	checkName(list, mistake.At(at, "name"), "name", r.Name)
	switch {
	case (r.Path == "") == (r.URL == ""):
		list.Add(at, "expected exactly one of path and url")
	case r.Path != "":
		checkFile(list, at, "path", r.Path)
		r.validateLocal(list, at)
	default:
		r.validateRemote(list, at)
	}
	if r.Branch != "" && !validBranch(r.Branch) {
		list.Add(mistake.At(at, "branch"), "branch %q: expected the name of a branch, such as main", r.Branch)
	}
	if r.AllowFile != "" && !filepath.IsAbs(r.AllowFile) && !validInside(r.AllowFile) {
		list.Add(mistake.At(at, "allow_file"), "allow_file %q: expected an absolute path, or one within the repository", r.AllowFile)
	}
}

// validateLocal notes what goes with a server alone.
func (r Repository) validateLocal(list *mistake.List, at []any) {
	for _, each := range []struct{ key, value string }{
		{"token_file", r.TokenFile}, {"username", r.Username}, {"ca_file", r.CAFile}, {"key_file", r.KeyFile},
		{"known_hosts_file", r.KnownHostsFile},
	} {
		if each.value != "" {
			list.Add(mistake.At(at, each.key), "%s goes with url", each.key)
		}
	}
	if r.MaximumSize != 0 {
		list.Add(mistake.At(at, "maximum_size"), "maximum_size goes with url: no copy is kept of a repository on this machine")
	}
}

func (r Repository) validateRemote(list *mistake.List, at []any) {
	address, err := url.Parse(r.URL)
	switch {
	case err != nil, !isHost(address.Hostname()), address.Port() != "" && !isPort(address.Port()), len(address.Path) < 2,
		address.RawQuery != "", address.Fragment != "", strings.ContainsFunc(r.URL, isUnseen), strings.HasPrefix(address.Host, "-"):
		list.Add(mistake.At(at, "url"), "url: expected one such as https://git.example.com/shop.git or ssh://git@git.example.com/shop.git")
		return
	case address.Scheme == "https":
		r.validateHTTPS(list, at, address)
	case address.Scheme == "ssh":
		r.validateSSH(list, at, address)
	default:
		list.Add(mistake.At(at, "url"), "url: expected https:// or ssh://")
	}
	for key, file := range map[string]string{
		"token_file": r.TokenFile, "ca_file": r.CAFile, "key_file": r.KeyFile, "known_hosts_file": r.KnownHostsFile,
	} {
		checkFile(list, at, key, file)
	}
}

func (r Repository) validateHTTPS(list *mistake.List, at []any, address *url.URL) {
	if address.User != nil {
		list.Add(mistake.At(at, "url"), "url: credentials do not belong in it; use token_file")
	}
	if r.KeyFile != "" || r.KnownHostsFile != "" {
		list.Add(at, "key_file and known_hosts_file go with ssh://")
	}
	if r.Username != "" && r.TokenFile == "" {
		list.Add(mistake.At(at, "username"), "username goes with token_file")
	}
}

// loginName is a user that a command line cannot take for an option.
var loginName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)

func (r Repository) validateSSH(list *mistake.List, at []any, address *url.URL) {
	if _, has := address.User.Password(); has || address.User == nil || !loginName.MatchString(address.User.Username()) {
		list.Add(mistake.At(at, "url"), "url: expected a user, and no password, before the host: ssh://git@git.example.com/shop.git")
	}
	if r.KnownHostsFile == "" {
		list.Add(at, "known_hosts_file is missing: over ssh only a server whose key it holds is trusted")
	}
	if r.KeyFile == "" {
		list.Add(at, "key_file is missing: say with which private key to log in")
	}
	if r.TokenFile != "" || r.Username != "" || r.CAFile != "" {
		list.Add(at, "token_file, username and ca_file go with https://")
	}
}

// branchName is a name that git takes for a branch, of the letters that people use.
var branchName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_./+#@-]*$`)

func validBranch(name string) bool {
	return branchName.MatchString(name) && !strings.Contains(name, "..") && !strings.Contains(name, "//") && !strings.Contains(name, "@{") &&
		!strings.HasSuffix(name, ".lock") && !strings.HasSuffix(name, "/") && !strings.HasSuffix(name, ".")
}

// validInside tells whether a path names something within a repository or a folder.
func validInside(name string) bool {
	return name == path.Clean(name) && !path.IsAbs(name) && name != "." && name != ".." && !strings.HasPrefix(name, "../") &&
		!strings.ContainsFunc(name, func(r rune) bool { return r < ' ' })
}
