package document

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/gitrepo"
	"github.com/readiness-exporter/readiness-exporter/internal/linkcheck"
	"github.com/readiness-exporter/readiness-exporter/internal/openapi"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

const (
	// maximumFaults is how many faults of a document are kept.
	maximumFaults = 10
	// maximumPointers is how many differences between two documents are kept of each part.
	maximumPointers = 20
)

// An APITarget is one document that describes an API.
type APITarget struct {
	Declared system.APIDocument
	// Found: nobody declares it, so that there need be none.
	Found        bool
	Repositories []system.Repository // in which it may be
}

// NewAPI makes the collector of documents that describe APIs: of those that are declared, or else of one in each repository.
func NewAPI(repositories *gitrepo.Store) collector.Collector[APITarget] {
	a := apiDocuments{library{repositories: repositories}}
	return collector.Collector[APITarget]{
		Name: "api_document",
		Summary: "Documents that describe APIs (OpenAPI 3, Swagger 2.0), in git repositories and as they are served: whether they are valid, " +
			"and where the two differ.",
		Yields:   []fact.Any{fact.APIDocuments()},
		Schedule: "@every 10m",
		Timeout:  10 * time.Minute,
		Narrows:  true,
		Targets:  apiTargets,
		Target:   func(t APITarget) string { return t.Declared.Name },
		Server: func(t APITarget) string {
			address, err := url.Parse(t.Declared.URL)
			if err != nil {
				return ""
			}
			return address.Host
		},
		Known: func(t APITarget) []fact.AnySet {
			return []fact.AnySet{fact.APIDocuments().Missing(fact.APIDocument{Name: t.Declared.Name, URL: t.Declared.URL})}
		},
		Collect: func(ctx context.Context, t APITarget, _ fact.Topics) ([]fact.AnySet, error) { return a.collect(ctx, t) },
	}
}

// apiTargets are the documents that are declared, or else one for each repository.
func apiTargets(s *system.System) (targets []APITarget) {
	for _, declared := range s.APIDocuments {
		target := APITarget{Declared: declared, Repositories: s.Repositories}
		if at := slices.IndexFunc(s.Repositories, func(r system.Repository) bool { return r.Name == declared.Repository }); at >= 0 {
			target.Repositories = s.Repositories[at : at+1]
		}
		targets = append(targets, target)
	}
	if len(targets) > 0 {
		return targets
	}
	for i := range s.Repositories {
		targets = append(targets, APITarget{
			Declared: system.APIDocument{Name: s.Repositories[i].Name}, Found: true, Repositories: s.Repositories[i : i+1],
		})
	}
	return targets
}

type apiDocuments struct{ library }

// collect reads a document where it is kept and where it is served, and compares the two.
func (a apiDocuments) collect(ctx context.Context, t APITarget) ([]fact.AnySet, error) {
	kind := fact.APIDocuments()
	found := fact.APIDocument{Name: t.Declared.Name, URL: t.Declared.URL, MustBeKept: t.Declared.Repository != ""}
	kept, err := a.kept(ctx, t, &found)
	if err != nil {
		return nil, err
	}
	set := &fact.Set[fact.APIDocument]{}
	if t.Found && found.Kept == nil {
		return []fact.AnySet{kind.Set(set)}, nil
	}
	if t.Declared.URL != "" {
		description, served, err := servedAPI(ctx, t.Declared)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			found.Lack(fact.TopicServed)
			set.LackTopic(fact.APIDocument{Name: found.Name, URL: found.URL}, fact.TopicServed, fmt.Errorf("get %s: %w", t.Declared.URL, err))
		} else {
			found.Served = &description
			found.Differences = differences(kept, served)
		}
	}
	set.Add(found)
	return []fact.AnySet{kind.Set(set)}, nil
}

// kept finds and reads the document of a repository; nil: there is none that can be read.
func (a apiDocuments) kept(ctx context.Context, t APITarget, found *fact.APIDocument) (*openapi.Document, error) {
	var searched []string
	var failed error
	for place, err := range a.places(ctx, Target{Repositories: t.Repositories}) {
		if err != nil {
			failed = err
			continue
		}
		searched = append(searched, place.name())
		name := t.Declared.Path
		if name == "" {
			paths, err := place.paths(ctx)
			if err != nil {
				return nil, fmt.Errorf("list the files of %s: %w", place.name(), err)
			}
			name = usualAPI(paths)
		}
		if name == "" || !place.has(name) {
			continue
		}
		content, err := place.read(ctx, name)
		if isNoFile(err) { // It is a link that leads nowhere, or a folder.
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", place.label(name), err)
		}
		description, document, err := describedAPI(ctx, place.label(name), content)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", place.label(name), err)
		}
		found.Kept, found.Searched = &description, place.name()
		return document, nil
	}
	if found.Searched = words.List(searched); t.Declared.Path != "" {
		found.Searched = t.Declared.Path + " in " + found.Searched
	}
	return nil, failed
}

