package fact

import "time"

// A VantagePoint is another exporter from which facts were taken over.
type VantagePoint struct {
	Name    string `json:"name"`
	Version string `json:"version"` // of the program
	// Ahead is how far its clock is ahead of this machine's, in whole seconds; zero as long as they agree about well enough.
	Ahead time.Duration `json:"ahead"`
	// EndpointAge is how old its facts of endpoints may have been at most when they were taken over.
	EndpointAge time.Duration `json:"endpoint_age"`
}

// VantagePoints describes the facts of vantage points.
func VantagePoints() *Kind[VantagePoint] {
	return &Kind[VantagePoint]{
		Name:    "vantage_point",
		Help:    "Another exporter that collects from elsewhere, and from which facts were taken over.",
		Subject: func(v *VantagePoint) string { return v.Name },
	}
}
