package fact

// A HelmRelease is the newest revision of what Helm has installed under one name.
type HelmRelease struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Revision  int    `json:"revision"`
	Status    string `json:"status"` // deployed, failed, pending-install, pending-upgrade, pending-rollback, uninstalling, …
}

// Subject names the release.
func (r *HelmRelease) Subject() string {
	return r.Cluster + "/" + r.Namespace + "/HelmRelease/" + r.Name
}

// HelmReleases describes the facts of Helm releases.
func HelmReleases() *Kind[HelmRelease] {
	return &Kind[HelmRelease]{
		Name:    "helm_release",
		Help:    "The newest revision of what Helm has installed under one name.",
		Subject: (*HelmRelease).Subject,
		Labels: []Label[HelmRelease]{
			{Name: "kubernetes_cluster", Value: func(r *HelmRelease) string { return r.Cluster }},
			{Name: "kubernetes_namespace", Value: func(r *HelmRelease) string { return r.Namespace }},
			{Name: "release", Value: func(r *HelmRelease) string { return r.Name }},
		},
		Gauges: []Gauge[HelmRelease]{
			{
				Name:   "helm_release_info",
				Help:   "The status of the newest revision of a Helm release, always 1.",
				Labels: []Label[HelmRelease]{{Name: "status", Value: func(r *HelmRelease) string { return r.Status }}},
				Value:  func(*HelmRelease) (float64, bool) { return 1, true },
			},
			{
				Name:  "helm_release_revision",
				Help:  "The number of the newest revision of a Helm release.",
				Value: func(r *HelmRelease) (float64, bool) { return float64(r.Revision), true },
			},
		},
	}
}
