package system_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestRepository_Validate(t *testing.T) {
	ssh := system.Repository{Name: "shop", URL: "ssh://git@git.example.com:2222/shop.git", KeyFile: "/run/key", KnownHostsFile: "/run/known"}
	for _, c := range []struct {
		name       string
		repository system.Repository
		want       []string
	}{
		{"a folder is enough", system.Repository{Name: "shop", Path: "/srv/shop.git", Branch: "release/1.0"}, nil},
		{"so is an address", system.Repository{Name: "shop", URL: "https://git.example.com/shop.git", TokenFile: "/run/token", MaximumSize: 1e9}, nil},
		{"ssh takes a key and a known host", ssh, nil},
		{"one of them is needed", system.Repository{Name: "shop"}, []string{"expected exactly one of path and url"}},
		{"and not both", system.Repository{Name: "shop", Path: "/a", URL: "https://a.example/b"}, []string{"expected exactly one of path and url"}},
		{"a path begins at the root", system.Repository{Name: "shop", Path: "shop"}, []string{`path "shop": expected an absolute path`}},
		{
			"what is for a server goes with one", system.Repository{Name: "shop", Path: "/a", TokenFile: "/b", KnownHostsFile: "/c", MaximumSize: 1},
			[]string{"known_hosts_file goes with url", "maximum_size goes with url: no copy is kept of a repository on this machine", "token_file goes with url"},
		},
		{"a file is no address", system.Repository{Name: "shop", URL: "file:///srv/shop.git"}, []string{
			"url: expected one such as https://git.example.com/shop.git or ssh://git@git.example.com/shop.git",
		}},
		{"nor is a program", system.Repository{Name: "shop", URL: "ext::sh -c touch% /tmp/x"}, []string{
			"url: expected one such as https://git.example.com/shop.git or ssh://git@git.example.com/shop.git",
		}},
		{"nothing is sent in the clear", system.Repository{Name: "shop", URL: "http://git.example.com/shop.git"}, []string{
			"url: expected https:// or ssh://",
		}},
		{"a login does not stand in it", system.Repository{Name: "shop", URL: "https://ann:canary@git.example.com/shop.git"}, []string{
			"url: credentials do not belong in it; use token_file",
		}},
		{"no host and no user is an option", system.Repository{Name: "shop", URL: "ssh://-oProxyCommand=x@-git.example.com/a", KeyFile: "/a", KnownHostsFile: "/b"}, []string{
			"url: expected one such as https://git.example.com/shop.git or ssh://git@git.example.com/shop.git",
		}},
		{"a user is no option", system.Repository{Name: "shop", URL: "ssh://-oProxyCommand=x@git.example.com/a", KeyFile: "/a", KnownHostsFile: "/b"}, []string{
			"url: expected a user, and no password, before the host: ssh://git@git.example.com/shop.git",
		}},
		{"over ssh no stranger is trusted", system.Repository{Name: "shop", URL: "ssh://git@git.example.com/shop.git"}, []string{
			"key_file is missing: say with which private key to log in",
			"known_hosts_file is missing: over ssh only a server whose key it holds is trusted",
		}},
		{"a branch is no option", system.Repository{Name: "shop", Path: "/a", Branch: "--upload-pack=x"}, []string{
			`branch "--upload-pack=x": expected the name of a branch, such as main`,
		}},
		{"what is allowed stands within the repository, or here", system.Repository{Name: "shop", Path: "/a", AllowFile: "../b"}, []string{
			`allow_file "../b": expected an absolute path, or one within the repository`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := system.System{Name: "shop", Environment: "production", Repositories: []system.Repository{c.repository}}
			require.ElementsMatch(t, c.want, messagesOf(&s))
		})
	}
}

func messagesOf(s *system.System) (messages []string) {
	for _, found := range mistakesOf(s) {
		messages = append(messages, found.Message)
	}
	return messages
}

func TestDocument_Validate(t *testing.T) {
	for _, c := range []struct {
		name     string
		document system.Document
		want     []string
	}{
		{"one in a repository", system.Document{Document: "readme", Repository: "shop", Path: "README.md"}, nil},
		{"one on this machine", system.Document{Document: "readme", Path: "/srv/docs/README.md"}, nil},
		{"a folder in which they are found", system.Document{Path: "/srv/docs"}, nil},
		{"one of a wiki", system.Document{Document: "readme", URL: "https://wiki.example.com/a", BearerTokenFile: "/run/token"}, nil},
		{"it is somewhere", system.Document{Document: "readme"}, []string{"expected exactly one of path and url"}},
		{"it is not outside of the repository", system.Document{Document: "readme", Repository: "shop", Path: "../README.md"}, []string{
			`path "../README.md": expected one within the repository, such as docs/rollback.md`,
		}},
		{"the repository is declared", system.Document{Document: "readme", Repository: "other", Path: "README.md"}, []string{
			`repository "other": expected the name of one under repositories`,
		}},
		{"a page has a name", system.Document{URL: "https://wiki.example.com/a"}, []string{"document is missing: say by which name items ask for it"}},
		{"so has one in a repository", system.Document{Repository: "shop", Path: "docs"}, []string{
			"document is missing: what is in a repository is found without being declared",
		}},
		{"a path on this machine begins at the root", system.Document{Document: "readme", Path: "README.md"}, []string{
			`path "README.md": expected an absolute path, or repository to name the one that it is in`,
		}},
		{"a login is for an address", system.Document{Document: "readme", Path: "/a", BearerTokenFile: "/b"}, []string{
			"ca_file, bearer_token_file and basic_auth go with url",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := system.System{
				Name: "shop", Environment: "production", Repositories: []system.Repository{{Name: "shop", Path: "/srv/shop"}},
				Documents: []system.Document{c.document},
			}
			require.ElementsMatch(t, c.want, messagesOf(&s))
		})
	}
}
