# What a release is made of. `make release` wants a clean tag, and gives the same bytes whenever and wherever it runs with the
# same Go: no path, no time but that of the commit, and nothing in the order in which a folder lists it.

DIST              ?= $(CURDIR)/dist
PLATFORMS         ?= linux/amd64 linux/arm64 darwin/amd64 darwin/arm64
RELEASE_VERSION   := $(patsubst v%,%,$(VERSION))
SOURCE_DATE_EPOCH := $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
export SOURCE_DATE_EPOCH

# Names as those of Prometheus and its exporters: readiness-exporter-1.2.3.linux-amd64
release-name = readiness-exporter-$(RELEASE_VERSION).$(subst /,-,$(1))
LINUX       := $(filter linux/%,$(PLATFORMS))
ARCHIVES    := $(foreach p,$(PLATFORMS),$(DIST)/$(call release-name,$(p)).tar.gz)
SBOMS       := $(foreach p,$(PLATFORMS),$(DIST)/$(call release-name,$(p)).cdx.json)
PACKAGES    := $(foreach p,$(LINUX),$(DIST)/$(call release-name,$(p)).deb $(DIST)/$(call release-name,$(p)).rpm)

# What else a release has adds itself here, as a target that writes into $(DIST).
RELEASE_PARTS := archives packages sboms

.PHONY: release release-clean archives packages sboms checksums
## release: binaries, archives, packages and their checksums of a clean tag, in dist/
release: release-clean
	$(MAKE) checksums

release-clean:
	@[ -z "$$(git status --porcelain)" ] && git describe --exact-match --tags HEAD >/dev/null 2>&1 || { \
		echo "make release: $(VERSION) is no clean tag: commit what has changed, and tag the commit" >&2; exit 1; }
	rm -rf $(DIST)

## archives: the program with rules, dashboards and examples, for each of PLATFORMS
archives: $(ARCHIVES)

## packages: deb and rpm, for Linux
packages: $(PACKAGES)

## sboms: which modules are in each program, as CycloneDX
sboms: $(SBOMS)

checksums: $(RELEASE_PARTS)
	cd $(DIST) && find . -maxdepth 1 -type f ! -name sha256sums.txt -printf '%P\n' | LC_ALL=C sort | xargs sha256sum > sha256sums.txt.new
	mv $(DIST)/sha256sums.txt.new $(DIST)/sha256sums.txt

# release-platform PLATFORM: its program, what it is made of, and its archive. An archive has one folder, whose files are root's
# and as old as the commit.
define release-platform
$(DIST)/build/$(1)/readiness-exporter:
	GOOS=$(firstword $(subst /, ,$(1))) GOARCH=$(lastword $(subst /, ,$(1))) CGO_ENABLED=0 \
		go build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o $$@ ./cmd/readiness-exporter

$(DIST)/$(call release-name,$(1)).cdx.json: $(DIST)/build/$(1)/readiness-exporter $(BIN)/cyclonedx-gomod
	$(BIN)/cyclonedx-gomod bin -json -noserial -notimestamp -version v$(RELEASE_VERSION) -output $$@ $$<

$(DIST)/$(call release-name,$(1)).tar.gz: FOLDER = $(DIST)/build/$(call release-name,$(1))
$(DIST)/$(call release-name,$(1)).tar.gz: $(DIST)/build/$(1)/readiness-exporter
	rm -rf $$(FOLDER) && mkdir -p $$(FOLDER)
	cp $$< LICENSE CHANGELOG.md $$(FOLDER)/
	git ls-files alerts dashboards docs/examples deploy/systemd | grep -E '\.(md|yaml|json)$$$$|/systemd/readiness' | \
		grep -vE '/(tests|generator)/' | xargs cp --parents -t $$(FOLDER)
	tar --sort=name --mtime=@$(SOURCE_DATE_EPOCH) --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --format=gnu \
		-C $(DIST)/build -c $(call release-name,$(1)) | gzip -n > $$@
endef
$(foreach p,$(PLATFORMS),$(eval $(call release-platform,$(p))))

# release-package PLATFORM,FORMAT: nfpm knows the architectures by Go's names, and gives each format its own.
define release-package
$(DIST)/$(call release-name,$(1)).$(2): $(DIST)/build/$(1)/readiness-exporter $(BIN)/nfpm $(wildcard deploy/packages/* deploy/systemd/*)
	VERSION=$(RELEASE_VERSION) ARCH=$(lastword $(subst /, ,$(1))) BINARY=$$< \
		$(BIN)/nfpm package --config deploy/packages/nfpm.yaml --packager $(2) --target $$@
endef
$(foreach p,$(LINUX),$(foreach f,deb rpm,$(eval $(call release-package,$(p),$(f)))))
