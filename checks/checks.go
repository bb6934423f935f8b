// Package checks lists every kind of check. To add one, write it as one file in the package of the thing that it judges, and
// name it here.
package checks

import (
	"github.com/readiness-exporter/readiness-exporter/checks/alert"
	"github.com/readiness-exporter/readiness-exporter/checks/attestation"
	"github.com/readiness-exporter/readiness-exporter/checks/backup"
	"github.com/readiness-exporter/readiness-exporter/checks/certificate"
	"github.com/readiness-exporter/readiness-exporter/checks/cluster"
	"github.com/readiness-exporter/readiness-exporter/checks/configuration"
	"github.com/readiness-exporter/readiness-exporter/checks/contact"
	"github.com/readiness-exporter/readiness-exporter/checks/database"
	"github.com/readiness-exporter/readiness-exporter/checks/dns"
	"github.com/readiness-exporter/readiness-exporter/checks/document"
	"github.com/readiness-exporter/readiness-exporter/checks/domain"
	"github.com/readiness-exporter/readiness-exporter/checks/endpoint"
	"github.com/readiness-exporter/readiness-exporter/checks/evidence"
	"github.com/readiness-exporter/readiness-exporter/checks/expression"
	"github.com/readiness-exporter/readiness-exporter/checks/fail2ban"
	"github.com/readiness-exporter/readiness-exporter/checks/firewall"
	"github.com/readiness-exporter/readiness-exporter/checks/host"
	"github.com/readiness-exporter/readiness-exporter/checks/image"
	"github.com/readiness-exporter/readiness-exporter/checks/ingress"
	"github.com/readiness-exporter/readiness-exporter/checks/item"
	"github.com/readiness-exporter/readiness-exporter/checks/login"
	"github.com/readiness-exporter/readiness-exporter/checks/namespace"
	"github.com/readiness-exporter/readiness-exporter/checks/oncall"
	"github.com/readiness-exporter/readiness-exporter/checks/port"
	"github.com/readiness-exporter/readiness-exporter/checks/query"
	"github.com/readiness-exporter/readiness-exporter/checks/repository"
	"github.com/readiness-exporter/readiness-exporter/checks/review"
	"github.com/readiness-exporter/readiness-exporter/checks/service"
	"github.com/readiness-exporter/readiness-exporter/checks/sshd"
	"github.com/readiness-exporter/readiness-exporter/checks/storage"
	"github.com/readiness-exporter/readiness-exporter/checks/workload"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// All lists every kind of check.
func All() []check.Any {
	return []check.Any{
		// Hosts, and what runs on them.
		host.OperatingSystem(),
		host.Capacity(),
		host.DiskSpace(),
		host.StorageCapacity(),
		host.PublicAddress(),
		sshd.DaemonConfiguration(),
		sshd.Authentication(),
		firewall.HostFirewall(),
		port.Reachable(),
		port.Listening(),
		fail2ban.Fail2ban(),

		// Names.
		domain.Registration(),
		dns.Records(),
		dns.Address(),
		dns.Propagation(),

		// Addresses of the web.
		endpoint.DomainAccess(),
		endpoint.VantagePointAccess(),
		endpoint.RolloutAccess(),
		endpoint.Responses(),
		endpoint.Health(),
		endpoint.Metrics(),
		endpoint.PrivateMetrics(),
		endpoint.Redirect(),
		endpoint.PublishedPage(),
		endpoint.Transit(),
		endpoint.Authentication(),
		login.DefaultCredentials(),

		// Databases.
		database.Connection(),
		database.SchemaDocument(),

		// Certificates.
		certificate.Renewal(),
		certificate.Issuer(),
		certificate.Name(),

		// Kubernetes clusters as a whole.
		cluster.Health(),
		cluster.APIAccess(),
		cluster.NodeCapacity(),
		cluster.SecurityUpdates(),
		cluster.Authorization(),
		cluster.HelmReleases(),
		cluster.IngressController(),
		cluster.DNS(),
		cluster.IngressExposure(),
		cluster.PublicAddress(),
		cluster.CertManager(),
		cluster.Issuer(),

		// Workloads of clusters: how they stay available, and how they are run and released.
		workload.Replicas(),
		workload.DisruptionBudget(),
		workload.Spread(),
		workload.RollingUpdate(),
		workload.Probes(),
		workload.Resources(),
		workload.ContainerHealth(),
		workload.ContainerEnvironment(),
		workload.ImageSize(),
		workload.ImageVulnerabilities(),
		image.Availability(),
		image.Contents(),
		workload.Labels(),
		workload.Autoscaling(),
		workload.ServiceMonitor(),
		workload.Rollback(),
		workload.RolloutHealth(),
		workload.RolloutAge(),
		workload.MaintenanceWindows(),
		workload.NetworkPolicies(),
		workload.DatabaseExposure(),

		// Where workloads keep their data.
		storage.Claims(),
		storage.Class(),
		storage.VolumeBackups(),
		storage.BackupAutomation(),

		// How requests reach workloads.
		service.Endpoints(),
		ingress.Hosts(),
		ingress.TLS(),
		endpoint.Routes(),

		// What workloads are configured by.
		configuration.EnvironmentFile(),
		configuration.Required(),
		configuration.Credentials(),
		configuration.Production(),
		configuration.SecretRotation(),
		configuration.Parity(),
		configuration.StagedImages(),
		configuration.SecretReuse(),
		namespace.Unused(),

		// Backups, wherever they are kept.
		backup.Age(),
		backup.Retention(),
		backup.OffSite(),
		backup.Size(),
		backup.Point(),

		// Alerts, and what is written for those whom they call.
		alert.Rules(),
		alert.Runbooks(),
		alert.Documents(),
		alert.Resolution(),

		// What people write down.
		document.Document(),
		document.Folder(),
		document.Environment(),
		document.APIDescription(),
		contact.EmergencyContacts(),
		oncall.Schedule(),
		repository.CommittedSecrets(),
		review.Change(),

		// What pipelines report and people sign, other items, and checks of one's own.
		evidence.Evidence(),
		attestation.Attestation(),
		item.Items(),
		query.PromQL(),
		expression.CEL(fact.Kinds()),
	}
}
