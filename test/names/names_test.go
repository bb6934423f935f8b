// Package names_test holds the items that the DNS and registries answer to worlds of real name servers, as README.md explains.
package names_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks"
	"github.com/readiness-exporter/readiness-exporter/collectors"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/judging"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

var servers *world.World

func TestMain(m *testing.M) { world.Main(m, &servers) }

// A table describes the worlds of one item; README.md explains the form.
type table struct {
	Item   string
	Worlds []scene
}

// A scene is one world. The first of a table passes.
type scene struct {
	Name    string
	Expect  string
	Reasons []string
	// Records are those of the zone example.com, Second those that its second name server has in place of them.
	Records, Second []string
	// Serial is that of the second name server.
	Serial int
	// Signed is for how many days the zone was signed, from a week ago on; zero: it is not.
	Signed int
	// Addresses are those that are declared for the name.
	Addresses []string
	// Name of the domain that is declared.
	Domain string
	// Registry is what the registry answers; empty: it has no such domain.
	Registry string
	// Also are the other items that change.
	Also []string
}

func TestEveryItemPassesAndBreaksInItsOwnWay(t *testing.T) {
	for _, each := range world.Tables(t, func(read table) string { return read.Item }) {
		t.Run(each.Item, func(t *testing.T) {
			require.GreaterOrEqual(t, len(each.Worlds), 2, "one world that passes, and one that is broken")
			require.Equal(t, "pass", each.Worlds[0].Expect, "the first world passes")
			sound := judge(t, each.Worlds[0].over(scene{}))
			for _, world := range each.Worlds {
				t.Run(world.Name, func(t *testing.T) {
					t.Parallel()
					found := judge(t, world.over(each.Worlds[0]))
					result := found[each.Item]
					require.Equal(t, world.Expect, result.Status.String(), "%+v", result.Problems)
					var reasons []string
					for _, problem := range result.Problems {
						reasons = append(reasons, problem.Reason)
					}
					slices.Sort(reasons)
					require.Equal(t, world.Reasons, slices.Compact(reasons), "%+v", result.Problems)
					for id := range sound {
						changed := id != each.Item && found[id].Status != sound[id].Status
						require.Equal(t, slices.Contains(world.Also, id), changed, "%s: %s, then %s: %+v",
							id, sound[id].Status, found[id].Status, found[id].Problems)
					}
				})
			}
		})
	}
}

// over is a scene in which what it does not say is as in another.
func (s scene) over(other scene) scene {
	if s.Records == nil {
		s.Records = other.Records
	}
	if s.Second == nil {
		s.Second = s.Records
	}
	if s.Serial == 0 {
		s.Serial = 7
	}
	if s.Signed == 0 {
		s.Signed = other.Signed
	}
	if s.Addresses == nil {
		s.Addresses = other.Addresses
	}
	if s.Domain == "" {
		s.Domain = other.Domain
	}
	if s.Registry == "" {
		s.Registry = other.Registry
	}
	return s
}

// zone is example.com with records.
func zone(serial int, records []string) world.Zone {
	return world.Zone{Name: "example.com.", Text: fmt.Sprintf(
		"$TTL 60\n$ORIGIN example.com.\n@ SOA ns1 admin %d 3600 600 86400 60\n@ NS ns1\n@ NS ns2\nns1 A 127.0.0.1\nns2 AAAA ::1\n%s\n",
		serial, strings.Join(records, "\n"))}
}

// judge makes a world, and has it judged once by all that there is.
func judge(t *testing.T, s scene) map[string]check.Result {
	t.Helper()
	first, second, anchor := zone(7, s.Records), zone(s.Serial, s.Second), ""
	if s.Signed != 0 {
		from := time.Now().Add(-7 * 24 * time.Hour)
		first, anchor = servers.Sign(t, first, from, from.Add(time.Duration(s.Signed)*24*time.Hour))
		second = first
	}
	one := servers.NameServer(t, world.NameServerSpec{Zones: []world.Zone{first}})
	two := servers.NameServer(t, world.NameServerSpec{Addresses: []string{"::1"}, Zones: []world.Zone{second}})
	top := servers.NameServer(t, world.NameServerSpec{Zones: []world.Zone{{Name: "com.", Text: "$TTL 60\n@ SOA ns admin 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n" +
		"example NS ns1.example\nexample NS ns2.example\nns1.example A 127.0.0.1\nns2.example AAAA ::1\n" + anchor + "\n"}}})
	resolver := servers.NameServer(t, world.NameServerSpec{Forward: map[string]string{"example.com.": one.Addr, "com.": top.Addr}})
	registry := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/domain/example.com" {
			t.Errorf("unexpected request %s %s", r.Method, r.URL)
		}
		w.Header().Set("Content-Type", "application/rdap+json")
		if s.Registry == "none" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = io.WriteString(w, strings.ReplaceAll(s.Registry, "$SOON", time.Now().Add(20*24*time.Hour).UTC().Format(time.RFC3339)))
	}))
	t.Cleanup(registry.Close)
	described := &system.System{Name: "shop", Environment: "production", Domains: []system.Domain{{
		Name: s.Domain, Addresses: s.Addresses, NameServers: []string{one.Addr, two.Addr}, Resolvers: []string{resolver.Addr}, RDAP: registry.URL,
	}}}
	all, closeAll := collectors.All(collectors.Options{})
	defer closeAll()
	loaded, err := config.For([]*system.System{described}, config.Options{Kinds: checks.All(), Collectors: all})
	require.NoError(t, err)
	return judging.Once(t, loaded, all)
}
