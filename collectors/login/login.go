// Package login tries names and passwords that everybody knows at servers that must refuse them, only where that is declared.
//
// Whoever guards a server counts logins that fail: Grafana blocks a name after five in five minutes, fail2ban an address after five in
// ten. So each account, which is a name at a server, is tried once in six hours by the whole process, however many systems declare it,
// how often the collector runs and the configuration is loaded; see ledger. Nothing else than what is declared is ever sent, and the
// description takes no password that is hard to guess.
package login

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/httpclient"
	"github.com/readiness-exporter/readiness-exporter/internal/secret"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A Target is a login that must be refused.
type Target struct {
	Name, Type string
	Server     string // host:port
	URL        string
	Username   string
	Password   secret.Value
	CAFile     string
	TLS        string
	Database   string
	HostKeys   string // one a line
}

// New makes the collector of logins that must be refused, at a pace.
func New(pace Pace) collector.Collector[Target] {
	return newProber(pace, time.Now).collector()
}

func newProber(pace Pace, now func() time.Time) *prober {
	return &prober{
		ledger: newLedger(pace, now), dial: new(net.Dialer).DialContext, proxy: http.ProxyFromEnvironment,
	}
}

// A prober has what a run needs of the world around, and knows what was tried.
type prober struct {
	ledger *ledger
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
	proxy  func(*http.Request) (*url.URL, error)
}

func (p *prober) collector() collector.Collector[Target] {
	return collector.Collector[Target]{
		Name:     "default_login",
		Summary:  "What servers make of names and passwords that everybody knows; each is tried once in six hours.",
		Yields:   []fact.Any{fact.DefaultLogins()},
		Schedule: "@every 10m",
		Timeout:  30 * time.Second,
		Targets:  targets,
		Target:   func(t Target) string { return t.Name },
		Server:   func(t Target) string { return t.Server },
		Known: func(t Target) []fact.AnySet {
			return []fact.AnySet{fact.DefaultLogins().Missing(known(t))}
		},
		Collect: func(ctx context.Context, t Target, _ fact.Topics) ([]fact.AnySet, error) {
			found, err := p.ledger.once(ctx, t, p.try)
			switch {
			case fact.ReasonOf(err) == fact.ReasonPending:
				// That a login waits for its turn is no failure of a run.
				set := &fact.Set[fact.DefaultLogin]{}
				set.Lack(found, "", err)
				return []fact.AnySet{fact.DefaultLogins().Set(set)}, nil
			case err != nil:
				return nil, err
			}
			return []fact.AnySet{fact.DefaultLogins().Found(found)}, nil
		},
	}
}

func targets(s *system.System) (all []Target) {
	for _, declared := range s.Logins {
		username, password := declared.Credentials()
		all = append(all, Target{
			Name: declared.Name, Type: declared.Type, Server: declared.Server(), URL: declared.URL,
			Username: username, Password: secret.New(password), CAFile: declared.CAFile,
			TLS: declared.TLS, Database: declared.Database, HostKeys: strings.Join(declared.HostKeys, "\n"),
		})
	}
	return all
}

// known is what the declaration tells of a login.
func known(t Target) fact.DefaultLogin {
	return fact.DefaultLogin{DefaultLoginPlace: fact.DefaultLoginPlace{
		Name: t.Name, Type: t.Type, Server: t.Server, Username: t.Username,
	}}
}

// An outcome is what came of a try.
type outcome struct {
	accepted, open bool
	refusal        string // in words
	// sent: the password left this machine, so that the server may have counted it.
	sent bool
}

// try tries once. The outcome says whether the password was sent, also where there is an error.
func (p *prober) try(ctx context.Context, t Target) (made outcome, err error) {
	switch t.Type {
	case fact.LoginGrafana:
		made, err = p.tryGrafana(ctx, t)
	case fact.LoginPostgreSQL:
		made, err = p.tryPostgres(ctx, t)
	case fact.LoginSSH:
		made, err = p.trySSH(ctx, t)
	default:
		made, err = p.tryHTTP(ctx, t)
	}
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return made, err
}

// client asks a server of HTTP; redirects are not followed, and no cookie is kept.
func (p *prober) client(t Target) (*http.Client, error) {
	transport, err := httpclient.NewTransport(t.CAFile)
	if err != nil {
		return nil, err
	}
	transport.Proxy, transport.DialContext = p.proxy, p.dial
	transport.DisableKeepAlives = true
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}
