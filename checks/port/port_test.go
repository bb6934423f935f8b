package port_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/port"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

var now = time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)

// probe is one of a host with 22, 80 and 443 open, Redis filtered, and further ports as a test has them.
func probe(more ...fact.PortState) fact.PortProbe {
	p := fact.PortProbe{Host: "web-1", Address: "203.0.113.7"}
	for _, number := range []int{22, 80, 443} {
		p.Ports = append(p.Ports, fact.PortState{Number: number, State: fact.PortOpen})
	}
	p.Ports = append(p.Ports, fact.PortState{Number: 6379, Service: "redis", State: fact.PortFiltered})
	p.Ports = append(p.Ports, more...)
	return p
}

func TestReachable(t *testing.T) {
	closed, inside := probe(), probe(fact.PortState{Number: 5432, Service: "postgresql", State: fact.PortOpen})
	closed.Ports[2].State, inside.FromItself = fact.PortFiltered, true
	for name, test := range map[string]struct {
		probe fact.PortProbe
		want  []checktest.Finding
	}{
		"what is required and nothing else passes": {probe: probe(fact.PortState{Number: 5432, State: fact.PortClosed})},
		"databases that are open fail": {
			probe: probe(fact.PortState{Number: 5432, Service: "postgresql", State: fact.PortOpen}, fact.PortState{Number: 8443, State: fact.PortOpen}),
			want:  checktest.One("port_open", check.Fail, "Connections are taken at ports 5432 (postgresql) and 8443 of 203.0.113.7."),
		},
		"a required port that is filtered fails": {
			probe: closed, want: checktest.One("port_not_open", check.Fail, "Port 443 of 203.0.113.7 is filtered."),
		},
		"what a host sees of itself says nothing of others": {
			probe: inside, want: checktest.One("not_from_outside", check.Unknown,
				"The ports of 203.0.113.7 were tried from the host itself, and its firewall does not apply to that."),
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, checktest.Case{
				Kind: port.Reachable(), Now: now, Sets: []fact.AnySet{checktest.Facts(fact.PortProbes(), test.probe)},
			}.Judge(t))
		})
	}
	t.Run("a required port that is not tried is unknown", func(t *testing.T) {
		p := port.Reachable().Defaults
		p.Open = []int{22, 80, 443, 8443}
		require.Equal(t, checktest.One("port_not_tried", check.Unknown, "Port 8443 is required, and is not tried."), checktest.Case{
			Kind: port.Reachable(), Parameters: &p, Now: now, Sets: []fact.AnySet{checktest.Facts(fact.PortProbes(), probe())},
		}.Judge(t))
	})
}

func TestListening(t *testing.T) {
	for name, test := range map[string]struct {
		sockets []fact.ListeningSocket
		want    []checktest.Finding
	}{
		"allowed ports, and any that only the machine reaches, pass": {sockets: []fact.ListeningSocket{
			{Address: "0.0.0.0", Port: 22, Public: true}, {Address: "::", Port: 443, Public: true}, {Address: "127.0.0.1", Port: 5432},
		}},
		"a port that strangers reach fails once, whatever its addresses": {
			sockets: []fact.ListeningSocket{
				{Address: "0.0.0.0", Port: 6379, Process: "redis-server", Public: true}, {Address: "127.0.0.1", Port: 6379, Process: "stunnel"},
				{Address: "::", Port: 6379, Process: "redis-server", Public: true},
			},
			want: checktest.One("listens", check.Fail, "Port 6379 is listened on at 0.0.0.0 and :: by redis-server."),
		},
		"one of a process that may not be known fails too": {
			sockets: []fact.ListeningSocket{{Address: "203.0.113.7", Port: 8080, Public: true}},
			want:    checktest.One("listens", check.Fail, "Port 8080 is listened on at 203.0.113.7 by a process whose name the exporter may not know."),
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, checktest.Case{Kind: port.Listening(), Now: now, Sets: []fact.AnySet{
				checktest.Facts(fact.AllListeningSockets(), fact.ListeningSockets{Host: "web-1", Sockets: test.sockets}),
			}}.Judge(t))
		})
	}
	t.Run("what is seen from outside counts beside it", func(t *testing.T) {
		require.Equal(t, checktest.One("port_open", check.Fail, "Connections are taken at port 5432 of 203.0.113.7."),
			checktest.Case{Kind: port.Listening(), Now: now, Sets: []fact.AnySet{
				checktest.Facts(fact.AllListeningSockets(), fact.ListeningSockets{Host: "web-1"}),
				checktest.Facts(fact.PortProbes(), probe(fact.PortState{Number: 5432, State: fact.PortOpen})),
			}}.Judge(t))
	})
}
