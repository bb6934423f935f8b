package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/evidence"
	"github.com/readiness-exporter/readiness-exporter/internal/intake"
	"github.com/readiness-exporter/readiness-exporter/internal/record"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// maximumSigning is how long a signature may be, in bytes.
const maximumSigning = 16 << 10

// An Intaking is one address of the JSON API at which something is taken. It asks for a token.
type Intaking struct {
	Method  string
	Path    string // with {names} of what changes
	Summary string
	Query   []Parameter
	Body    any // an example of the type that it takes; nil: a report in any known format, or nothing
	Answer  any // an example of the type that it gives

	right string
	take  func(h *handler, w http.ResponseWriter, r *http.Request, of *assess.Assessment, by string) (any, *intake.Refusal)
}

// Intakings lists every address at which something is taken.
func Intakings() []Intaking {
	const of = "/api/v1/systems/{system}/{environment}/"
	return []Intaking{
		{
			Method: http.MethodPost, Path: of + "evidence/{check}", Answer: intake.Receipt{}, right: system.MayEvidence, take: takeEvidence,
			Summary: "Submit a report about an item, in any known format. What is answered was stored; the same submission twice is one.",
			Query: []Parameter{
				{"revision", "What was examined: a commit, a version, the digest of an image. Repeatable, for several names of the same."},
				{"component", "The part of the system that it is of, such as a workload."},
				{"link", "An address of the run of the pipeline."},
			},
		},
		{
			Method: http.MethodPost, Path: of + "attestations/{check}", Body: intake.Signing{}, Answer: record.Signature{}, right: system.MayAttest,
			Summary: "Sign that an item holds.", take: takeSignature(record.Attestation),
		},
		{
			Method: http.MethodDelete, Path: of + "attestations/{check}", Answer: []record.Signature{}, right: system.MayAttest,
			Summary: "Take back the attestations of an item that were signed by API. The history stays.", take: takeRevocation(record.Attestation),
		},
		{
			Method: http.MethodPost, Path: of + "waivers/{check}", Body: intake.Signing{}, Answer: record.Signature{}, right: system.MayWaive,
			Summary: "Excuse an item that fails, for a reason, until a date.", take: takeSignature(record.Waiver),
		},
		{
			Method: http.MethodDelete, Path: of + "waivers/{check}", Answer: []record.Signature{}, right: system.MayWaive,
			Summary: "Take back the waivers of an item that were signed by API. The history stays.", take: takeRevocation(record.Waiver),
		},
	}
}

func (h *handler) serveIntake(mux *http.ServeMux) {
	for _, each := range Intakings() {
		mux.HandleFunc(each.Method+" "+each.Path, func(w http.ResponseWriter, r *http.Request) {
			value, refusal := h.take(each, w, r)
			if refusal != nil {
				answerRefusal(w, refusal)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Cache-Control", "no-store")
			_ = json.NewEncoder(w).Encode(value) // It is kept: a client that went away asks again.
		})
	}
}

// take asks for the token first: without one nobody learns which systems there are.
func (h *handler) take(each Intaking, w http.ResponseWriter, r *http.Request) (any, *intake.Refusal) {
	if h.Intake == nil {
		return nil, &intake.Refusal{Status: http.StatusServiceUnavailable, Message: "Nothing is taken here."}
	}
	id := r.PathValue("system") + "/" + r.PathValue("environment")
	by, refusal := h.Intake.Authorize(r, each.right, id, r.PathValue("check"))
	if refusal != nil {
		return nil, refusal
	}
	of := h.find(r)
	if of == nil {
		refused := &intake.Refusal{Status: http.StatusNotFound, Message: "There is " + h.noSystem(r) + "."}
		if len(h.elsewhere(r)) == 0 && !h.Ready() {
			refused.Status, refused.RetryAfter = http.StatusServiceUnavailable, time.Second // It may be yet to be judged.
		}
		return nil, refused
	}
	return each.take(h, w, r, of, by)
}

func answerRefusal(w http.ResponseWriter, refusal *intake.Refusal) {
	if refusal.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(refusal.RetryAfter.Seconds()))))
	}
	if refusal.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	answerError(w, refusal.Status, refusal.Message)
}

// storePatience is how long a disk may take to store something before whoever sent it is told to send it again.
const storePatience = 20 * time.Second

func takeEvidence(h *handler, w http.ResponseWriter, r *http.Request, of *assess.Assessment, by string) (any, *intake.Refusal) {
	report, refusal := body(w, r, evidence.MaximumBytes)
	if refusal != nil {
		return nil, refusal
	}
	ctx, cancel := context.WithTimeoutCause(r.Context(), storePatience, errors.New("it took too long"))
	defer cancel()
	query := r.URL.Query()
	receipt, refusal := h.Intake.Submit(ctx, of, intake.Submission{
		Check: r.PathValue("check"), Component: query.Get("component"), Revisions: query["revision"], Link: query.Get("link"),
		By: by, Report: report,
	})
	return receipt, refusal
}

func takeSignature(kind string) func(*handler, http.ResponseWriter, *http.Request, *assess.Assessment, string) (any, *intake.Refusal) {
	return func(h *handler, w http.ResponseWriter, r *http.Request, of *assess.Assessment, by string) (any, *intake.Refusal) {
		content, refusal := body(w, r, maximumSigning)
		if refusal != nil {
			return nil, refusal
		}
		var signing intake.Signing
		decoder := json.NewDecoder(bytes.NewReader(content))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&signing); err != nil {
			return nil, &intake.Refusal{Status: http.StatusUnprocessableEntity, Message: "The signature cannot be read: " + err.Error()}
		}
		ctx, cancel := context.WithTimeoutCause(r.Context(), storePatience, errors.New("it took too long"))
		defer cancel()
		signed, refusal := h.Intake.Sign(ctx, of, kind, r.PathValue("check"), by, signing)
		return signed, refusal
	}
}

func takeRevocation(kind string) func(*handler, http.ResponseWriter, *http.Request, *assess.Assessment, string) (any, *intake.Refusal) {
	return func(h *handler, _ http.ResponseWriter, r *http.Request, of *assess.Assessment, by string) (any, *intake.Refusal) {
		ctx, cancel := context.WithTimeoutCause(r.Context(), storePatience, errors.New("it took too long"))
		defer cancel()
		revoked, refusal := h.Intake.Revoke(ctx, of, kind, r.PathValue("check"), by)
		return revoked, refusal
	}
}

// body reads what was sent.
func body(w http.ResponseWriter, r *http.Request, most int64) ([]byte, *intake.Refusal) {
	content, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &intake.Refusal{Status: http.StatusRequestEntityTooLarge, Message: fmt.Sprintf("Expected at most %d bytes.", most)}
	case err != nil:
		return nil, &intake.Refusal{Status: http.StatusBadRequest, Message: "It could not be received to its end."}
	}
	return content, nil
}
