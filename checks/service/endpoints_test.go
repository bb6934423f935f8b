package service_test

import (
	"testing"

	"github.com/readiness-exporter/readiness-exporter/checks/service"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestEndpoints(t *testing.T) {
	with := func(ready, all int, lost ...string) fact.Service {
		return fact.Service{Cluster: "main", Namespace: "shop", Name: "api", Ready: ready, Endpoints: all, LostPorts: lost}
	}
	v := checktest.Of(t, service.Endpoints(), fact.Services())
	v.Finds("one that is ready is enough", with(1, 3))
	v.Finds("none is ready", with(0, 3),
		"fail none_ready: The Service has 3 endpoints, and none is ready.")
	v.Finds("none", with(0, 0),
		"fail no_endpoint: The Service has no endpoint: its selector takes no pod.")
	v.Finds("a port that leads nowhere", with(3, 3, "https"),
		"fail no_such_port: No pod of the Service has the port https.")
}
