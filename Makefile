# `make test` is all that CI runs; it installs what it needs into .cache. See CONTRIBUTING.md.

.DEFAULT_GOAL := help
SHELL := /bin/bash

include tools.mk
include dashboards.mk

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
REVISION := $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
VERSION_PACKAGE := github.com/prometheus/common/version
LDFLAGS := -s -w -X $(VERSION_PACKAGE).Version=$(VERSION) -X $(VERSION_PACKAGE).Revision=$(REVISION)

# The tests of these start servers of test/world, or use programs of Debian; test-cost has those of test/bench. All others
# need nothing but Go.
STARTS_SERVERS := $(sort $(dir $(shell grep -rlE --include='*_test.go' 'orld\.(Main|Around|NewRPM)\b' .)))
# Whoever starts whole programs waits for those most of the time, and twice as long under the race detector, and pure functions take
# many times as long: it is for what has goroutines of its own, or shares something between those of others.
RACE_PACKAGES := ./collectors/... ./internal/watch/
END_TO_END := $(filter-out ./test/bench/ ./collectors/% $(RACE_PACKAGES),$(STARTS_SERVERS)) ./test/machine/...
UNIT_PACKAGES := go list ./... | grep -vxFf <(go list $(STARTS_SERVERS) ./collectors/... ./cmd/... ./test/machine/...)
# How many tests of a package that start whole programs run at once: they wait more than they work.
AT_ONCE := 4
CONCURRENT := go list $(sort $(dir $(shell grep -rlE --include='*.go' --exclude='*_test.go' '\<go func|sync\.(RW)?(Mutex|Map)|"sync/atomic"|errgroup' ./internal)))

include deploy/release.mk

.PHONY: help
## help: list the targets
help:
	@grep -hE '^## ' $(MAKEFILE_LIST) | sed 's/^## //' | awk -F': ' '{printf "%-18s %s\n", $$1, $$2}'

.PHONY: build
## build: the exporter, as ./readiness-exporter
build:
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o readiness-exporter ./cmd/readiness-exporter

.PHONY: run
## run: the exporter on this machine
run:
	go run -ldflags '$(LDFLAGS)' ./cmd/readiness-exporter

.PHONY: test
## test: everything that must hold before a change lands
test: lint test-unit cross generated test-dashboards vulnerabilities test-cost test-rules test-world

.PHONY: quick
## quick: the fast lane while working: lint and the tests that need nothing but Go, without the race detector
quick: lint
	go test $$($(UNIT_PACKAGES))

.PHONY: test-unit
## test-unit: the tests that need nothing but Go
test-unit:
	go test $$($(UNIT_PACKAGES) | grep -vxFf <($(CONCURRENT)))
	go test -race $$($(UNIT_PACKAGES) | grep -xFf <($(CONCURRENT)))

.PHONY: cross
## cross: that what asks the operating system can be built for another one; make release builds all of it for each
cross:
	GOOS=darwin GOARCH=arm64 CGO_ENABLED=0 go build $$(grep -rlE '"syscall"|golang.org/x/sys' --include='*.go' collectors internal | \
		xargs -n 1 dirname | sort -u | sed 's|^|./|')

.PHONY: test-world
## test-world: the tests that talk to real servers, which are installed first
test-world: tools
	go test -timeout 20m -parallel $(AT_ONCE) $(END_TO_END)
	go test -race -timeout 20m $(RACE_PACKAGES)
	go test -race -timeout 20m -run '^Test(Reload|SIGHUP|Start|Stop|Scrape)' ./cmd/readiness-exporter

.PHONY: test-rules
## test-rules: the alerts and recording rules, by promtool, those of objectives first, which take longest; the tests of ./alerts hold what it cannot
test-rules: $(BIN)/promtool
	$(BIN)/promtool check rules alerts/*.rules.yaml alerts/optional/*.rules.yaml
	printf '%s\n' alerts/tests/*.yaml | sort -r | xargs -n 1 -P "$$(nproc)" $(BIN)/promtool test rules

.PHONY: test-cost
## test-cost: what a scrape and a judgement may cost; the race detector would distort it
test-cost:
	go test ./test/bench

.PHONY: lint
## lint: golangci-lint, with the reason for each linter in .golangci.yml
lint: $(BIN)/golangci-lint $(BIN)/actionlint
	$(BIN)/golangci-lint run ./...
	$(BIN)/actionlint
	$(BIN)/actionlint docs/examples/pipelines/github-actions.yaml

.PHONY: generate
## generate: write docs/reference from the code
generate:
	go test ./internal/docgen -update

.PHONY: generated
## generated: fail when docs/reference, or a dashboard, is not what its source says
generated: dashboards-generated
	go test ./internal/docgen
	go mod tidy -diff

.PHONY: vulnerabilities
## vulnerabilities: govulncheck, where its database can be reached
vulnerabilities: $(BIN)/govulncheck
	@if output=$$($(BIN)/govulncheck ./... 2>&1); then \
		echo "govulncheck: nothing found"; \
	elif grep -qE 'fetching vulnerabilities|no such host|connection refused|dial tcp|i/o timeout|Forbidden' <<<"$$output"; then \
		echo "govulncheck: NOTE: its database cannot be reached from here, so nothing was checked"; \
	else \
		echo "$$output"; exit 1; \
	fi

.PHONY: bench
## bench: what a scrape, a judgement, a system at rest, a full record, a large cluster, many endpoints and a Prometheus cost; KUBE_STATE_METRICS=PATH and BLACKBOX_EXPORTER=PATH measure these beside it
bench:
	go test -run '^$$' -bench . -benchmem -timeout 90m ./test/bench

.PHONY: image
## image: the container image as dist/image, for each platform; BASE=scratch where the base image cannot be fetched
image: $(BIN)/ko
	VERSION='$(VERSION)' REVISION='$(REVISION)' deploy/image/build

.PHONY: clean
## clean: remove what was built, tools included
clean:
	rm -rf .cache dist readiness-exporter
