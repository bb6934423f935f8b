package fact

import "time"

// An Updates is what the package manager of a host has to install for the sake of security.
type Updates struct {
	Host    string `json:"host"`
	Manager string `json:"manager"` // apt, dnf
	// ListsAt is when the lists of packages were last fetched, of dnf's repositories the one that was not for longest.
	ListsAt time.Time `json:"lists_at,omitzero"`
	// Sources are those of security updates that the lists are of, such as bookworm-security, or repositories with advisories, of
	// which one at least has them of the distribution.
	Sources []string `json:"sources"`
	// Automatic: security updates are installed without anybody.
	Automatic bool `json:"automatic"`
	// Pending are the security updates that are not installed, by package.
	Pending []PendingUpdate `json:"pending"`
}

// A PendingUpdate is a security update that is not installed.
type PendingUpdate struct {
	Package   string `json:"package"`   // "openssl", with the architecture where that is another one
	Installed string `json:"installed"` // the version
	Available string `json:"available"`
	Held      bool   `json:"held"` // somebody keeps the version that is installed
	// It has been pending since Since at least, when it was first collected, and since Earliest at most, when the version that is
	// installed was installed; zero where that is not known. Where its advisory has a date, both are that.
	Since    time.Time `json:"since"`
	Earliest time.Time `json:"earliest,omitzero"`
}

// UpdatesOfHosts describes the facts of pending updates.
func UpdatesOfHosts() *Kind[Updates] {
	return &Kind[Updates]{
		Name:    "updates",
		Help:    "What the package manager of a host has to install for the sake of security.",
		Subject: func(u *Updates) string { return u.Host },
		Labels:  []Label[Updates]{{Name: "host", Value: func(u *Updates) string { return u.Host }}},
		Gauges: []Gauge[Updates]{
			{
				Name:  "updates_pending_security_packages",
				Help:  "How many packages have a security update that is not installed, by the lists that were last fetched.",
				Value: func(u *Updates) (float64, bool) { return float64(len(u.Pending)), len(u.Sources) > 0 },
			},
			{
				Name:  "updates_lists_fetched_timestamp_seconds",
				Help:  "When the lists of packages were last fetched.",
				Value: func(u *Updates) (float64, bool) { return Timestamp(u.ListsAt) },
			},
			{
				Name:  "updates_automatic",
				Help:  "Whether security updates are installed without anybody.",
				Value: func(u *Updates) (float64, bool) { return Bool(u.Automatic), true },
			},
		},
	}
}
