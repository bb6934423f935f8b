package system_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// shop is a system in whose namespace hosts are discovered.
func shop() *system.System {
	return &system.System{
		Name: "shop", Environment: "production",
		Kubernetes: []system.Cluster{{Name: "main", Namespaces: []string{"shop"}}},
	}
}

// discoveredHost is one of the Ingress shop/web, with TLS.
func discoveredHost(name string, paths ...string) fact.DiscoveredHost {
	if paths == nil {
		paths = []string{"/"}
	}
	return fact.DiscoveredHost{
		Cluster: "main", Namespace: "shop", Kind: "Ingress", Name: "web", Host: name, Paths: paths,
		Listeners: []fact.HostListener{{Port: 80}, {Port: 443, Secure: true}}, Addresses: []string{"10.0.0.7"},
	}
}

func setOf(hosts ...fact.DiscoveredHost) *fact.Set[fact.DiscoveredHost] {
	set := &fact.Set[fact.DiscoveredHost]{}
	set.Add(hosts...)
	return set
}

// discovered is what one run of the discovery main found.
func discovered(hosts ...fact.DiscoveredHost) system.Discovered {
	all, _ := system.Discovered{}.Note("main", setOf(hosts...), time.Unix(0, 0))
	return all
}

// urls are the endpoints of a system, those beyond the limit without.
func urls(s *system.System) (all []string) {
	for _, e := range s.Endpoints {
		if e.Found == nil || e.Found.Beyond == 0 {
			all = append(all, e.URL)
		}
	}
	return all
}

func addresses(s *system.System) (all []string) {
	for _, c := range s.Certificates {
		all = append(all, c.Address+c.Path)
	}
	return all
}

func TestWithoutDiscoveriesASystemIsAsItIsDeclared(t *testing.T) {
	declared := shop()
	require.Same(t, declared, system.Effective(declared, system.Discovered{}))
}

func TestDiscoveredHostsBecomeEndpointsWithTheirCertificates(t *testing.T) {
	declared := shop()
	effective := system.Effective(declared, discovered(discoveredHost("shop.contoso.com", "/", "/api")))
	own := []netip.Addr{netip.MustParseAddr("10.0.0.7")}
	require.Equal(t, []system.Endpoint{
		{URL: "https://shop.contoso.com/", Purpose: "ingress", Found: &system.Found{
			Source: "Ingress shop/web in main", Addresses: own, Plain: true, Certificate: true,
		}},
		{URL: "https://shop.contoso.com/api", Purpose: "ingress", Found: &system.Found{Source: "Ingress shop/web in main", Addresses: own}},
	}, effective.Endpoints, "one connection to an address collects its certificate, and one path is asked over plain HTTP")
	require.Empty(t, effective.Certificates)
	require.Equal(t, []system.DiscoveredName{{Name: "shop.contoso.com", Source: "Ingress shop/web in main"}}, effective.DiscoveredNames)
	require.Equal(t, shop(), declared, "the declaration stays as it is")
}

