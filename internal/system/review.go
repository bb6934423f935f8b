package system

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

// A Review says where the changes of a repository are approved: a project of GitHub, GitLab, Gitea, Forgejo, Bitbucket Cloud or
// Bitbucket Data Center.
type Review struct {
	Name string `yaml:"name"`
	// Repository is the name of one under repositories whose url tells the host and the project, as far as they are not declared.
	Repository string `yaml:"repository,omitempty"`
	// Host is what serves it; default for github.com, gitlab.com, codeberg.org and bitbucket.org: as the url of the repository tells.
	Host string `yaml:"host,omitempty"`
	// URL is that of the API; default: that of the public host, or on the server of the repository, such as https://git.example.com/api/v4.
	URL     string `yaml:"url,omitempty"`
	Project string `yaml:"project,omitempty"` // its path: shop/api; default: that of the url of the repository
	// TokenFile is a file that holds a token that may read the code and its pull or merge requests.
	TokenFile string `yaml:"token_file"`
	// Username is the address of whoever has the token, of Bitbucket Cloud, where it is none of a repository or project.
	Username string `yaml:"username,omitempty"`
	// CAFile is a PEM file of the authorities that may sign for the API; default: the public ones.
	CAFile string `yaml:"ca_file,omitempty"`
	Branch string `yaml:"branch,omitempty"` // from which is deployed; default: the default branch of the project
	// Component is the workload, or the part of evidence.deployed, that is built of it; default: any.
	Component string `yaml:"component,omitempty"`
	// Commits is how many of the latest commits of the branch are known: what is deployed must be among them; default: 50.
	Commits int `yaml:"commits,omitempty"`
}

// The hosts of code.
const (
	GitHub    = "github"
	GitLab    = "gitlab"
	Gitea     = "gitea"
	Bitbucket = "bitbucket" // Cloud
	// BitbucketDataCenter is Bitbucket on a server of one's own, which has another API.
	BitbucketDataCenter = "bitbucket-data-center"
)

// CodeHosts lists what may serve a project. Forgejo has the API of Gitea.
func CodeHosts() []string { return []string{GitHub, GitLab, Gitea, Bitbucket, BitbucketDataCenter} }

const (
	// defaultCommits is how many commits are known where nothing else is declared.
	defaultCommits = 50
	mostCommits    = 500
)

// publicHosts are the addresses of hosts that everybody knows, with what serves them, and their APIs.
func publicHosts() map[string][2]string {
	return map[string][2]string{
		"github.com":    {GitHub, "https://api.github.com"},
		"gitlab.com":    {GitLab, "https://gitlab.com/api/v4"},
		"codeberg.org":  {Gitea, "https://codeberg.org/api/v1"},
		"bitbucket.org": {Bitbucket, "https://api.bitbucket.org/2.0"},
	}
}

// apiPaths are those below which a server of one's own has its API.
func apiPaths() map[string]string {
	return map[string]string{GitHub: "/api/v3", GitLab: "/api/v4", Gitea: "/api/v1", BitbucketDataCenter: "/rest/api/latest"}
}

// ResolvedReviews are the declared ones, with what the addresses of repositories tell.
func (s *System) ResolvedReviews() []Review {
	all := make([]Review, len(s.Reviews))
	for i, review := range s.Reviews {
		all[i] = review.resolved(s.Repositories)
	}
	return all
}

func (r Review) resolved(repositories []Repository) Review {
	r.Commits = cmp.Or(r.Commits, defaultCommits)
	if at := slices.IndexFunc(repositories, func(each Repository) bool { return each.Name == r.Repository }); at >= 0 && r.Repository != "" {
		if address, err := url.Parse(repositories[at].URL); err == nil && address.Host != "" {
			r = r.at(address)
		}
	}
	if r.URL == "" {
		for _, public := range publicHosts() {
			if public[0] == r.Host && r.Host != Gitea {
				r.URL = public[1]
			}
		}
	}
	r.URL = strings.TrimSuffix(r.URL, "/")
	return r
}