// usualAPI gives the path that is the most usual for a document that describes an API; empty: there is none.
func usualAPI(paths []string) string {
	best, rank := "", -1
	folders := []string{
		".", "api", "openapi", "api/openapi", "docs", "doc", "docs/api", "doc/api", "spec", "swagger", "docs/openapi", "docs/swagger",
	}
	files := []string{"openapi.yaml", "openapi.yml", "openapi.json", "swagger.yaml", "swagger.yml", "swagger.json"}
	for _, name := range paths {
		folder, file := slices.Index(folders, path.Dir(name)), slices.Index(files, path.Base(name))
		if own := file*len(folders) + folder; folder >= 0 && file >= 0 && (rank < 0 || own < rank) {
			best, rank = name, own
		}
	}
	return best
}

// servedAPI asks for the document that is served. An error says why nobody can tell what is.
func servedAPI(ctx context.Context, declared system.APIDocument) (description fact.APIDescription, document *openapi.Document, err error) {
	at := system.Document{
		URL: declared.URL, CAFile: declared.CAFile, BearerTokenFile: declared.BearerTokenFile, BasicAuth: declared.BasicAuth,
	}
	const accepted = "application/vnd.oai.openapi+json, application/json, application/yaml;q=0.9, text/yaml;q=0.9, */*;q=0.1"
	response, body, err := get(ctx, at, accepted) //nolint:bodyclose // It is read and closed there.
	if err != nil {
		return description, nil, err
	}
	if absent(response) {
		return fact.APIDescription{Place: declared.URL, Unreadable: fmt.Sprintf("the server answers %d", response.StatusCode)}, nil, nil
	}
	if err := answered(response); err != nil {
		return description, nil, err
	}
	if isPage(response, body) {
		if linkcheck.AsksForPassword(body) {
			return description, nil, fact.Errorf(fact.ReasonDenied, "the answer is a page that asks for a password")
		}
		return fact.APIDescription{Place: declared.URL, Unreadable: "it is a page of HTML, such as one that shows the document"}, nil, nil
	}
	return describedAPI(ctx, declared.URL, body)
}

// isPage tells pages of HTML, whatever they are called.
func isPage(response *http.Response, body []byte) bool {
	media, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")) // What cannot be read names no page.
	start := strings.ToLower(strings.TrimSpace(string(body[:min(len(body), 512)])))
	return media == "text/html" && !strings.HasPrefix(start, "{") ||
		strings.HasPrefix(start, "<!doctype html") || strings.HasPrefix(start, "<html")
}

// describedAPI reads a document; nil: it is none that can be compared. One that is too large is an error.
func describedAPI(ctx context.Context, place string, content []byte) (fact.APIDescription, *openapi.Document, error) {
	d := fact.APIDescription{Place: place}
	document, err := openapi.Read(ctx, content)
	if errors.Is(err, openapi.ErrTooMuch) {
		return d, nil, fact.Errorf(fact.ReasonUnsupported, "%w", err)
	}
	if err != nil {
		d.Unreadable = words.Excerpt(err.Error())
		return d, nil, nil
	}
	d.Format, d.Title = words.Printable(document.Format, 50), words.Printable(document.Title, 200)
	d.Version = words.Printable(document.Version, 100)
	d.Operations, d.External = document.Operations, words.Printable(document.External, 200)
	for _, fault := range document.Faults[:min(len(document.Faults), maximumFaults)] {
		d.Faults = append(d.Faults, words.Excerpt(fault))
	}
	d.MoreFaults = len(document.Faults) - len(d.Faults)
	return d, document, nil
}

// differences are those between two documents, by their parts. One that refers to others is not whole, and compared with nothing.
func differences(kept, served *openapi.Document) (all []fact.APIDifferences) {
	if kept == nil || served == nil || kept.External != "" || served.External != "" {
		return nil
	}
	for _, each := range openapi.Differences(kept, served) {
		at := slices.IndexFunc(all, func(d fact.APIDifferences) bool { return d.Part == string(each.Part) })
		if at < 0 {
			at = len(all)
			all = append(all, fact.APIDifferences{Part: string(each.Part)})
		}
		if all[at].Count++; len(all[at].Pointers) < maximumPointers {
			all[at].Pointers = append(all[at].Pointers, words.Printable(each.Pointer, 200))
		}
	}
	return all
}
