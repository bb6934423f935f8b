# The dashboards are written by a generator in TypeScript, which wants Node 18 or later and npm, Debian's or another.

GENERATOR := dashboards/generator
GENERATOR_MODULES := $(GENERATOR)/node_modules/.package-lock.json

$(GENERATOR_MODULES): $(GENERATOR)/package.json $(GENERATOR)/package-lock.json $(GENERATOR)/.npmrc | tools-debian
	cd $(GENERATOR) && npm ci --silent
	@touch $@

.PHONY: dashboards dashboards-generated
## dashboards: write the Grafana dashboards from dashboards/generator
dashboards: $(GENERATOR_MODULES)
	cd $(GENERATOR) && npm run --silent generate

## dashboards-generated: fail when the dashboards are not what the generator writes
dashboards-generated: $(GENERATOR_MODULES)
	folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	(cd $(GENERATOR) && npm run --silent generate -- "$$folder") && \
	diff --unified --recursive --exclude=generator --exclude=grafana --exclude='*.go' --exclude='*.md' dashboards "$$folder" || { echo "run make dashboards"; exit 1; }

# Grafana's own code for mappings, thresholds and transformations: large, so that it is kept where tools are.
GRAFANA := .cache/grafana
GRAFANA_MODULES := $(GRAFANA)/node_modules/.package-lock.json

$(GRAFANA_MODULES): $(addprefix dashboards/grafana/,package.json package-lock.json .npmrc) | tools-debian
	@mkdir -p $(GRAFANA)
	cp $^ $(GRAFANA)
	cd $(GRAFANA) && npm ci --silent
	@touch $@

.PHONY: test-dashboards
## test-dashboards: what the dashboards show, by Grafana's own code
test-dashboards: $(GRAFANA_MODULES)
	NODE_PATH=$(CURDIR)/$(GRAFANA)/node_modules node --test --test-reporter=dot dashboards/grafana/shows.test.cjs
