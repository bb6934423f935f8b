package dns

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

var servers *world.World

func TestMain(m *testing.M) { goleak.VerifyTestMain(world.Around(m, &servers)) }

const (
	day  = 24 * time.Hour
	name = "www.shop.test"
)

// zone is a master file of shop.test, with two name servers.
func zone(serial int, records ...string) world.Zone {
	return world.Zone{Name: "shop.test.", Text: fmt.Sprintf(`$TTL 60
$ORIGIN shop.test.
@ SOA ns1 admin %d 3600 600 86400 60
@ NS ns1
@ NS ns2
ns1 A 127.0.0.1
ns2 AAAA ::1
%s
`, serial, strings.Join(records, "\n"))}
}

// parent is a master file of test, to which shop.test belongs.
func parent(records ...string) world.Zone {
	return world.Zone{Name: "test.", Text: fmt.Sprintf(`$TTL 60
$ORIGIN test.
@ SOA ns admin 1 3600 600 86400 60
@ NS ns
ns A 127.0.0.1
shop NS ns1.shop
shop NS ns2.shop
ns1.shop A 127.0.0.1
ns2.shop AAAA ::1
%s
`, strings.Join(records, "\n"))}
}

// A place is the DNS of shop.test: two name servers, its parent, and a resolver.
type dnsPlace struct {
	prober
	resolver string
}

// newPlace has the name servers serve a zone each.
func newPlace(t *testing.T, first, second world.Zone, above ...string) *dnsPlace {
	t.Helper()
	one := servers.NameServer(t, world.NameServerSpec{Zones: []world.Zone{first, {Name: "elsewhere.test.", Text: strings.ReplaceAll(zone(1, "www A 192.0.2.77").Text, "shop.test", "elsewhere.test")}}})
	servers.NameServer(t, world.NameServerSpec{Addresses: []string{"::1"}, Port: one.Port, Zones: []world.Zone{second}})
	top := servers.NameServer(t, world.NameServerSpec{Zones: []world.Zone{parent(above...)}})
	resolver := servers.NameServer(t, world.NameServerSpec{Forward: map[string]string{
		"shop.test.": one.Addr, "elsewhere.test.": one.Addr, "test.": top.Addr,
	}})
	port := netip.MustParseAddrPort(one.Addr).Port()
	return &dnsPlace{prober: prober{
		dial: new(net.Dialer).DialContext, port: port, now: time.Now,
		own: func() ([]netip.AddrPort, error) { return nil, fact.Errorf(fact.ReasonUnsupported, "no resolver") },
	}, resolver: resolver.Addr}
}

// collect asks for a name at the resolver, and at the name servers that it leads to.
func (p *dnsPlace) collect(t *testing.T, edit func(*system.Domain)) *fact.DomainName {
	t.Helper()
	d := system.Domain{Name: name, Resolvers: []string{p.resolver}}
	if edit != nil {
		edit(&d)
	}
	ctx, end := context.WithTimeout(t.Context(), 30*time.Second)
	defer end()
	found, err := p.prober.collect(ctx, d)
	require.NoError(t, err)
	return found
}

func TestANameIsAskedForEverywhere(t *testing.T) {
	same := zone(7, "www A 192.0.2.10", "www A 192.0.2.9", "www AAAA 2001:db8::10", `@ CAA 0 issue "letsencrypt.org; accounturi=https://example.com/1"`, `@ CAA 0 issuewild ";"`)
	p := newPlace(t, same, same)
	found := p.collect(t, func(d *system.Domain) { d.Addresses = []string{"2001:DB8::10", "192.0.2.10"} })
	addresses := []string{"192.0.2.9", "192.0.2.10", "2001:db8::10"}
	port := fmt.Sprint(p.port)
	require.Equal(t, &fact.DomainName{
		DomainNamePlace: fact.DomainNamePlace{Domain: name, Expected: []string{"192.0.2.10", "2001:db8::10"}},
		Zone:            "shop.test", Delegation: []string{"ns1.shop.test", "ns2.shop.test"},
		NameServers: []fact.DNSAnswer{
			{Server: "ns1.shop.test (127.0.0.1:" + port + ")", Addresses: addresses, Serial: 7},
			{Server: "ns2.shop.test ([::1]:" + port + ")", Addresses: addresses, Serial: 7},
		},
		Resolvers: []fact.DNSAnswer{{Server: p.resolver, Addresses: addresses}},
		CAA:       []fact.CAASet{{Domain: "shop.test", HasIssue: true, Issue: []string{"letsencrypt.org"}, IssueWild: []string{""}}},
	}, found)
}

