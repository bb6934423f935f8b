package system_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestTheAddressOfARepositoryTellsWhereItIsReviewed(t *testing.T) {
	for _, c := range []struct {
		name, url string
		declared  system.Review
		want      [3]string // host, address of the API, project
	}{
		{"GitHub", "https://github.com/acme/shop.git", system.Review{}, [3]string{"github", "https://api.github.com", "acme/shop"}},
		{"over SSH", "ssh://git@github.com/acme/shop.git", system.Review{}, [3]string{"github", "https://api.github.com", "acme/shop"}},
		{"GitLab, in groups", "https://gitlab.com/acme/team/shop", system.Review{}, [3]string{"gitlab", "https://gitlab.com/api/v4", "acme/team/shop"}},
		{"Codeberg", "https://codeberg.org/acme/shop", system.Review{}, [3]string{"gitea", "https://codeberg.org/api/v1", "acme/shop"}},
		{"Bitbucket", "https://bitbucket.org/acme/shop", system.Review{}, [3]string{"bitbucket", "https://api.bitbucket.org/2.0", "acme/shop"}},
		{"GitHub Enterprise", "https://git.example.com:8443/acme/shop", system.Review{Host: "github"}, [3]string{"github", "https://git.example.com:8443/api/v3", "acme/shop"}},
		{"GitLab of one's own, over SSH", "ssh://git@git.example.com:2222/acme/shop", system.Review{Host: "gitlab"}, [3]string{"gitlab", "https://git.example.com/api/v4", "acme/shop"}},
		{"Bitbucket Data Center", "https://git.example.com:8443/scm/SHOP/api.git", system.Review{Host: "bitbucket-data-center"}, [3]string{"bitbucket-data-center", "https://git.example.com:8443/rest/api/latest", "SHOP/api"}},
		{"below a path", "https://git.example.com/bitbucket/scm/~ann/api.git", system.Review{Host: "bitbucket-data-center"}, [3]string{"bitbucket-data-center", "https://git.example.com/bitbucket/rest/api/latest", "~ann/api"}},
		{"over SSH, of Bitbucket Data Center", "ssh://git@git.example.com:7999/shop/api.git", system.Review{Host: "bitbucket-data-center"}, [3]string{"bitbucket-data-center", "https://git.example.com/rest/api/latest", "shop/api"}},
		{"what is declared wins", "https://github.com/mirror/shop", system.Review{Host: "gitlab", Project: "acme/shop", URL: "https://git.example.com/api/v4/"}, [3]string{"gitlab", "https://git.example.com/api/v4", "acme/shop"}},
		{"without a repository", "", system.Review{Host: "github", Project: "acme/shop"}, [3]string{"github", "https://api.github.com", "acme/shop"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.declared.Name, c.declared.TokenFile = "shop", "/run/secrets/token"
			s := system.System{Name: "shop", Environment: "production"}
			if c.url != "" {
				c.declared.Repository = "shop"
				s.Repositories = []system.Repository{{Name: "shop", URL: c.url, TokenFile: "/t"}}
				if c.url[:3] == "ssh" {
					s.Repositories[0] = system.Repository{Name: "shop", URL: c.url, KeyFile: "/k", KnownHostsFile: "/h"}
				}
			}
			s.Reviews = []system.Review{c.declared}
			require.Empty(t, s.Validate(nil, time.Now()))
			resolved := s.ResolvedReviews()[0]
			require.Equal(t, c.want, [3]string{resolved.Host, resolved.URL, resolved.Project})
			require.Equal(t, 50, resolved.Commits)
		})
	}
}

func TestMistakesOfReviews(t *testing.T) {
	sound := system.Review{Name: "shop", Host: "gitlab", URL: "https://git.example.com/api/v4", Project: "acme/shop", TokenFile: "/t"}
	for _, c := range []struct {
		want string
		edit func(r *system.Review)
	}{
		{"name is missing", func(r *system.Review) { r.Name = "" }},
		{`host "svn": expected one of github, gitlab, gitea, bitbucket`, func(r *system.Review) { r.Host = "svn" }},
		{"host is missing", func(r *system.Review) { r.Host = "" }},
		{"url is missing", func(r *system.Review) { r.Host, r.URL = "gitea", "" }},
		{"url: expected no ? in it", func(r *system.Review) { r.URL += "?a=b" }},
		{"project is missing", func(r *system.Review) { r.Project = "" }},
		{`project "shop": expected its path`, func(r *system.Review) { r.Project = "shop" }},
		{`project "../shop": expected its path`, func(r *system.Review) { r.Project = "../shop" }},
		{"expected an owner and a name", func(r *system.Review) { r.Host, r.Project = "github", "a/b/c" }},
		{"token_file is missing", func(r *system.Review) { r.TokenFile = "" }},
		{"username goes with host bitbucket", func(r *system.Review) { r.Username = "ann" }},
		{`branch "-x"`, func(r *system.Review) { r.Branch = "-x" }},
		{`component "-"`, func(r *system.Review) { r.Component = "-" }},
		{"commits 501: expected 1 to 500", func(r *system.Review) { r.Commits = 501 }},
		{`repository "web": expected the name of one under repositories`, func(r *system.Review) { r.Repository = "web" }},
	} {
		t.Run(c.want, func(t *testing.T) {
			r := sound
			c.edit(&r)
			s := system.System{Name: "shop", Environment: "production", Reviews: []system.Review{r}}
			list := s.Validate(nil, time.Now())
			require.Len(t, list, 1)
			require.Contains(t, list[0].Message, c.want)
		})
	}
}
