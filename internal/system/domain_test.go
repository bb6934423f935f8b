package system_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestDomain_Validate(t *testing.T) {
	const name = "shop.example.com"
	var many []string
	for i := range system.MaximumServers + 1 {
		many = append(many, fmt.Sprintf("192.0.2.%d", i))
	}
	const server = "expected an IP address, with a port where it is not 53, such as 192.0.2.53 or [2001:db8::53]:5353"
	for title, c := range map[string]struct {
		domain system.Domain
		want   []string
	}{
		"a name is enough":                    {system.Domain{Name: name}, nil},
		"so is one of another script":         {system.Domain{Name: "bücher.example"}, nil},
		"or of a service":                     {system.Domain{Name: "_dmarc.example.com."}, nil},
		"a name has several labels":           {system.Domain{Name: "shop"}, []string{`name "shop": expected a full name such as shop.example.com`}},
		"it is no address":                    {system.Domain{Name: "192.0.2.1"}, []string{`name "192.0.2.1": expected a full name such as shop.example.com`}},
		"there must be one":                   {system.Domain{}, []string{`name "": expected a full name such as shop.example.com`}},
		"a wildcard is none":                  {system.Domain{Name: "*.example.com"}, []string{`name "*.example.com": expected a full name such as shop.example.com`}},
		"addresses are those of both worlds":  {system.Domain{Name: name, Addresses: []string{"192.0.2.1", "2001:db8::1"}}, nil},
		"each once":                           {system.Domain{Name: name, Addresses: []string{"192.0.2.1", "192.0.2.1"}}, []string{`addresses "192.0.2.1" stands twice`}},
		"and not names":                       {system.Domain{Name: name, Addresses: []string{"www"}}, []string{`addresses "www": expected an IP address`}},
		"servers may have a port":             {system.Domain{Name: name, Resolvers: []string{"192.0.2.53:5353", "::1"}, NameServers: []string{"[::1]:54"}}, nil},
		"and not a name":                      {system.Domain{Name: name, Resolvers: []string{"dns.google"}}, []string{`resolvers "dns.google": ` + server}},
		"or a port that is none":              {system.Domain{Name: name, NameServers: []string{"192.0.2.1:0"}}, []string{`name_servers "192.0.2.1:0": ` + server}},
		"many are too many":                   {system.Domain{Name: name, Resolvers: many}, []string{"resolvers: expected 32 at most"}},
		"registries have addresses":           {system.Domain{Name: name, RDAP: "https://rdap.example.net", RDAPBootstrap: "http://127.0.0.1:8080/dns.json"}, nil},
		"that are of the web":                 {system.Domain{Name: name, RDAP: "whois.example.net"}, []string{`rdap "whois.example.net": expected an address, https://…`}},
		"or servers of WHOIS":                 {system.Domain{Name: name, WHOIS: "whois.nic.example"}, nil},
		"with a port":                         {system.Domain{Name: name, WHOIS: "[2001:db8::43]:4343"}, nil},
		"that are hosts":                      {system.Domain{Name: name, WHOIS: "whois://x"}, []string{`whois "whois://x": expected a host, with a port where it is not 43, such as whois.nic.example`}},
		"but not both":                        {system.Domain{Name: name, WHOIS: "whois.nic.example", RDAP: "https://rdap.example.net"}, []string{"whois: expected either whois, or rdap and rdap_bootstrap"}},
		"and have no credentials within them": {system.Domain{Name: name, RDAPBootstrap: "https://a:b@example.net"}, []string{"rdap_bootstrap: credentials do not belong in it; expected an address without"}},
	} {
		t.Run(title, func(t *testing.T) {
			described := system.System{Name: "shop", Environment: "production", Domains: []system.Domain{c.domain}}
			var messages []string
			for _, each := range mistakesOf(&described) {
				messages = append(messages, each.Message)
			}
			require.Equal(t, c.want, messages)
		})
	}
	twice := system.System{Name: "shop", Environment: "production", Domains: []system.Domain{{Name: "Bücher.example"}, {Name: "xn--bcher-kva.example."}}}
	require.Equal(t, mistake.List{
		{Path: []any{"domains", 1}, Message: `name "xn--bcher-kva.example" stands twice: entry 1 has it already`},
	}, mistakesOf(&twice))
}
