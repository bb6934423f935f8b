// Package systemd collects which units of the machine have failed, from its service manager by D-Bus.
package systemd

import (
	"context"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
	"github.com/readiness-exporter/readiness-exporter/internal/systemd"
)

// New makes the collector; rootFS is where the machine's root file system is.
func New(rootFS string) collector.Collector[collector.Machine] {
	known := func(host string) fact.Systemd { return fact.Systemd{Host: host} }
	return collector.OfMachine("systemd", "Which units of systemd have failed on the machine, by D-Bus.", fact.Systemds(), known,
		func(ctx context.Context, host string) (*fact.Set[fact.Systemd], error) {
			set := &fact.Set[fact.Systemd]{}
			if container := rootfs.Container(rootFS); container != "" {
				set.Lack(known(host), "", rootfs.InContainer(container))
				return set, nil
			}
			files, err := rootfs.Open(rootFS)
			if err != nil {
				return nil, err
			}
			defer files.Close()
			if !systemd.Runs(files) {
				return set, nil // It has another service manager.
			}
			// What the bus does not permit often is a privilege that the exporter was not given, and no failure of the collector.
			if found, err := collect(ctx, rootFS, host); err != nil {
				set.Lack(known(host), "", err)
			} else {
				set.Add(*found)
			}
			return set, nil
		})
}

// maximumUnits is how many failed units are kept, each of which takes a call.
const maximumUnits = 50

func collect(ctx context.Context, rootFS, host string) (*fact.Systemd, error) {
	bus, err := systemd.Connect(ctx, rootFS)
	if err != nil {
		return nil, err
	}
	defer bus.Close()
	units, err := bus.Failed(ctx)
	if err != nil {
		return nil, err
	}
	found := &fact.Systemd{Host: host, FailedUnits: len(units)}
	for _, unit := range units[:min(len(units), maximumUnits)] {
		since, err := bus.Changed(ctx, unit)
		if err != nil {
			return nil, err
		}
		found.Failed = append(found.Failed, fact.FailedUnit{Name: rootfs.Line(unit.Name), Since: since})
	}
	return found, nil
}
