package system

import (
	"net/netip"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

// A ClusterDNS is the DNS of a Kubernetes cluster.
type ClusterDNS struct {
	// Address is that of its Service (kubectl -n kube-system get service kube-dns), with or without a port, for an exporter that is not
	// in the cluster and reaches it all the same; default: that which the exporter's own pod asks.
	Address string `yaml:"address,omitempty"`
	// Names are those of Services, in full: api.shop.svc.cluster.local; default: kubernetes.default.svc, in the domain of the cluster.
	Names []string `yaml:"names,omitempty"`
	// Outside are names beyond the cluster that it must resolve too; default: example.com.
	Outside []string `yaml:"outside,omitempty"`
}

// mostClusterNames bounds what is asked for of each sort.
const mostClusterNames = 20

func (d ClusterDNS) validate(list *mistake.List, at []any) {
	if d.Address != "" {
		_, withPort := netip.ParseAddrPort(d.Address)
		if _, err := netip.ParseAddr(d.Address); err != nil && withPort != nil {
			list.Add(mistake.At(at, "address"), "address %q: expected the IP address of the Service, such as 10.96.0.10", d.Address)
		}
	}
	for _, each := range []struct {
		key   string
		names []string
	}{{"names", d.Names}, {"outside", d.Outside}} {
		if len(each.names) > mostClusterNames {
			list.Add(mistake.At(at, each.key), "%s: expected %d at most", each.key, mostClusterNames)
		}
		for i, name := range each.names {
			if _, err := netip.ParseAddr(name); err == nil || !isHost(name) || !strings.Contains(strings.TrimSuffix(name, "."), ".") {
				list.Add(mistake.At(at, each.key, i), "%s: %q: expected a name in full, such as api.shop.svc.cluster.local", each.key, name)
			}
		}
	}
}
