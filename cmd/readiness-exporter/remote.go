package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/readiness-exporter/readiness-exporter/internal/httpclient"
	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
	"github.com/readiness-exporter/readiness-exporter/internal/web"
)

const (
	// firstRetry is how long the first answer that asks for patience is waited for; each further one twice as long, up to lastRetry.
	firstRetry = 500 * time.Millisecond
	lastRetry  = 10 * time.Second
	// answerBytes is how long an answer of an exporter may be.
	answerBytes = 8 << 20
	// longestToken is how long a token may be, in bytes.
	longestToken = 4096
)

// remoteFlags say which exporter is asked, about what, and by whose token.
type remoteFlags struct {
	url       string
	system    string
	token     string
	tokenFile string
	caFile    string
	timeout   time.Duration
}

func (f *remoteFlags) register(clause *kingpin.CmdClause) {
	clause.Flag("url", "Address of the exporter. $READINESS_URL is the default.").Envar("READINESS_URL").
		Default("http://" + defaultAddress).StringVar(&f.url)
	clause.Flag("system", "The system that it is about: NAME/ENVIRONMENT. $READINESS_SYSTEM is the default.").Envar("READINESS_SYSTEM").
		Required().PlaceHolder("NAME/ENVIRONMENT").StringVar(&f.system)
	clause.Flag("token-file", "File that holds the token. Without it, $READINESS_TOKEN is the token.").StringVar(&f.tokenFile)
	clause.Flag("ca-file", "PEM file of the authorities that may sign for the exporter. Default: the public ones.").StringVar(&f.caFile)
	clause.Flag("timeout", "How long an exporter that does not answer, such as one that restarts, is asked again.").Default("2m").
		DurationVar(&f.timeout)
}

// A call is one request to the exporter, which can be made again.
type call struct {
	method, path string
	query        url.Values
	body         []byte
}

// errRefused says that the exporter has answered, and does not take it.
var errRefused = errors.New("the exporter refuses it")

// send makes a call until it is answered, and decodes the answer. What is not answered, or answered by a request for patience, is
// made again: the same twice is one.
func (f *remoteFlags) send(ctx context.Context, p *program, c call, into any) error {
	client, err := f.prepare()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, f.timeout, fmt.Errorf("no answer that counts within %s", f.timeout))
	defer cancel()
	wait := firstRetry
	for {
		patience, err := client.once(ctx, c, into)
		if err == nil || errors.Is(err, errRefused) {
			return err
		}
		fmt.Fprintf(p.stderr, "readiness-exporter: %v; trying again\n", err)
		timer := time.NewTimer(max(wait, patience))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		}
		wait = min(2*wait, lastRetry)
	}
}

// A remoteExporter is the exporter that is asked.
type remoteExporter struct {
	http   *http.Client
	base   *url.URL
	system string
	token  string
}

func (f *remoteFlags) prepare() (*remoteExporter, error) {
	base, err := web.ParseExternalURL(f.url)
	if err != nil {
		return nil, fmt.Errorf("--url %w", err)
	}
	name, environment, both := strings.Cut(f.system, "/")
	if !both || name == "" || environment == "" || strings.Contains(environment, "/") {
		return nil, fmt.Errorf("--system %q: expected NAME/ENVIRONMENT", f.system)
	}
	token := f.token
	if f.tokenFile != "" {
		content, err := readfile.Read(f.tokenFile, longestToken)
		if err != nil {
			return nil, fmt.Errorf("--token-file: %w", err)
		}
		token = string(content)
	}
	if token = strings.TrimSpace(token); token == "" {
		return nil, errors.New("no token: expected --token-file, or $READINESS_TOKEN")
	}
	transport, err := httpclient.NewTransport(f.caFile)
	if err != nil {
		return nil, fmt.Errorf("--ca-file: %w", err)
	}
	return &remoteExporter{
		// A redirect could lead the token elsewhere.
		http: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		base: base.JoinPath("api/v1/systems", name, environment), system: f.system, token: token,
	}, nil
}

// once makes a call once. It gives how long the exporter asks to wait.
func (r *remoteExporter) once(ctx context.Context, c call, into any) (patience time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	address := *r.base.JoinPath(c.path)
	address.RawQuery = c.query.Encode()
	request, err := http.NewRequestWithContext(ctx, c.method, address.String(), bytes.NewReader(c.body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Authorization", "Bearer "+r.token)
	response, err := r.http.Do(request)
	if err != nil {
		return 0, fmt.Errorf("reach the exporter: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(io.LimitReader(response.Body, answerBytes))
	if err != nil {
		return 0, fmt.Errorf("read the answer of the exporter: %w", err)
	}
	switch response.StatusCode {
	case http.StatusOK:
		if err := json.Unmarshal(content, into); err != nil {
			return 0, fmt.Errorf("%w: its answer cannot be read: %w", errRefused, err)
		}
		return 0, nil
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After")) // What is no number asks for nothing.
		return min(time.Duration(seconds)*time.Second, time.Minute), fmt.Errorf("the exporter answers %s%s", response.Status, said(content))
	default:
		return 0, fmt.Errorf("%w: %s%s", errRefused, response.Status, said(content))
	}
}

// said is what an answer says is wrong.
func said(content []byte) string {
	var answered web.Error
	if json.Unmarshal(content, &answered) != nil || answered.Error == "" {
		return ""
	}
	return ": " + answered.Error
}