func TestServersThatDisagreeAreFacts(t *testing.T) {
	p := newPlace(t, zone(8, "www A 192.0.2.10"), zone(7, "www A 192.0.2.99"))
	found := p.collect(t, nil)
	one, other := found.Differ()
	require.Equal(t, []string{"192.0.2.10"}, one.Addresses)
	require.Equal(t, []string{"192.0.2.99"}, other.Addresses)
	require.True(t, found.SerialsDiffer())
}

func TestAResolverThatLiesIsAFact(t *testing.T) {
	same := zone(7, "www A 192.0.2.10")
	p := newPlace(t, same, same)
	liar := servers.NameServer(t, world.NameServerSpec{Zones: []world.Zone{zone(7, "www A 203.0.113.1")}})
	found := p.collect(t, func(d *system.Domain) { d.Resolvers = append(d.Resolvers, liar.Addr) })
	_, other := found.Differ()
	require.Equal(t, &fact.DNSAnswer{Server: liar.Addr, Addresses: []string{"203.0.113.1"}}, other)
}

func TestAnAnswerThatIsTooLongForUDPComesOverTCP(t *testing.T) {
	var records, want []string
	for i := range mostAddresses {
		want = append(want, fmt.Sprintf("192.0.2.%d", i))
		records = append(records, "www A "+want[i], fmt.Sprintf("www AAAA 2001:db8::%x", i))
	}
	same := zone(7, append(records, `www TXT x`)...)
	found := newPlace(t, same, same).collect(t, nil)
	require.Equal(t, want, found.NameServers[0].Addresses)
	require.Equal(t, want, found.Resolvers[0].Addresses)
}

func TestAliasesAreFollowed(t *testing.T) {
	same := zone(7, "www CNAME cdn.elsewhere.test.", "cdn CNAME www", "gone CNAME nothing.elsewhere.test.", "shop CNAME front", "front A 192.0.2.10", "loop CNAME loop")
	elsewhere := world.Zone{Name: "elsewhere.test.", Text: strings.ReplaceAll(zone(1, "cdn A 192.0.2.77").Text, "shop.test", "elsewhere.test")}
	one := servers.NameServer(t, world.NameServerSpec{Zones: []world.Zone{same}})
	other := servers.NameServer(t, world.NameServerSpec{Zones: []world.Zone{elsewhere}})
	resolver := servers.NameServer(t, world.NameServerSpec{Forward: map[string]string{"shop.test.": one.Addr, "elsewhere.test.": other.Addr, "test.": one.Addr}})
	p := &dnsPlace{prober: prober{dial: new(net.Dialer).DialContext, now: time.Now}, resolver: resolver.Addr}
	ask := func(host string) *fact.DomainName {
		return p.collect(t, func(d *system.Domain) { d.Name, d.NameServers = host+".shop.test", []string{one.Addr} })
	}
	out := ask("www")
	require.Equal(t, fact.DNSAnswer{Server: one.Addr, Aliases: []string{"cdn.elsewhere.test"}, Serial: 7}, out.NameServers[0], "a name server knows its own zones only")
	require.Equal(t, []string{"192.0.2.77"}, out.Resolvers[0].Addresses)
	one1, _ := out.Differ()
	require.Nil(t, one1)
	require.Equal(t, []string{"192.0.2.77"}, out.Resolved().Addresses)

	gone := ask("gone")
	require.True(t, gone.Resolved().Unknown)
	require.Equal(t, []string{"nothing.elsewhere.test"}, gone.Resolved().Aliases)

	require.Equal(t, []string{"192.0.2.10"}, ask("shop").Resolvers[0].Addresses)
	require.Empty(t, ask("loop").NameServers[0].Addresses)
}

