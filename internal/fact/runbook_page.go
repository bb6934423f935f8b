package fact

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// A RunbookPagesRequest asks whether the pages are there that annotations of alerting rules lead to. Its lists are separated by lines.
type RunbookPagesRequest struct {
	Annotations string // their names
	Hosts       string // those that may have private addresses
	BehindLogin string // beginnings of URLs that are not asked
}

// FactKind is the kind of fact that answers it.
func (RunbookPagesRequest) FactKind() string { return "runbook_pages" }

// Name tells requests for other annotations, or with other bounds, apart.
func (r RunbookPagesRequest) Name() string {
	sum := sha256.Sum256([]byte(r.Annotations + "\x00" + r.Hosts + "\x00" + r.BehindLogin))
	return "runbooks " + hex.EncodeToString(sum[:4])
}

// RunbookPages are the pages that annotations of alerting rules lead to, at all declared Prometheus together.
type RunbookPages struct {
	Request RunbookPagesRequest `json:"request"`
	Pages   []RunbookPage       `json:"pages"` // in the order of their addresses
}

// A RunbookPage is a page, as it answered when it was last asked.
type RunbookPage struct {
	Page    string            `json:"page"`    // as in RuleAnnotation
	Address string            `json:"address"` // without what stands behind ? in it
	Answer  RunbookPageAnswer `json:"answer"`
	Detail  string            `json:"detail,omitempty"` // how it failed: "the server answers 404"
	// Since is when it first failed, Times how often it has in a row.
	Since time.Time `json:"since,omitzero"`
	Times int       `json:"times,omitempty"`
	// Alive is when it was last there; zero: never since the exporter started.
	Alive time.Time `json:"alive,omitzero"`
}

// A RunbookPageAnswer says what came of asking for a page.
type RunbookPageAnswer string

// What can come of it.
const (
	PageThere   RunbookPageAnswer = "there"   // it answered 200 or another of 2xx
	PageMissing RunbookPageAnswer = "missing" // the server says that there is none (404, 410)
	PageFailing RunbookPageAnswer = "failing" // the server did not answer, or with a fault of its own
	PageLogin   RunbookPageAnswer = "login"   // it is for whoever logs in, or a page to log in stood in for it
	PagePrivate RunbookPageAnswer = "private" // it was not asked: it has no public address
	PageExempt  RunbookPageAnswer = "exempt"  // it was not asked: an item says that it is behind a login
	PageWaiting RunbookPageAnswer = "waiting" // it has not been asked yet, or the server wants to be asked less often
)

// AllRunbookPages describes the facts of runbook pages. They export nothing: how many are missing the item tells.
func AllRunbookPages() *Kind[RunbookPages] {
	return &Kind[RunbookPages]{
		Name:    "runbook_pages",
		Help:    "Whether the pages are there that annotations of alerting rules lead to, where an item asks for that.",
		Subject: func(r *RunbookPages) string { return r.Request.Name() },
	}
}
