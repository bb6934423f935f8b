package fact

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// An AlertHistoryRequest asks which alerts have fired. Its lists are separated by lines.
type AlertHistoryRequest struct {
	Label      string // that has the severity of an alert
	Severities string // in any case
	Match      string // further labels of the alerts, each as name=value
	Within     time.Duration
}

// FactKind is the kind of fact that answers it.
func (AlertHistoryRequest) FactKind() string { return "alert_history" }

// Name tells requests for other alerts, or for a longer time, apart.
func (r AlertHistoryRequest) Name() string {
	sum := sha256.Sum256([]byte(r.Label + "\x00" + r.Severities + "\x00" + r.Match + "\x00" + strconv.FormatInt(int64(r.Within), 10)))
	return "alerts " + hex.EncodeToString(sum[:4])
}

// An AlertHistory is which alerts fired of late, as one Prometheus stored it, or another server that has its API.
type AlertHistory struct {
	Request    AlertHistoryRequest `json:"request"`
	Prometheus string              `json:"prometheus"` // the name under which it is declared
	From       time.Time           `json:"from"`
	Until      time.Time           `json:"until"`
	// Resolution is how far times can be from the true ones: within it an alert can have fired and ended without a trace.
	Resolution time.Duration `json:"resolution"`
	Alerts     []FiredAlert  `json:"alerts"` // in the order of their names
	// Unobserved are the times of which the server has no samples of any target, so that alerts may have fired.
	Unobserved []Period `json:"unobserved"`
}

// A FiredAlert is an alert with the times during which it fired, in their order.
type FiredAlert struct {
	Alert

	Fired []Period `json:"fired"`
}

// An Alert is told apart from others by some of its labels, whatever the further ones are.
type Alert struct {
	Name     string `json:"name"`
	Severity string `json:"severity"` // the value of the label that has it
	// Namespace, System and Environment are labels of the alert; empty: it has none.
	Namespace   string `json:"namespace,omitempty"`
	System      string `json:"system,omitempty"`
	Environment string `json:"environment,omitempty"`
}

// Compare puts alerts in the order of their names, and then of their further labels.
func (a Alert) Compare(b Alert) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Severity, b.Severity), strings.Compare(a.Namespace, b.Namespace),
		strings.Compare(a.System, b.System), strings.Compare(a.Environment, b.Environment))
}

// A Period is a time from its beginning to its end.
type Period struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
}

// Length is how long it took.
func (p Period) Length() time.Duration { return p.Until.Sub(p.From) }

// AllAlertHistories describes the facts of which alerts fired. They have no series: Prometheus has ALERTS.
func AllAlertHistories() *Kind[AlertHistory] {
	return &Kind[AlertHistory]{
		Name:    "alert_history",
		Help:    "Which alerts of a severity have fired of late, as a declared Prometheus has stored it.",
		Subject: func(a *AlertHistory) string { return a.Prometheus },
	}
}