func TestANameThatIsNotThere(t *testing.T) {
	same := zone(7, "www A 192.0.2.10", "mail MX 10 www")
	p := newPlace(t, same, same)
	for host, unknown := range map[string]bool{"nothing": true, "mail": false} {
		found := p.collect(t, func(d *system.Domain) { d.Name = host + ".shop.test" })
		require.Equal(t, "shop.test", found.Zone)
		for _, answer := range found.Known() {
			require.Equal(t, unknown, answer.Unknown)
			require.Empty(t, answer.Addresses)
		}
	}
}

func TestANameOfAnotherScriptIsAskedForInASCII(t *testing.T) {
	same := zone(7, "xn--bcher-kva A 192.0.2.10")
	found := newPlace(t, same, same).collect(t, func(d *system.Domain) { d.Name = "Bücher.shop.test" })
	require.Equal(t, "xn--bcher-kva.shop.test", found.Domain)
	require.Equal(t, "Bücher.shop.test", found.Declared)
	require.Equal(t, []string{"192.0.2.10"}, found.NameServers[1].Addresses)
}

func TestAServerThatDoesNotHaveTheZone(t *testing.T) {
	other := world.Zone{Name: "other.test.", Text: strings.ReplaceAll(zone(7).Text, "shop.test", "other.test")}
	found := newPlace(t, zone(7, "www A 192.0.2.10"), other).collect(t, nil)
	require.Nil(t, found.NameServers[0].Failure)
	require.Equal(t, fact.ReasonDenied, found.NameServers[1].Failure.Reason)
	require.Contains(t, found.NameServers[1].Failure.Detail, "it refuses to answer (REFUSED)")
	require.True(t, found.NameServers[1].Answered())
}

func TestAResolverInPlaceOfANameServer(t *testing.T) {
	same := zone(7, "www A 192.0.2.10")
	p := newPlace(t, same, same)
	found := p.collect(t, func(d *system.Domain) {
		d.NameServers = []string{p.resolver, "127.0.0.1:" + fmt.Sprint(p.port)}
	})
	require.Equal(t, fact.ReasonNotFound, found.NameServers[0].Failure.Reason)
	require.Contains(t, found.NameServers[0].Failure.Detail, "is delegated to it, and it does not serve that")
}

func TestANameServerThatIsDownIsAFact(t *testing.T) {
	same := zone(7, "www A 192.0.2.10")
	p := newPlace(t, same, same)
	closed, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	found := p.collect(t, func(d *system.Domain) {
		d.NameServers = []string{closed.LocalAddr().String(), "127.0.0.1:" + fmt.Sprint(p.port)}
	})
	require.Equal(t, fact.ReasonRefused, found.NameServers[0].Failure.Reason)
	require.Equal(t, []string{"192.0.2.10"}, found.NameServers[1].Addresses)
	require.False(t, found.NameServers[0].Answered())
}

func TestWhereNobodyAnswersTheNameIsUnavailable(t *testing.T) {
	closed, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	p := prober{dial: new(net.Dialer).DialContext, now: time.Now}
	_, err = p.collect(t.Context(), system.Domain{Name: name, Resolvers: []string{closed.LocalAddr().String()}})
	require.Equal(t, fact.ReasonRefused, fact.ReasonOf(err))

	p.own = func() ([]netip.AddrPort, error) { return nil, fact.Errorf(fact.ReasonNotFound, "no file") }
	_, err = p.collect(t.Context(), system.Domain{Name: name})
	require.EqualError(t, err, "no file")
	require.Equal(t, fact.ReasonNotFound, fact.ReasonOf(err))
}

func TestOnlyPublicNamesAreAskedForAtPublicResolvers(t *testing.T) {
	p := prober{own: func() ([]netip.AddrPort, error) {
		return []netip.AddrPort{netip.MustParseAddrPort("192.0.2.53:53")}, nil
	}}
	for host, public := range map[string]bool{
		"shop.example.com": true, "shop.github.io": true, "shop.internal": false, "shop.svc.cluster.local": false, "shop.corp": false, "www.shop.test": false,
	} {
		require.Equal(t, public, len(p.run(system.Domain{Name: host}).resolvers) > 0, host)
	}
	require.Len(t, p.run(system.Domain{Name: "shop.example.com", Resolvers: []string{"192.0.2.1"}}).resolvers, 1)
}
