// Package intake takes what pipelines submit and people sign by API: it checks by whose token, judges it, and has it kept.
package intake

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/record"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

const (
	// burst is how many requests of one token are taken at once, perSecond how many are in the long run.
	burst     = 60
	perSecond = 1
	// maximumParsing is how many reports are read at one time, since each is in memory.
	maximumParsing = 2
)

// Options are what an intake needs.
type Options struct {
	// Tokens are those of the configuration in force.
	Tokens func() []system.Token
	Record record.Store // nil: nothing is kept, and nothing taken
	Now    func() time.Time
}

// An Intake takes submissions and signatures.
type Intake struct {
	options Options
	parsing chan struct{}
	mu      sync.Mutex
	rates   map[string]*rate.Limiter // by the names of tokens
}

// New makes an intake.
func New(options Options) *Intake {
	return &Intake{options: options, parsing: make(chan struct{}, maximumParsing), rates: make(map[string]*rate.Limiter)}
}

// A Refusal says why something is not taken.
type Refusal struct {
	Status  int // of HTTP
	Message string
	// RetryAfter is when to try again; 0: that changes nothing.
	RetryAfter time.Duration
}

func refuse(status int, message string) *Refusal { return &Refusal{Status: status, Message: message} }

// Authorize gives the name of the token with which a request was made, if it lets do something about an item of a system. To read
// facts, which are of no item, nothing needs to be kept, and how often is not bounded: who reads asks for each system.
func (i *Intake) Authorize(request *http.Request, right, id, check string) (string, *Refusal) {
	reads := right == system.MayFacts
	if i.options.Record == nil && !reads {
		return "", refuse(http.StatusServiceUnavailable, "Nothing is kept here: the exporter runs without --storage.path.")
	}
	token := i.find(tokenOf(request))
	switch {
	case token == nil:
		return "", refuse(http.StatusUnauthorized, "No known token: send one as Authorization: Bearer TOKEN, or as X-Readiness-Token.")
	case !token.Permits(right, id, check) && reads:
		return "", refuse(http.StatusForbidden, "The token "+token.Name+" does not permit "+right+" of "+id+".")
	case !token.Permits(right, id, check):
		return "", refuse(http.StatusForbidden, "The token "+token.Name+" does not permit "+right+" for "+check+" of "+id+".")
	case !reads && !i.limiter(token.Name).AllowN(i.options.Now(), 1):
		refusal := refuse(http.StatusTooManyRequests, "The token "+token.Name+" was used too often.")
		refusal.RetryAfter = time.Second
		return "", refusal
	}
	return token.Name, nil
}

// tokenOf is the token of a request. The second header is for servers that ask for a login themselves.
func tokenOf(request *http.Request) string {
	if token := request.Header.Get("X-Readiness-Token"); token != "" {
		return token
	}
	scheme, token, _ := strings.Cut(request.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// find finds a token by its hash, in a time that does not tell how much of it is right.
func (i *Intake) find(token string) (found *system.Token) {
	if token == "" {
		return nil
	}
	sum := sha256.Sum256([]byte(token))
	hash := []byte(hex.EncodeToString(sum[:]))
	tokens := i.options.Tokens()
	for at := range tokens {
		for _, known := range tokens[at].SHA256 {
			if subtle.ConstantTimeCompare(hash, []byte(known)) == 1 {
				found = &tokens[at]
			}
		}
	}
	return found
}

func (i *Intake) limiter(name string) *rate.Limiter {
	i.mu.Lock()
	defer i.mu.Unlock()
	limiter := i.rates[name]
	if limiter == nil {
		limiter = rate.NewLimiter(perSecond, burst)
		i.rates[name] = limiter
	}
	return limiter
}

// Signatures are all that was signed by API about a system, also what was taken back.
func (i *Intake) Signatures(system string) []record.Signature {
	if i.options.Record == nil {
		return nil
	}
	return i.options.Record.Signatures(system)
}

// item finds an item of a system.
func item(a *assess.Assessment, check string) (*assess.Item, *Refusal) {
	at := slices.IndexFunc(a.Plan.Items, func(each assess.Item) bool { return each.Item.ID == check })
	if at < 0 {
		return nil, refuse(http.StatusNotFound, "The system has no check "+check+".")
	}
	return &a.Plan.Items[at], nil
}

// notKept says that something could not be kept: whoever sent it is to send it again.
func notKept(err error) *Refusal {
	refusal := refuse(http.StatusServiceUnavailable, "It could not be stored, send it again: "+err.Error())
	refusal.RetryAfter = 5 * time.Second
	return refusal
}
