package fact

import "time"

// A Container is one container of a workload's pods.
type Container struct {
	Name      string           `json:"name"`
	Image     string           `json:"image"`      // as declared
	ImageID   string           `json:"image_id"`   // that the newest running pod has: with the digest; empty where it is not known
	ImageSize int64            `json:"image_size"` // bytes, unpacked, as nodes tell; 0 where none does
	Requests  Resources        `json:"requests"`
	Limits    Resources        `json:"limits"`
	Variables []Variable       `json:"variables"`
	Reports   *Vulnerabilities `json:"vulnerabilities"` // nil where no scanner has reported on it
	Ports     []ContainerPort  `json:"ports"`
	Readiness *Probe           `json:"readiness"`
	Liveness  *Probe           `json:"liveness"`
	Startup   *Probe           `json:"startup"` // nil where there is none
	Security  Security         `json:"security"`
	// SameProbes: liveness and readiness ask exactly the same. The questions themselves can hold secrets, and are not kept.
	SameProbes bool `json:"same_probes"`
}

// Security says what a container may do to the node that it runs on, by its own security context and that of its pod.
type Security struct {
	Privileged bool `json:"privileged"`
	// MayEscalate: a process of it may gain more rights than the one that started it.
	MayEscalate bool `json:"may_escalate"`
	// MayBeRoot: neither the workload nor a number of a user keeps it from running as root; the image decides.
	MayBeRoot bool `json:"may_be_root"`
	// WritableRoot: its own file system can be written to.
	WritableRoot bool     `json:"writable_root"`
	Capabilities []string `json:"capabilities"` // those that it is given beyond the default ones
	DropsAll     bool     `json:"drops_all"`    // it gives up the default ones
	// Seccomp is the profile that restricts its system calls: RuntimeDefault, Localhost, Unconfined; empty where none is named.
	Seccomp string `json:"seccomp"`
}

// Resources are what a container asks for, or may take; 0 where nothing is said.
type Resources struct {
	CPU    float64 `json:"cpu"`    // cores
	Memory int64   `json:"memory"` // bytes
}

// A Variable is one of a container's environment. Its value can be a secret, and is not kept.
type Variable struct {
	Name string `json:"name"`
	// PlainSecret: the value is a secret or has one within it, and stands in the workload for everybody to read.
	PlainSecret bool `json:"plain_secret,omitempty"`
	Empty       bool `json:"empty,omitempty"`
}

// Vulnerabilities are what a scanner has found in an image.
type Vulnerabilities struct {
	At      time.Time      `json:"at"`      // of the report
	Counts  map[string]int `json:"counts"`  // by severity, in lower case: critical, high, medium, low, unknown
	Fixable map[string]int `json:"fixable"` // of those, the ones that a newer version fixes
}

// A ContainerPort is a port that a container declares.
type ContainerPort struct {
	Name   string `json:"name"`
	Number int    `json:"number"`
	Node   int    `json:"node,omitempty"` // port of the node that leads to it; 0 without one
}

// A Probe asks a container how it is.
type Probe struct {
	How      ProbeHow      `json:"how"`
	Port     string        `json:"port"` // name or number; empty for a command
	Patience time.Duration `json:"patience"`
}

// A ProbeHow is the way in which a probe asks.
type ProbeHow string

// The ways of probes.
const (
	ProbeHTTP ProbeHow = "http"
	ProbeTCP  ProbeHow = "tcp"
	ProbeGRPC ProbeHow = "grpc"
	ProbeExec ProbeHow = "exec"
)

// Serving tells whether the container declares a port, so that somebody sends it requests.
func (c Container) Serving() bool { return len(c.Ports) > 0 }
