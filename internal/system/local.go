package system

// LocalEnvironment is the environment of a system that nobody has described.
const LocalEnvironment = "default"

// Local describes the machine that the exporter runs on as a system and, where there is one, the cluster of the service
// account or the current kubeconfig.
func Local(hostname string, cluster bool) *System {
	described := &System{
		Name: hostname, Environment: LocalEnvironment,
		Description: "This machine, since no system is described.",
		Origin:      Origin{Found: "the machine that the exporter runs on"},
		Hosts:       []Host{{Name: hostname}},
	}
	if cluster {
		described.Kubernetes = []Cluster{{Name: "default"}}
		described.Origin.Found += ", and the cluster of its service account or current kubeconfig"
	}
	return described
}
