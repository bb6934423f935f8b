// Package checks lists every kind of check. To add one, write it as one file in the package of its category, and name it
// here.
package checks

import (
	"github.com/readiness-exporter/readiness-exporter/checks/expression"
	"github.com/readiness-exporter/readiness-exporter/checks/kubernetes"
	"github.com/readiness-exporter/readiness-exporter/checks/predeployment"
	"github.com/readiness-exporter/readiness-exporter/checks/recovery"
	"github.com/readiness-exporter/readiness-exporter/checks/security"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// All lists every kind of check.
func All() []check.Any {
	return []check.Any{
		predeployment.OperatingSystem(),
		predeployment.HostCapacity(),
		predeployment.DiskSpace(),
		security.CertificateRenewal(),
		security.CertificateIssuer(),
		security.CertificateName(),
		security.ImageVulnerabilities(),
		kubernetes.StorageCapacity(),
		kubernetes.Replicas(),
		kubernetes.DisruptionBudget(),
		kubernetes.Spread(),
		kubernetes.RollingUpdate(),
		kubernetes.Probes(),
		kubernetes.Resources(),
		kubernetes.ContainerHealth(),
		kubernetes.ContainerEnvironment(),
		kubernetes.RequiredConfiguration(),
		kubernetes.ImageSize(),
		kubernetes.Labels(),
		kubernetes.Autoscaling(),
		kubernetes.ServiceMonitor(),
		kubernetes.Rollback(),
		kubernetes.RolloutHealth(),
		kubernetes.RolloutAge(),
		kubernetes.Health(),
		kubernetes.APIAccess(),
		kubernetes.NodeCapacity(),
		kubernetes.HelmReleases(),
		kubernetes.IngressController(),
		kubernetes.IngressExposure(),
		kubernetes.CertManager(),
		kubernetes.ClusterIssuer(),
		kubernetes.Authorization(),
		kubernetes.SecretRotation(),
		kubernetes.Claims(),
		kubernetes.StorageClass(),
		kubernetes.VolumeBackupSchedule(),
		kubernetes.BackupAutomation(),
		kubernetes.MaintenanceWindows(),
		kubernetes.NetworkPolicies(),
		kubernetes.ServiceEndpoints(),
		kubernetes.DatabaseExposure(),
		kubernetes.IngressHosts(),
		kubernetes.IngressTLS(),
		kubernetes.Unused(),
		kubernetes.CredentialStrength(),
		kubernetes.ProductionConfiguration(),
		kubernetes.Parity(),
		kubernetes.StagedImages(),
		kubernetes.SecretReuse(),
		kubernetes.SecurityUpdates(),
		recovery.Age(),
		recovery.Retention(),
		recovery.OffSite(),
		recovery.Size(),
		recovery.Point(),
		expression.CEL(fact.Kinds()),
	}
}
