package metrics

import (
	"fmt"
	"net/url"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/engine"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// The sources of families that come from no kind of fact.
const (
	SourceSystem = "system"   // what was concluded of every system
	SourceSelf   = "exporter" // the exporter's own work
)

// Families lists every family that an exporter with these collectors can have, by source and then as declared; those
// of Go and of the process are left out.
func Families(collectors []collector.Any) ([]Family, error) {
	listed := gauges(SourceSystem, common()[:checklistItemInfo])
	for kind := range yielded(collectors) {
		listed = append(listed, gauges(kind.KindName(), kind.Families())...)
	}
	listed = append(listed, gauges(SourceSelf, common()[checklistItemInfo:])...)
	own, err := ofSelf()
	return append(listed, own...), err
}

func gauges(source string, families []fact.Family) []Family {
	listed := make([]Family, len(families))
	for i, family := range families {
		listed[i] = Family{Name: prefix + family.Name, Help: family.Help, Type: "gauge", Source: source, Labels: family.Labels}
		if source != SourceSelf {
			listed[i].Labels = append([]string{"system", "environment"}, family.Labels...)
		}
	}
	return listed
}

// ofSelf makes each of the exporter's own families have a series, so that its labels can be read.
func ofSelf() ([]Family, error) {
	self := NewSelf()
	self.ObserveRun(&system.System{}, "", engine.Outcomes()[0], 0)
	self.ObserveEndpoint("", "", "", "", 0)
	self.ObserveReload(nil)
	self.NameAddress(&url.URL{})
	self.CountClockSteps(func() int { return 0 })
	self.WatchStorage(func() bool { return true })
	self.NameShard(0, 1)
	gathered, err := self.registry.Gather()
	if err != nil {
		return nil, fmt.Errorf("list the exporter's own metrics: %w", err)
	}
	var listed []Family
	for _, family := range gathered {
		if strings.HasPrefix(family.GetName(), "go_") || strings.HasPrefix(family.GetName(), "process_") {
			continue
		}
		listed = append(listed, Family{
			Name: family.GetName(), Help: family.GetHelp(), Source: SourceSelf,
			Type: strings.ToLower(family.GetType().String()), Labels: labelsOf(family),
		})
	}
	return listed, nil
}

func labelsOf(family *dto.MetricFamily) (labels []string) {
	for _, pair := range family.GetMetric()[0].GetLabel() {
		labels = append(labels, pair.GetName())
	}
	return labels
}
