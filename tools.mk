# Installs what tests and linters need into the checkout, and nothing anywhere else but Debian's packages. Each tool is
# built again when its version, or Go's, changes. Expects nothing on the machine but Go, make, git and apt.

BIN := $(CURDIR)/.cache/bin

PROMETHEUS_VERSION    := v0.316.0
ALERTMANAGER_VERSION  := v0.31.1
VERSITYGW_VERSION     := v1.8.0
GOLANGCI_LINT_VERSION := v2.15.0
BENCHSTAT_VERSION     := v0.0.0-20260908200009-22c9c6c9d4da
GOVULNCHECK_VERSION   := v1.9.0
HELM_VERSION          := v4.3.1
KUBECONFORM_VERSION   := v0.8.0
KUSTOMIZE_VERSION     := v5.8.1
KO_VERSION            := v0.19.1
OPERATOR_MODULE       := github.com/prometheus-operator/prometheus-operator
OPERATOR_VERSION      := v0.85.0
CYCLONEDX_VERSION     := v1.10.0
NFPM_VERSION          := v2.45.2
ACTIONLINT_VERSION    := v1.7.12
AXE_VERSION           := 4.14.1

TOOLS_GO := $(shell go env GOVERSION)
# Somebody waits for the tests, and few for the tools.
TOOLS_NICE := nice -n 5

# go-tool NAME,PACKAGE,VERSION,FLAGS: a program from a module of its own, in whose graph nothing else has a say. The
# stamp carries the versions; the binary is newer than the stamp, or is built.
define go-tool
$(BIN)/$(1): $(BIN)/.$(1)@$(3)-$(TOOLS_GO)
	GOBIN=$(BIN) $(TOOLS_NICE) go install $(4) $(2)@$(3)
	@touch $$@
$(call stamp,$(1),$(3))
endef

# stamp NAME,VERSION
define stamp
$(BIN)/.$(1)@$(2)-$(TOOLS_GO):
	@mkdir -p $(BIN)
	@rm -f $(BIN)/.$(1)@*
	@touch $$@
endef

# Without the tags the module's service discoveries bring in what cannot be had everywhere, and no test uses it.
PROMETHEUS_FLAGS := -tags=remove_all_sd,enable_kubernetes_sd

$(eval $(call go-tool,prometheus,github.com/prometheus/prometheus/cmd/prometheus,$(PROMETHEUS_VERSION),$(PROMETHEUS_FLAGS)))
$(eval $(call go-tool,promtool,github.com/prometheus/prometheus/cmd/promtool,$(PROMETHEUS_VERSION),$(PROMETHEUS_FLAGS)))
$(eval $(call go-tool,alertmanager,github.com/prometheus/alertmanager/cmd/alertmanager,$(ALERTMANAGER_VERSION)))
$(eval $(call go-tool,amtool,github.com/prometheus/alertmanager/cmd/amtool,$(ALERTMANAGER_VERSION)))
$(eval $(call go-tool,versitygw,github.com/versity/versitygw/cmd/versitygw,$(VERSITYGW_VERSION)))
$(eval $(call go-tool,golangci-lint,github.com/golangci/golangci-lint/v2/cmd/golangci-lint,$(GOLANGCI_LINT_VERSION)))
$(eval $(call go-tool,benchstat,golang.org/x/perf/cmd/benchstat,$(BENCHSTAT_VERSION)))
$(eval $(call go-tool,govulncheck,golang.org/x/vuln/cmd/govulncheck,$(GOVULNCHECK_VERSION)))
$(eval $(call go-tool,helm,helm.sh/helm/v4/cmd/helm,$(HELM_VERSION)))
$(eval $(call go-tool,kubeconform,github.com/yannh/kubeconform/cmd/kubeconform,$(KUBECONFORM_VERSION)))
$(eval $(call go-tool,kustomize,sigs.k8s.io/kustomize/kustomize/v5,$(KUSTOMIZE_VERSION)))
$(eval $(call go-tool,ko,github.com/google/ko,$(KO_VERSION)))
$(eval $(call go-tool,cyclonedx-gomod,github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod,$(CYCLONEDX_VERSION)))
$(eval $(call go-tool,nfpm,github.com/goreleaser/nfpm/v2/cmd/nfpm,$(NFPM_VERSION)))
$(eval $(call go-tool,actionlint,github.com/rhysd/actionlint/cmd/actionlint,$(ACTIONLINT_VERSION)))

