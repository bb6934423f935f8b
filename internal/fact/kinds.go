package fact

// Kinds lists every kind of fact.
func Kinds() []Any {
	return []Any{
		Hosts(), Filesystems(), SSHDaemons(), SSHServers(), Firewalls(), PortProbes(), AllListeningSockets(),
		Endpoints(), Certificates(), Issuances(), Backups(), QueryResults(),
		Workloads(), Clusters(), Components(), HelmReleases(), Issuers(), Authorizations(), Secrets(),
		Services(), Ingresses(), BackupSchedules(), Namespaces(), Configurations(), Stagings(), Objects(), PolicyResults(),
		Attestations(), Waivers(),
	}
}
