package web

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/exchange"
	"github.com/readiness-exporter/readiness-exporter/internal/intake"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// vantage hands facts to another exporter that has a token for it. Without one nobody learns which systems there are.
func (h *handler) vantage(w http.ResponseWriter, r *http.Request) {
	answer, refusal := h.answerFrom(r)
	if refusal != nil {
		answerRefusal(w, refusal)
		return
	}
	content, err := json.Marshal(answer)
	if err != nil {
		answerError(w, http.StatusInternalServerError, "The facts cannot be encoded: "+err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(append(content, '\n')) // A client that went away asks again.
}

func (h *handler) answerFrom(r *http.Request) (exchange.Answer, *intake.Refusal) {
	refuse := func(status int, message string) (exchange.Answer, *intake.Refusal) {
		return exchange.Answer{}, &intake.Refusal{Status: status, Message: message}
	}
	if h.Intake == nil {
		return refuse(http.StatusServiceUnavailable, "No token is known here.")
	}
	id := r.PathValue("system") + "/" + r.PathValue("environment")
	if _, refusal := h.Intake.Authorize(r, system.MayFacts, id, ""); refusal != nil {
		return exchange.Answer{}, refusal
	}
	of := h.find(r)
	switch {
	case of == nil && !h.Ready():
		return exchange.Answer{}, &intake.Refusal{
			Status: http.StatusServiceUnavailable, Message: "Not everything has been collected yet.", RetryAfter: time.Second,
		}
	case of == nil:
		return refuse(http.StatusNotFound, "There is "+h.noSystem(r)+".")
	case of.Plan.System.Vantage == "":
		return refuse(http.StatusNotFound, "This exporter is no vantage point: it runs without --vantage.name.")
	}
	described := of.Plan.System
	answer, err := exchange.Of(described.Name, described.Environment, described.Vantage, h.Version, of.Runs, time.Now())
	if err != nil {
		return refuse(http.StatusInternalServerError, "The facts cannot be encoded: "+err.Error())
	}
	return answer, nil
}
