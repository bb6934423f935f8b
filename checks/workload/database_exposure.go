package workload

import (
	"fmt"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// DatabaseExposure judges whether databases can be reached from the cluster alone: by what leads to their pods, and by the ports of
// declared hosts as they are tried from another machine.
func DatabaseExposure() check.Kind[struct{}] {
	service := check.Reason{
		Name: "exposed_by_service", Level: check.Fail, Sentence: "A Service makes the database reachable from outside of the cluster.",
	}
	node := check.Reason{
		Name: "exposed_on_node", Level: check.Fail, Sentence: "The pods of the database have ports of their nodes.",
		Remedy: "Remove hostPort and hostNetwork from its pods.",
	}
	routed := check.Reason{
		Name: "exposed_by_ingress", Level: check.Fail, Sentence: "An Ingress leads to the database.",
		Remedy: "Remove the rule that leads to it.",
	}
	answers := check.Reason{
		Name: "answers_outside", Level: check.Fail,
		Sentence: "A port at which a database usually listens takes connections from another machine.",
		Remedy: "Bind the database to the loopback address or a private one, or close the port in the firewall. Rules of ufw do not hold " +
			"for ports that Docker publishes.",
	}
	return check.Kind[struct{}]{
		Name: "database_exposure",
		Summary: "No NodePort, load balancer, port of a node or Ingress leads to a database that runs in the cluster, and no declared host " +
			"takes connections at the port of one.",
		Remedy:  "Make the Service one of type ClusterIP; reach the database by kubectl port-forward or from a pod.",
		Reasons: []check.Reason{service, node, routed, answers},
		Over: []check.Quantified[struct{}]{
			check.Each(fact.Workloads(), func(_ check.Context, w *fact.Workload, _ struct{}) (problems []check.Problem) {
				for _, s := range w.Services {
					if len(s.NodePorts) > 0 || len(s.Addresses) > 0 || s.Type == "LoadBalancer" || s.Type == "NodePort" {
						problems = append(problems, service.Problem(fmt.Sprintf("The Service %s of type %s makes the database reachable from outside.",
							s.Name, s.Type)))
					}
				}
				for _, where := range onNode(w) {
					problems = append(problems, node.Problem(where))
				}
				if len(w.Routes) > 0 {
					problems = append(problems, routed.Problem("Requests from outside reach the database by "+words.List(w.Routes)+"."))
				}
				return problems
			}).Where(func(_ check.Context, w *fact.Workload, _ struct{}) bool {
				return w.Database != "" || fact.RunsStore(w.Containers)
			}).
				Needs(fact.TopicServices, fact.TopicRoutes),
			check.Each(fact.PortProbes(), func(_ check.Context, probe *fact.PortProbe, _ struct{}) []check.Problem {
				var open []string
				for _, port := range probe.Ports {
					if port.State == fact.PortOpen && slices.Contains(fact.DatabaseServices(), port.Service) {
						open = append(open, fmt.Sprintf("%d (%s)", port.Number, port.Service))
					}
				}
				if len(open) == 0 {
					return nil
				}
				return []check.Problem{answers.Problem(fmt.Sprintf("Connections are taken at %s of %s.", words.Named("port", open), probe.Address))}
			}).Where(func(_ check.Context, probe *fact.PortProbe, _ struct{}) bool { return !probe.FromItself }),
		},
		WhenEmpty: check.Reason{
			Name: "no_database", Level: check.Undeclared,
			Sentence: "No workload of the system runs a database that is known by its image, and no port of a host is tried.",
			Remedy: "Add the cluster that the database runs in to kubernetes in the system description, or its host with addresses and ports " +
				"to an exporter on another machine; where there is no database, list the item under not_applicable with a reason.",
		},
	}
}

// onNode tells in words how a workload is reached at its nodes.
func onNode(w *fact.Workload) (found []string) {
	if slices.Contains(w.HostNamespaces, "network") {
		return []string{"The pods share the network of their node, with all ports that the database listens at."}
	}
	for _, container := range w.Containers {
		if slices.ContainsFunc(container.Ports, func(p fact.ContainerPort) bool { return p.Node != 0 }) {
			found = append(found, "The container "+container.Name+" has a port of its node.")
		}
	}
	return found
}