CONTROLPLANE         := test/controlplane
module-version        = $(shell awk '$$1 == "$(1)" { print $$2; exit }' $(CONTROLPLANE)/go.mod)
KUBERNETES_VERSION   := $(call module-version,k8s.io/kubernetes)
KWOK_VERSION         := $(call module-version,sigs.k8s.io/kwok)
CONTROLPLANE_MODULE  := $(CONTROLPLANE)/go.mod $(CONTROLPLANE)/go.sum
CONTROLPLANE_VERSION := k8s.io/component-base/version
CONTROLPLANE_LDFLAGS := -s -w -X $(CONTROLPLANE_VERSION).gitVersion=$(KUBERNETES_VERSION) \
	-X $(CONTROLPLANE_VERSION).gitMajor=1 -X $(CONTROLPLANE_VERSION).gitMinor=$(word 2,$(subst ., ,$(KUBERNETES_VERSION)))

$(eval $(call stamp,controlplane,$(KUBERNETES_VERSION)))
$(BIN)/controlplane: $(BIN)/.controlplane@$(KUBERNETES_VERSION)-$(TOOLS_GO) $(CONTROLPLANE_MODULE) $(wildcard $(CONTROLPLANE)/*.go)
	$(TOOLS_NICE) go -C $(CONTROLPLANE) build -buildvcs=false -ldflags '$(CONTROLPLANE_LDFLAGS)' -o $@ .

$(eval $(call stamp,kwok,$(KWOK_VERSION)))
$(BIN)/kwok: $(BIN)/.kwok@$(KWOK_VERSION)-$(TOOLS_GO) $(CONTROLPLANE_MODULE)
	$(TOOLS_NICE) go -C $(CONTROLPLANE) build -buildvcs=false -ldflags '-s -w' -o $@ sigs.k8s.io/kwok/cmd/kwok

# What kwok does with nodes and pods, as its authors wrote it; without any such stage it does nothing.
KWOK_STAGES := node/fast/node-initialize node/heartbeat-with-lease/node-heartbeat-with-lease \
	pod/fast/pod-ready pod/fast/pod-complete pod/fast/pod-delete

$(BIN)/kwok-stages.yaml: $(BIN)/kwok
	@folder=$$(go -C $(CONTROLPLANE) list -m -f '{{.Dir}}' sigs.k8s.io/kwok)/kustomize/stage; \
	for stage in $(KWOK_STAGES); do echo '---'; cat $$folder/$$stage.yaml || exit 1; done > $@.new
	@mv $@.new $@

# The resources of Prometheus Operator, as its authors describe them.
$(eval $(call stamp,operator-crds.yaml,$(OPERATOR_VERSION)))
$(BIN)/operator-crds.yaml: $(BIN)/.operator-crds.yaml@$(OPERATOR_VERSION)-$(TOOLS_GO)
	@folder=$$(cd / && go mod download -json $(OPERATOR_MODULE)@$(OPERATOR_VERSION) | sed -n 's/^.*"Dir": "\(.*\)".*$$/\1/p') && \
	for resource in servicemonitors podmonitors prometheusrules; do \
		echo '---'; cat $$folder/example/prometheus-operator-crd/monitoring.coreos.com_$$resource.yaml || exit 1; \
	done > $@.new
	@mv $@.new $@

# The package holds it ready to run in a page; npm fetches it from wherever this machine is set up to fetch packages.
$(eval $(call stamp,axe.min.js,$(AXE_VERSION)))
$(BIN)/axe.min.js: $(BIN)/.axe.min.js@$(AXE_VERSION)-$(TOOLS_GO) | tools-debian
	folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	npm pack --silent --pack-destination "$$folder" axe-core@$(AXE_VERSION) >/dev/null && \
	tar -xzOf "$$folder"/axe-core-$(AXE_VERSION).tgz package/axe.min.js > $@.new
	@mv $@.new $@

.PHONY: tools tools-kubernetes tools-monitoring tools-s3 tools-browser tools-deploy tools-release tools-debian lint-tools

## tools: everything that tests talk to
tools: tools-debian tools-s3 tools-monitoring tools-kubernetes tools-browser tools-deploy tools-release

## tools-kubernetes: a control plane, and nodes that need no machine
tools-kubernetes: $(BIN)/controlplane $(BIN)/kwok $(BIN)/kwok-stages.yaml

## tools-monitoring: Prometheus and Alertmanager, with their tools
tools-monitoring: $(BIN)/prometheus $(BIN)/promtool $(BIN)/alertmanager $(BIN)/amtool

## tools-s3: an object store
tools-s3: $(BIN)/versitygw

## tools-browser: what finds faults of accessibility; the browser itself is Debian's
tools-browser: $(BIN)/axe.min.js

## tools-deploy: what makes the image and the chart, and judges manifests
tools-deploy: $(BIN)/ko $(BIN)/helm $(BIN)/kustomize $(BIN)/kubeconform $(BIN)/operator-crds.yaml

## tools-release: packages, and what is in a program
tools-release: $(BIN)/nfpm $(BIN)/cyclonedx-gomod

## lint-tools: linters, and what compares benchmarks
lint-tools: $(BIN)/golangci-lint $(BIN)/govulncheck $(BIN)/benchstat $(BIN)/actionlint

# RUNLEVEL keeps the servers of the packages from starting.
## tools-debian: packages of Debian, where they are missing
tools-debian:
	@missing=; \
	command -v restic >/dev/null || missing="$$missing restic"; \
	command -v runc >/dev/null || missing="$$missing runc"; \
	ls /usr/share/ca-certificates/mozilla >/dev/null 2>&1 || missing="$$missing ca-certificates"; \
	command -v npm >/dev/null || missing="$$missing npm ca-certificates"; \
	command -v chromium >/dev/null || missing="$$missing chromium"; \
	command -v systemd-analyze >/dev/null || missing="$$missing systemd"; \
	command -v /usr/sbin/sshd >/dev/null || missing="$$missing openssh-server"; \
	command -v fail2ban-server >/dev/null || missing="$$missing fail2ban"; \
	command -v nft >/dev/null && command -v iptables-legacy >/dev/null || missing="$$missing nftables iptables"; \
	command -v /usr/sbin/named >/dev/null && command -v dnssec-signzone >/dev/null || missing="$$missing bind9 bind9-utils"; \
	command -v ufw >/dev/null || missing="$$missing ufw"; \
	command -v dbus-daemon >/dev/null || missing="$$missing dbus"; \
	command -v fail2ban-client >/dev/null || missing="$$missing fail2ban"; \
	command -v unshare >/dev/null && command -v ip >/dev/null || missing="$$missing util-linux iproute2"; \
	command -v rpm >/dev/null || missing="$$missing rpm"; \
	command -v dnf >/dev/null && command -v createrepo_c >/dev/null || missing="$$missing dnf createrepo-c"; \
	command -v db5.3_load >/dev/null || missing="$$missing db5.3-util"; \
	command -v /usr/sbin/nginx >/dev/null || missing="$$missing nginx-light"; \
	command -v wget >/dev/null || missing="$$missing wget"; \
	/usr/bin/python3 -c 'import seccomp' 2>/dev/null || missing="$$missing python3 python3-seccomp"; \
	command -v mkfs.ext4 >/dev/null || missing="$$missing e2fsprogs"; \
	ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$$missing postgresql"; \
	command -v /usr/sbin/pgbouncer >/dev/null || missing="$$missing pgbouncer"; \
	if [ -n "$$missing" ]; then \
		apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; \
	fi
