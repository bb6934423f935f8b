package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// The values of --metrics.facts that name no kind.
const (
	allFacts = "all"
	noFacts  = "none"
)

// gaugedFacts names the kinds of fact that have gauges of their own.
func gaugedFacts() (names []string) {
	for _, kind := range fact.Kinds() {
		if len(kind.Families()) > 0 {
			names = append(names, kind.KindName())
		}
	}
	slices.Sort(names)
	return names
}

// omittedFacts gives the kinds of fact whose gauges are not exported, of those lists of kinds whose gauges are.
func omittedFacts(lists []string) (omitted []string, err error) {
	given := strings.Join(lists, ",")
	switch given {
	case allFacts:
		return nil, nil
	case noFacts:
		return gaugedFacts(), nil
	}
	known := gaugedFacts()
	omitted = slices.Clone(known)
	for _, name := range strings.Split(given, ",") {
		name = strings.TrimSpace(name)
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("--metrics.facts %s: %q is no kind of fact that has gauges; expected %s or %s alone, or one or more of: %s",
				given, name, allFacts, noFacts, strings.Join(known, ", "))
		}
		omitted = slices.DeleteFunc(omitted, func(each string) bool { return each == name })
	}
	return omitted, nil
}
