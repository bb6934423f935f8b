package web

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// guard keeps what is outside from doing harm: requests from other sites, under names that are not ours, and too many at
// one time. What supervises the exporter is answered whatever the load.
func (o Options) guard(metrics, pages http.Handler) http.Handler {
	outer := http.NewServeMux()
	outer.Handle("/", limited(pages, o.MaxRequests, "/-/"))
	outer.Handle("GET /metrics", limited(metrics, o.MaxRequests, ""))
	outer.HandleFunc("/metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Only GET and HEAD are answered here.", http.StatusMethodNotAllowed)
	})
	return secure(o.named(http.NewCrossOriginProtection().Handler(outer)))
}

// limited answers at most so many requests at one time; 0: any number. Paths that begin with the exception are not
// counted; empty: all are.
func limited(next http.Handler, most int, exception string) http.Handler {
	if most <= 0 {
		return next
	}
	places := make(chan struct{}, most)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if exception != "" && strings.HasPrefix(r.URL.Path, exception) {
			next.ServeHTTP(w, r)
			return
		}
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
			next.ServeHTTP(w, r)
		default:
			http.Error(w, fmt.Sprintf("Limit of concurrent requests reached (%d), try again later.", most), http.StatusServiceUnavailable)
		}
	})
}

// named refuses requests for a host that is not the one of the external address, so that no other name can be made to
// lead here. Addresses and localhost are no names that could be.
func (o Options) named(next http.Handler) http.Handler {
	if o.ExternalURL == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host := hostOf(r.Host); host != hostOf(o.ExternalURL.Host) && !local(host) {
			http.Error(w, "This host is not the one of --web.external-url.", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hostOf is a host without its port, in lower case.
func hostOf(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}

// local tells whether a host is an address or localhost.
func local(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil || host == "localhost"
}

// Loopback tells whether only this machine reaches an address to listen at.
func Loopback(address string) bool {
	host := hostOf(address)
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// detailed tells whether a request may see what is not for everybody: how contacts can be reached, and where things are
// declared. That is who asks from this machine, or whom the server has authenticated.
func (o Options) detailed(r *http.Request) bool {
	if o.ExposeDetails {
		return true
	}
	address, err := netip.ParseAddrPort(r.RemoteAddr)
	// What a proxy on this machine passes on comes from elsewhere.
	return err == nil && address.Addr().Unmap().IsLoopback() && r.Header.Get("X-Forwarded-For") == "" && r.Header.Get("Forwarded") == ""
}

// ParseExternalURL reads the address under which browsers reach the exporter.
func ParseExternalURL(text string) (*url.URL, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // No address is a choice.
	}
	parsed, err := url.Parse(text)
	if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return nil, fmt.Errorf("%q: expected an address such as https://readiness.example.com", text)
	}
	return parsed, nil
}