func TestWhatTargetsAreMadeOfAHost(t *testing.T) {
	no := false
	plain := discoveredHost("shop.contoso.com")
	plain.Listeners = []fact.HostListener{{Port: 80}}
	odd := discoveredHost("shop.contoso.com")
	odd.Listeners = []fact.HostListener{{Port: 8080}, {Port: 8443, Secure: true}}
	redirect := plain
	redirect.Name, redirect.Paths = "redirect", nil
	another := discoveredHost("shop.contoso.com", "/", "/more")
	another.Name = "zweb"
	elsewhere := discoveredHost("shop.contoso.com")
	elsewhere.Namespace = "other"
	selected := discoveredHost("shop.contoso.com")
	selected.Selector = "app=shop"
	for _, c := range []struct {
		name         string
		tune         func(*system.System)
		found        []fact.DiscoveredHost
		urls         []string
		certificates []string
	}{
		{"one with TLS is asked by it", nil, []fact.DiscoveredHost{discoveredHost("shop.contoso.com")}, []string{"https://shop.contoso.com/"}, nil},
		{"one without is asked in plain HTTP", nil, []fact.DiscoveredHost{plain}, []string{"http://shop.contoso.com/"}, nil},
		{"only at the ports of its listeners", nil, []fact.DiscoveredHost{odd}, []string{"https://shop.contoso.com:8443/"}, nil},
		{"a route that only redirects is not asked by itself", nil, []fact.DiscoveredHost{redirect}, nil, nil},
		{
			"a host of two Ingresses is asked once for each path", nil, []fact.DiscoveredHost{discoveredHost("shop.contoso.com"), another},
			[]string{"https://shop.contoso.com/", "https://shop.contoso.com/more"}, nil,
		},
		{
			"capitals and the dot at the end are no other host", nil, []fact.DiscoveredHost{discoveredHost("Shop.Contoso.com."), another},
			[]string{"https://shop.contoso.com/", "https://shop.contoso.com/more"}, nil,
		},
		{
			"a declared endpoint wins, whatever its path", func(s *system.System) { s.Endpoints = []system.Endpoint{{URL: "https://SHOP.contoso.com/health"}} },
			[]fact.DiscoveredHost{discoveredHost("shop.contoso.com")}, []string{"https://SHOP.contoso.com/health"}, nil,
		},
		{
			"a declared endpoint in plain HTTP says nothing of the certificate",
			func(s *system.System) { s.Endpoints = []system.Endpoint{{URL: "http://shop.contoso.com/"}} },
			[]fact.DiscoveredHost{discoveredHost("shop.contoso.com")}, []string{"http://shop.contoso.com/"}, []string{"shop.contoso.com:443"},
		},
		{
			"a declared certificate wins",
			func(s *system.System) {
				s.Certificates = []system.Certificate{{Address: "10.0.0.1:443", ServerName: "shop.contoso.com"}}
			},
			[]fact.DiscoveredHost{discoveredHost("shop.contoso.com")}, []string{"https://shop.contoso.com/"}, []string{"10.0.0.1:443"},
		},
		{
			"endpoints are turned off", func(s *system.System) { s.Discovery.Endpoints = &no },
			[]fact.DiscoveredHost{discoveredHost("shop.contoso.com", "/", "/a")}, nil, []string{"shop.contoso.com:443"},
		},
		{
			"certificates are turned off", func(s *system.System) { s.Discovery.Certificates = &no },
			[]fact.DiscoveredHost{discoveredHost("shop.contoso.com")}, []string{"https://shop.contoso.com/"}, nil,
		},
		{
			"everything is turned off", func(s *system.System) { s.Discovery = system.Discovery{Endpoints: &no, Certificates: &no} },
			[]fact.DiscoveredHost{discoveredHost("shop.contoso.com")}, nil, nil,
		},
		{"a namespace that is not declared any more", nil, []fact.DiscoveredHost{elsewhere}, nil, nil},
		{"a selector that is not declared any more", nil, []fact.DiscoveredHost{selected}, nil, nil},
		{"no cluster is declared any more", func(s *system.System) { s.Kubernetes = nil }, []fact.DiscoveredHost{discoveredHost("a.contoso.com")}, nil, nil},
		{
			"without namespaces and selector nothing is discovered", func(s *system.System) { s.Kubernetes[0].Namespaces = nil },
			[]fact.DiscoveredHost{discoveredHost("a.contoso.com")}, nil, nil,
		},
		{
			"what a resolver may take for an address is passed over", nil, []fact.DiscoveredHost{
				discoveredHost("127.0.0.1"), discoveredHost("2130706433"), discoveredHost("127.1"), discoveredHost("0x7f000001.0"), discoveredHost("*.contoso.com"),
				discoveredHost("::1"), discoveredHost("a b"), discoveredHost("shop.contoso.com/x"), discoveredHost("user@shop.contoso.com"), discoveredHost(""),
			}, nil, nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			declared := shop()
			if c.tune != nil {
				c.tune(declared)
			}
			effective := system.Effective(declared, discovered(c.found...))
			require.Equal(t, c.urls, urls(effective))
			require.Equal(t, c.certificates, addresses(effective))
			for _, e := range effective.Endpoints {
				if e.Found != nil {
					require.Equal(t, declared.Discovery.Seeks("certificate") && len(declared.Certificates) == 0 && e.URL[:6] == "https:" && e.URL[len(e.URL)-1] == '/',
						e.Found.Certificate, e.URL)
				}
			}
		})
	}
}

func TestAtMost200OfASortAreCollected(t *testing.T) {
	var many []fact.DiscoveredHost
	for i := range 230 {
		many = append(many, discoveredHost(fmt.Sprintf("h%03d.contoso.com", i), "/", "/more"))
	}
	effective := system.Effective(shop(), discovered(many...))
	require.Len(t, effective.Endpoints, 201)
	require.Equal(t, "https://h199.contoso.com/", effective.Endpoints[199].URL, "of each host one path comes first")
	last := effective.Endpoints[200]
	require.Equal(t, 260, last.Found.Beyond)
	require.False(t, last.Found.Certificate)
	require.EqualError(t, last.Found.OverLimit(), "260 more were discovered than the 200 that are collected, of which this is the first: "+
		"declare those that matter, or discover in fewer namespaces")
	require.Equal(t, fact.ReasonUnsupported, fact.ReasonOf(last.Found.OverLimit()))
	require.NoError(t, effective.Endpoints[0].Found.OverLimit())
	require.Len(t, effective.Certificates, 30, "whose endpoints are not asked")
}

