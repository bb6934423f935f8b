package fact

import "time"

// A Repository is what the whole history of a git repository has that does not belong in one. No secret is kept, only its place.
type Repository struct {
	Repository string `json:"repository"` // the declared name
	// EnvironmentIgnored: git add would not take a file .env at the root.
	EnvironmentIgnored bool `json:"environment_ignored"`
	// Environments are files that were committed and hold the environment of a program by their names: .env, .env.production.
	Environments []CommittedFile `json:"environments,omitempty"`
	// Secrets are private keys and tokens of well-known services, each where it was first committed.
	Secrets []CommittedSecret `json:"secrets,omitempty"`
	More    int               `json:"more,omitempty"` // beyond those that are kept
}

// A CommittedFile is one that any commit had.
type CommittedFile struct {
	Path    string `json:"path"`
	Commit  string `json:"commit"`  // the first that is known to have it
	Tracked bool   `json:"tracked"` // the branch has it now
}

// A CommittedSecret is the place of a secret.
type CommittedSecret struct {
	Rule   string    `json:"rule"` // what it looks like, from a closed set
	Path   string    `json:"path"`
	Line   int       `json:"line"`
	Commit string    `json:"commit"`
	At     time.Time `json:"at"` // when it was committed
}

// TopicHistory is what lies before the commits at which a shallow clone ends.
const TopicHistory = "history"

// Repositories describes the facts of git repositories.
func Repositories() *Kind[Repository] {
	return &Kind[Repository]{
		Name:    "repository",
		Help:    "What the history of a git repository has that does not belong in one; of secrets only the place.",
		Subject: func(r *Repository) string { return r.Repository },
		Labels:  []Label[Repository]{{Name: "repository", Value: func(r *Repository) string { return r.Repository }}},
		Gauges: []Gauge[Repository]{
			{
				Name:  "repository_secrets",
				Help:  "How many different secrets any commit of the repository has, without those that are allowed.",
				Value: func(r *Repository) (float64, bool) { return float64(len(r.Secrets) + r.More), true },
			},
			{
				Name:  "repository_secret_committed_timestamp_seconds",
				Help:  "When the newest of the secrets was first committed; there is none without a secret.",
				Value: func(r *Repository) (float64, bool) { return Timestamp(r.newest()) },
			},
		},
	}
}

func (r *Repository) newest() (newest time.Time) {
	for i := range r.Secrets {
		if r.Secrets[i].At.After(newest) {
			newest = r.Secrets[i].At
		}
	}
	return newest
}
