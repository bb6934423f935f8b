package fact

import (
	"iter"
	"strconv"
)

// A PortProbe is which ports of one address of a host take connections of TCP, as tried from where the exporter runs.
type PortProbe struct {
	Standpoint
	Host    string `json:"host"`
	Address string `json:"address"`
	// FromItself: it was tried from its own machine, so that no firewall stood between.
	FromItself bool        `json:"from_itself"`
	Ports      []PortState `json:"ports"` // in ascending order
}

// A PortState is what came of a connection.
type PortState struct {
	Number  int    `json:"number"`
	Service string `json:"service,omitempty"` // what usually listens there and should not be reached by strangers: redis
	State   string `json:"state"`             // one of the states of ports
	Allowed bool   `json:"allowed,omitempty"` // an item has it that strangers may reach something there
}

// The states of ports.
const (
	PortOpen     = "open"     // it takes connections
	PortClosed   = "closed"   // the host refuses them: nothing listens, or a firewall says so
	PortFiltered = "filtered" // no answer, or that of something between
)

// A ListeningSockets is what listens on a host.
type ListeningSockets struct {
	Host    string            `json:"host"`
	Sockets []ListeningSocket `json:"sockets"` // those of TCP, in ascending order of their ports
}

// A ListeningSocket is one address at which a process takes connections.
type ListeningSocket struct {
	Address string `json:"address"` // 0.0.0.0, ::, 127.0.0.1
	Port    int    `json:"port"`
	Process string `json:"process,omitempty"` // its name; empty: the exporter may not know
	// Public: the address is neither of this machine alone nor of a private network (RFC 1918, 4193, 6598, link-local).
	Public bool `json:"public"`
}

// PrivateServices are ports at which no stranger should reach anything: databases, caches, parts of Kubernetes, monitoring, consoles,
// shared files. By their numbers, what usually listens there.
func PrivateServices() map[int]string {
	return map[int]string{
		23: "telnet", 111: "rpcbind", 139: "samba", 445: "samba", 873: "rsync", 2049: "nfs", 3389: "rdp", 5900: "vnc",
		1433: "mssql", 1521: "oracle", 3306: "mysql", 5432: "postgresql", 5984: "couchdb", 6379: "redis", 8086: "influxdb",
		8123: "clickhouse", 9042: "cassandra", 9200: "elasticsearch", 9300: "elasticsearch", 11211: "memcached", 27017: "mongodb",
		5672: "rabbitmq", 15672: "rabbitmq", 9092: "kafka",
		2375: "docker", 2376: "docker", 2379: "etcd", 2380: "etcd", 8001: "kubectl proxy", 8500: "consul",
		10249: "kube-proxy", 10250: "kubelet", 10255: "kubelet", 10257: "kube-controller-manager", 10259: "kube-scheduler",
		3000: "grafana", 5601: "kibana", 9090: "prometheus", 9093: "alertmanager", 9100: "node_exporter", 10216: "readiness-exporter",
	}
}

// DatabaseServices are those of PrivateServices that keep data.
func DatabaseServices() []string {
	return []string{
		"mssql", "oracle", "mysql", "postgresql", "couchdb", "redis", "influxdb", "clickhouse", "cassandra", "elasticsearch", "mongodb", "etcd",
	}
}

// PortProbes describes the facts of ports that were tried.
func PortProbes() *Kind[PortProbe] {
	return &Kind[PortProbe]{
		Name:    "port_probe",
		Help:    "Which ports of an address of a host take connections, as tried from where the exporter runs.",
		Subject: func(p *PortProbe) string { return p.Host + "/" + p.Address + p.From() },
		Labels: []Label[PortProbe]{
			{Name: "host", Value: func(p *PortProbe) string { return p.Host }},
			{Name: "address", Value: func(p *PortProbe) string { return p.Address }},
			{Name: LabelVantage, Value: func(p *PortProbe) string { return p.Vantage }},
		},
		Gauges: []Gauge[PortProbe]{
			{
				Name: "host_port_open",
				Help: "1 for each tried port that takes connections of TCP; there is none for one that does not.",
				By:   "port", Values: func(p *PortProbe) iter.Seq2[string, float64] { return p.open },
			},
			{
				Name: "host_port_exposed",
				Help: "1 for each port that takes connections from another machine, and at which no stranger should reach what usually listens; " +
					"there is none for one that an item of the system allows.",
				By: "port", Values: func(p *PortProbe) iter.Seq2[string, float64] { return p.exposed },
			},
		},
	}
}

func (p *PortProbe) open(yield func(string, float64) bool) {
	p.each(func(PortState) bool { return true }, yield)
}

func (p *PortProbe) exposed(yield func(string, float64) bool) {
	p.each(func(port PortState) bool { return !p.FromItself && port.Service != "" && !port.Allowed }, yield)
}

// each gives the open ports that are wanted, each once.
func (p *PortProbe) each(wanted func(PortState) bool, yield func(string, float64) bool) {
	for i, port := range p.Ports {
		again := i > 0 && p.Ports[i-1].Number == port.Number
		if port.State == PortOpen && !again && wanted(port) && !yield(strconv.Itoa(port.Number), 1) {
			return
		}
	}
}

// AllListeningSockets describes the facts of what listens on hosts.
func AllListeningSockets() *Kind[ListeningSockets] {
	return &Kind[ListeningSockets]{
		Name:    "listening_sockets",
		Help:    "What listens on a host for connections of TCP, with its process.",
		Subject: func(l *ListeningSockets) string { return l.Host },
		Labels:  []Label[ListeningSockets]{{Name: "host", Value: func(l *ListeningSockets) string { return l.Host }}},
	}
}