func TestWhoCameFirstIsNotPushedOut(t *testing.T) {
	var many []fact.DiscoveredHost
	for i := range 300 {
		many = append(many, discoveredHost(fmt.Sprintf("a%03d.attacker.example", i)))
	}
	all, _ := system.Discovered{}.Note("main", setOf(discoveredHost("shop.contoso.com")), time.Unix(0, 0))
	all, _ = all.Note("main", setOf(append(many, discoveredHost("shop.contoso.com"))...), time.Unix(60, 0))
	require.Equal(t, "https://shop.contoso.com/", system.Effective(shop(), all).Endpoints[0].URL)
}

func TestWhatWasDiscoveredGoesTenMinutesAfterItWasNotFoundAnyMore(t *testing.T) {
	host, other := discoveredHost("shop.contoso.com"), discoveredHost("api.contoso.com")
	minute := func(n float64) time.Time { return time.Unix(0, 0).Add(time.Duration(n * float64(time.Minute))) }
	incomplete := func(hosts ...fact.DiscoveredHost) *fact.Set[fact.DiscoveredHost] {
		set := setOf(hosts...)
		set.Lack(fact.DiscoveredHost{}, "main", fact.Errorf(fact.ReasonDenied, "httproutes: forbidden"))
		return set
	}
	var all system.Discovered
	note := func(at float64, set *fact.Set[fact.DiscoveredHost], changes bool) []string {
		next, changed := all.Note("main", set, minute(at))
		require.Equal(t, changes, changed)
		all = next
		found := urls(system.Effective(shop(), all))
		slices.Sort(found)
		return found
	}
	both, one := []string{"https://api.contoso.com/", "https://shop.contoso.com/"}, []string{"https://shop.contoso.com/"}
	require.Equal(t, one, note(0, setOf(host), true))
	require.Equal(t, both, note(1, incomplete(other), true), "what an incomplete run finds counts, and what it does not find stays")
	require.Equal(t, both, note(60, incomplete(), false), "however long that is")
	require.False(t, all.Leaving("main"))
	require.Equal(t, both, note(61, setOf(host), true), "a complete run does not find it")
	require.True(t, all.Leaving("main"))
	require.False(t, all.Leaving("another"))
	require.Equal(t, both, note(70, setOf(host), false), "not yet")
	require.Equal(t, both, note(70.5, setOf(host, other), true), "it was back in between")
	require.Equal(t, both, note(71.5, setOf(host), true), "so that its time begins again")
	require.Equal(t, both, note(81.4, setOf(host), false))
	require.Equal(t, both, note(82, incomplete(host), false), "only a run that found all there is removes it")
	require.Equal(t, one, note(83, setOf(host), true))
	_, changed := all.Note("another", setOf(), minute(200))
	require.False(t, changed, "another discovery says nothing of it")
}

func TestWhatGoesOfAHostStaysForAsLong(t *testing.T) {
	before, after := discoveredHost("shop.contoso.com", "/old"), discoveredHost("shop.contoso.com", "/new")
	after.Addresses = nil // A controller that starts anew reports none for a moment.
	all := discovered(before)
	all, changed := all.Note("main", setOf(after), time.Unix(60, 0))
	require.True(t, changed)
	effective := system.Effective(shop(), all)
	require.ElementsMatch(t, []string{"https://shop.contoso.com/old", "https://shop.contoso.com/new"}, urls(effective))
	require.Equal(t, []netip.Addr{netip.MustParseAddr("10.0.0.7")}, effective.Endpoints[0].Found.Addresses)
	all, _ = all.Note("main", setOf(after), time.Unix(60+600, 0))
	effective = system.Effective(shop(), all)
	require.Equal(t, []string{"https://shop.contoso.com/new"}, urls(effective))
	require.Empty(t, effective.Endpoints[0].Found.Addresses)
}

func TestWhatComesAndGoesIsBounded(t *testing.T) {
	var all system.Discovered
	for i := range 1500 {
		all, _ = all.Note("main", setOf(discoveredHost("shop.contoso.com", fmt.Sprintf("/%d", i))), time.Unix(0, int64(i)))
	}
	effective := system.Effective(shop(), all)
	require.LessOrEqual(t, len(effective.Endpoints), 201)
	require.LessOrEqual(t, effective.Endpoints[200].Found.Beyond, 801)
}

func TestATargetIsTheSameWhereverItWasFound(t *testing.T) {
	one, other := &system.Found{Source: "Ingress shop/a in main", Plain: true}, &system.Found{Source: "Ingress shop/b in main", Plain: true}
	require.Equal(t, one.Target(), other.Target())
	require.Equal(t, "Ingress shop/a in main", one.Source)
	require.Nil(t, (*system.Found)(nil).Target())
}
