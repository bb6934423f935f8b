# What a release is made of. `make release` wants a clean tag, and gives the same bytes whenever and wherever it runs with the
# same Go: no path, no time but that of the commit, and nothing in the order in which a folder lists it.

DIST              ?= dist
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

CHART       := $(DIST)/readiness-exporter-$(RELEASE_VERSION).tgz

# Each is a target that writes into $(DIST). What is in a folder of it is on the way to something, and not released.
RELEASE_PARTS := archives packages sboms images chart

# An archive that depends on the names and bytes of its files alone: they are root's, and as old as the commit.
archive = tar --sort=name --mtime=@$(SOURCE_DATE_EPOCH) --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --format=gnu -c
comma := ,
space := $(subst ,, )

.PHONY: release release-clean checksums $(RELEASE_PARTS)
## release: all that is released of a clean tag with its checksums, in dist/; BASE= as for the image
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

## chart: the Helm chart, whose version is that of the release
chart: $(CHART)

# helm notes the time of packing; what it made is packed again.
$(CHART): FOLDER = $(DIST)/build/chart
$(CHART): $(BIN)/helm $(shell find deploy/chart -type f)
	rm -rf $(FOLDER) && mkdir -p $(FOLDER)
	$(BIN)/helm package deploy/chart --version $(RELEASE_VERSION) --app-version $(VERSION) --destination $(FOLDER)
	tar -C $(FOLDER) -xzf $(FOLDER)/$(@F)
	$(archive) -C $(FOLDER) readiness-exporter | gzip -n > $@

image-name = readiness-exporter-image-$(RELEASE_VERSION).$(subst /,-,$(1))
# images: the container image as a file for each platform of Linux, and what is in it as SPDX. deploy/image/publish pushes what is
# in $(DIST)/image.
images: $(BIN)/ko
	VERSION='$(VERSION)' REVISION='$(REVISION)' BASE='$(BASE)' OUT=$(DIST)/image PLATFORMS=$(subst $(space),$(comma),$(LINUX)) \
		deploy/image/build
	$(foreach p,$(LINUX),cp $(DIST)/image/readiness-exporter-$(subst /,-,$(p)).tar $(DIST)/$(call image-name,$(p)).tar && \
		cp $(DIST)/image/sbom/readiness-exporter-$(subst /,-,$(p)).spdx.json $(DIST)/$(call image-name,$(p)).spdx.json &&) true

checksums: $(RELEASE_PARTS)
	cd $(DIST) && find . -maxdepth 1 -type f ! -name sha256sums.txt -printf '%P\n' | LC_ALL=C sort | xargs sha256sum > build/sha256sums.txt
	mv $(DIST)/build/sha256sums.txt $(DIST)/sha256sums.txt

# release-platform PLATFORM: its program, what it is made of, and its archive. An archive has one folder.
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
	$(archive) -C $(DIST)/build $(call release-name,$(1)) | gzip -n > $$@
endef
$(foreach p,$(PLATFORMS),$(eval $(call release-platform,$(p))))

# release-package PLATFORM,FORMAT: nfpm knows the architectures by Go's names, and gives each format its own.
define release-package
$(DIST)/$(call release-name,$(1)).$(2): $(DIST)/build/$(1)/readiness-exporter $(BIN)/nfpm $(wildcard deploy/packages/* deploy/systemd/*)
	VERSION=$(RELEASE_VERSION) ARCH=$(lastword $(subst /, ,$(1))) BINARY=$$< \
		$(BIN)/nfpm package --config deploy/packages/nfpm.yaml --packager $(2) --target $$@
endef
$(foreach p,$(LINUX),$(foreach f,deb rpm,$(eval $(call release-package,$(p),$(f)))))
