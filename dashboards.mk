# For those who change the dashboards: the only target that wants Node, 20 or later, and npm.

.PHONY: dashboards
## dashboards: write the Grafana dashboards from dashboards/generator
dashboards:
	cd dashboards/generator && npm ci && npm run --silent generate