// at adds what the address of a repository tells.
func (r Review) at(address *url.URL) Review {
	public, known := publicHosts()[strings.ToLower(address.Hostname())]
	r.Host = cmp.Or(r.Host, public[0])
	project := strings.TrimSuffix(strings.Trim(address.Path, "/"), ".git")
	path, own := apiPaths()[r.Host]
	if r.Host == BitbucketDataCenter && address.Scheme == "https" {
		// https://git.example.com/scm/shop/api.git, where it is not below a path of its own.
		if before, after, is := strings.Cut("/"+project, "/scm/"); is {
			path, project = before+path, after
		}
	}
	r.Project = cmp.Or(r.Project, project)
	switch {
	case r.URL != "":
	case known && public[0] == r.Host:
		r.URL = public[1]
	case !known && own && address.Scheme == "https":
		r.URL = "https://" + address.Host + path
	case !known && own:
		r.URL = "https://" + address.Hostname() + path // The port is that of SSH.
	}
	return r
}

func (r Review) identity() (string, string) { return "review", r.Name }

func (r Review) validate(list *mistake.List, at []any) {
	checkName(list, mistake.At(at, "name"), "name", r.Name)
	if r.Host != "" && !slices.Contains(CodeHosts(), r.Host) {
		list.Add(mistake.At(at, "host"), "host %q: expected one of %s", r.Host, strings.Join(CodeHosts(), ", "))
	}
	if r.URL != "" {
		if address := validateURL(list, at, r.URL, "https://git.example.com/api/v4"); address != nil && address.RawQuery != "" {
			list.Add(mistake.At(at, "url"), "url: expected no ? in it")
		}
	}
	if r.Project != "" && (!validInside(r.Project) || strings.ContainsAny(r.Project, "?#%\\ ") || !strings.Contains(r.Project, "/")) {
		list.Add(mistake.At(at, "project"), "project %q: expected its path, such as shop/api", r.Project)
	}
	if r.TokenFile == "" {
		list.Add(at, "token_file is missing: say which file holds the token")
	}
	checkFile(list, at, "token_file", r.TokenFile)
	checkFile(list, at, "ca_file", r.CAFile)
	CheckText(list, mistake.At(at, "username"), "username", r.Username)
	if r.Branch != "" && !validBranch(r.Branch) {
		list.Add(mistake.At(at, "branch"), "branch %q: expected the name of a branch, such as main", r.Branch)
	}
	if r.Component != "" {
		checkName(list, mistake.At(at, "component"), "component", r.Component)
	}
	if r.Commits < 0 || r.Commits > mostCommits {
		list.Add(mistake.At(at, "commits"), "commits %d: expected 1 to %d", r.Commits, mostCommits)
	}
}

// validateReviews notes what neither a review nor the repository that it names tells.
func (s *System) validateReviews(list *mistake.List, at []any) {
	for i, review := range s.Reviews {
		at := mistake.At(at, i)
		if review.Repository != "" && !slices.ContainsFunc(s.Repositories, func(r Repository) bool { return r.Name == review.Repository }) {
			list.Add(mistake.At(at, "repository"), "repository %q: expected the name of one under repositories", review.Repository)
			continue
		}
		resolved := review.resolved(s.Repositories)
		if resolved.Host == "" {
			list.Add(at, "host is missing: say what serves the project, one of %s", strings.Join(CodeHosts(), ", "))
		}
		if resolved.Project == "" {
			list.Add(at, "project is missing: say its path, such as shop/api")
		}
		if resolved.Host != "" && resolved.URL == "" {
			list.Add(at, "url is missing: say where the API is, such as https://git.example.com/api/v1")
		}
		if resolved.Username != "" && resolved.Host != Bitbucket {
			list.Add(mistake.At(at, "username"), "username goes with host bitbucket")
		}
		if resolved.Host != GitLab && resolved.Host != "" && strings.Count(resolved.Project, "/") > 1 {
			list.Add(mistake.At(at, "project"), "project %q: expected an owner and a name, such as shop/api", resolved.Project)
		}
	}
}
