package fact

import (
	"iter"
	"time"
)

// A Host is a machine as its operating system describes it.
type Host struct {
	Name string `json:"name"`

	// What os-release says: ID "ubuntu", Version "22.04", Codename "jammy", Title "Ubuntu 22.04.4 LTS".
	ID       string `json:"id"`
	Version  string `json:"version"`
	Codename string `json:"codename"`
	Title    string `json:"title"`
	// LongTermSupport: the vendor supports the release for years, and not only until the next one.
	LongTermSupport bool `json:"long_term_support"`
	// SupportEnd is the first day without updates for everybody, ExtendedSupportEnd without those of a subscription or a
	// long-term team; zero where that is not known, or is not offered.
	SupportEnd         time.Time `json:"support_end,omitzero"`
	ExtendedSupportEnd time.Time `json:"extended_support_end,omitzero"`
	// ExtendedSupport: the machine gets the extended updates, since they cost nothing or a subscription to them was seen.
	ExtendedSupport bool `json:"extended_support"`

	Kernel string `json:"kernel"`
	// NewestKernel is the newest of the same flavour that is installed; empty where that is not known.
	NewestKernel    string    `json:"newest_kernel"`
	BootedAt        time.Time `json:"booted_at,omitzero"`
	Memory          uint64    `json:"memory"`           // bytes that the kernel has to give
	MemoryAvailable uint64    `json:"memory_available"` // bytes that can be had without swapping
	Cores           int       `json:"cores"`            // logical processors that are online

	// RebootRequired: an update waits for a reboot, for the sake of RebootPackages. RebootKnown: the system tells at all.
	RebootRequired bool     `json:"reboot_required"`
	RebootKnown    bool     `json:"reboot_known"`
	RebootPackages []string `json:"reboot_packages"`

	// ClockSynchronized: something synchronizes the clock. ClockKnown: the kernel was asked.
	ClockSynchronized bool `json:"clock_synchronized"`
	ClockKnown        bool `json:"clock_known"`

	// Container is the sort of application container that was seen in place of the machine: "docker", "podman",
	// "kubernetes"; empty: the machine itself was seen.
	Container string `json:"container"`
}

// Hosts describes the facts of machines.
func Hosts() *Kind[Host] {
	return &Kind[Host]{
		Name:    "host",
		Help:    "A machine as its operating system describes it.",
		Subject: func(h *Host) string { return h.Name },
		Labels:  []Label[Host]{{Name: "host", Value: func(h *Host) string { return h.Name }}},
		Gauges: []Gauge[Host]{
			{
				Name: "host_info",
				Help: "The operating system of the machine, always 1.",
				Labels: []Label[Host]{
					{Name: "os_id", Value: func(h *Host) string { return h.ID }},
					{Name: "os_version", Value: func(h *Host) string { return h.Version }},
					{Name: "os_codename", Value: func(h *Host) string { return h.Codename }},
					{Name: "kernel", Value: func(h *Host) string { return h.Kernel }},
				},
				Value: func(*Host) (float64, bool) { return 1, true },
			},
			{
				Name:   "host_os_support_end_timestamp_seconds",
				Help:   "The first day without updates of the operating system, by support: standard, and extended where that is offered.",
				By:     "support",
				Values: supportEnds,
			},
			{
				Name:  "host_boot_timestamp_seconds",
				Help:  "When the machine was started.",
				Value: func(h *Host) (float64, bool) { return Timestamp(h.BootedAt) },
			},
			{
				Name:  "host_memory_bytes",
				Help:  "The memory that the kernel has to give.",
				Value: func(h *Host) (float64, bool) { return float64(h.Memory), h.Memory > 0 },
			},
			{
				Name:  "host_memory_available_bytes",
				Help:  "The memory that can be had without swapping.",
				Value: func(h *Host) (float64, bool) { return float64(h.MemoryAvailable), h.Memory > 0 },
			},
			{
				Name:  "host_cores",
				Help:  "The logical processors that are online.",
				Value: func(h *Host) (float64, bool) { return float64(h.Cores), h.Cores > 0 },
			},
			{
				Name:  "host_reboot_required",
				Help:  "Whether an update waits for a reboot, where the operating system reports it.",
				Value: func(h *Host) (float64, bool) { return Bool(h.RebootRequired), h.RebootKnown },
			},
			{
				Name:  "host_clock_synchronized",
				Help:  "Whether something synchronizes the clock of the machine, where the kernel may be asked.",
				Value: func(h *Host) (float64, bool) { return Bool(h.ClockSynchronized), h.ClockKnown },
			},
		},
	}
}

func supportEnds(h *Host) iter.Seq2[string, float64] {
	return func(yield func(string, float64) bool) {
		if end, known := Timestamp(h.SupportEnd); known && !yield("standard", end) {
			return
		}
		if end, known := Timestamp(h.ExtendedSupportEnd); known {
			yield("extended", end)
		}
	}
}
