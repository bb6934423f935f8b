package fact

// A HostAddresses is at which addresses the interfaces of a machine are.
type HostAddresses struct {
	Host      string   `json:"host"`
	Addresses []string `json:"addresses"` // of IP, without those of loopback, IPv4 first, in ascending order
}

// PublicAddresses are those that are reached over the Internet.
func (h *HostAddresses) PublicAddresses() []string { return PublicOf(h.Addresses) }

// AllHostAddresses describes the facts of the addresses of machines.
func AllHostAddresses() *Kind[HostAddresses] {
	return &Kind[HostAddresses]{
		Name:    "host_addresses",
		Help:    "At which addresses the interfaces of a machine are.",
		Subject: func(h *HostAddresses) string { return h.Host },
		Labels:  []Label[HostAddresses]{{Name: "host", Value: func(h *HostAddresses) string { return h.Host }}},
		Gauges: []Gauge[HostAddresses]{{
			Name:  "host_public_addresses",
			Help:  "How many addresses of the machine's interfaces are public ones; absent where none is.",
			Value: func(h *HostAddresses) (float64, bool) { n := len(h.PublicAddresses()); return float64(n), n > 0 },
		}},
	}
}
