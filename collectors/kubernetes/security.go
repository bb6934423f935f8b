package kubernetes

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// securityOf reads what a container may do: its own context goes before that of its pod
// (https://kubernetes.io/docs/tasks/configure-pod-container/security-context/).
func securityOf(c *corev1.Container, spec *corev1.PodSpec) fact.Security {
	own, pods := c.SecurityContext, spec.SecurityContext
	if own == nil {
		own = &corev1.SecurityContext{}
	}
	if pods == nil {
		pods = &corev1.PodSecurityContext{}
	}
	keep := fact.Security{
		Privileged:   is(own.Privileged),
		MayEscalate:  own.AllowPrivilegeEscalation == nil || *own.AllowPrivilegeEscalation || is(own.Privileged),
		WritableRoot: !is(own.ReadOnlyRootFilesystem),
	}
	user, nonRoot := first(own.RunAsUser, pods.RunAsUser), first(own.RunAsNonRoot, pods.RunAsNonRoot)
	keep.MayBeRoot = user != nil && *user == 0 || user == nil && !is(nonRoot)
	if own.Capabilities != nil {
		for _, each := range own.Capabilities.Add {
			keep.Capabilities = append(keep.Capabilities, string(each))
		}
		slices.Sort(keep.Capabilities)
		keep.DropsAll = slices.Contains(own.Capabilities.Drop, "ALL")
	}
	if profile := first(own.SeccompProfile, pods.SeccompProfile); profile != nil {
		keep.Seccomp = string(profile.Type)
	}
	return keep
}

// is tells whether something is declared, and so.
func is(declared *bool) bool { return declared != nil && *declared }

// first gives what is declared nearest.
func first[T any](own, otherwise *T) *T {
	if own != nil {
		return own
	}
	return otherwise
}

// hostNamespaces are those of the node that pods share.
func hostNamespaces(spec *corev1.PodSpec) (shared []string) {
	if spec.HostNetwork {
		shared = append(shared, "network")
	}
	if spec.HostPID {
		shared = append(shared, "pid")
	}
	if spec.HostIPC {
		shared = append(shared, "ipc")
	}
	return shared
}
