package fact

// Kinds lists every kind of fact.
func Kinds() []Any {
	return []Any{
		Hosts(), Filesystems(), SSHDaemons(), SSHServers(), Firewalls(), PortProbes(), AllListeningSockets(), Fail2bans(), Systemds(),
		UpdatesOfHosts(), EnvironmentFiles(), AllHostAddresses(), DiscoveredHosts(), DiscoveredImages(), DomainNames(), Registrations(),
		Endpoints(), EndpointLogins(), MetricsExposures(), Databases(), DatabaseSchemas(), DefaultLogins(), TLSOffers(), Images(),
		Certificates(), Issuances(), Backups(), QueryResults(), AllAlertRules(), AllRunbookPages(), AllAlertHistories(),
		Workloads(), Clusters(), ClusterDNSs(), Components(), HelmReleases(), Issuers(), Authorizations(), Secrets(),
		Services(), Ingresses(), BackupSchedules(), Namespaces(), Configurations(), Stagings(), Objects(), PolicyResults(),
		Repositories(), ReviewedBranches(), Documents(), DocumentFolders(), DocumentVocabularies(), APIDocuments(), AllExternalLinks(),
		DeclaredContacts(),
		OnCallSchedules(), Attestations(), Waivers(), Evidences(), DeployedRevisions(), VantagePoints(),
	}
}
