// Package document collects the documents that items ask for: from git repositories, from folders, and from addresses of the web.
package document

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/gitrepo"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// A Target is one document that an item asks for, with all places where it may be.
type Target struct {
	Request fact.DocumentRequest
	// System is the one that asks, where what is known of a target is kept by it.
	System string
	// Declared says where it is; nil: it is sought in the folders, and then in the repositories.
	Declared     *system.Document
	Folders      []string
	Repositories []system.Repository
}

// New makes the collector. It collects nothing by itself: each distinct document that an item asks for is a target.
func New(repositories *gitrepo.Store) collector.Collector[Target] {
	l := library{repositories: repositories}
	return collector.Collector[Target]{
		Name: "document",
		Summary: "The documents that items ask for, in git repositories, folders and at addresses of the web: when they changed, " +
			"headings, words, links, diagrams.",
		Yields:   []fact.Any{fact.Documents(), fact.DocumentFolders()},
		Schedule: "@every 10m",
		Timeout:  10 * time.Minute,
		Request:  request,
		Target:   func(t Target) string { return name(t.Request) },
		Server:   server,
		Known:    known,
		Collect:  func(ctx context.Context, t Target, _ fact.Topics) ([]fact.AnySet, error) { return l.collect(ctx, t) },
	}
}

// name tells requests for one document by different names apart.
func name(asked fact.DocumentRequest) string {
	sum := sha256.Sum256([]byte(asked.Names))
	return asked.Document + " " + hex.EncodeToString(sum[:4])
}

// request makes a target of a request where the system declares any place in which the document may be.
func request(s *system.System, asked fact.Request) (Target, bool) {
	wanted, is := asked.(fact.DocumentRequest)
	if !is {
		return Target{}, false
	}
	target := Target{Request: wanted}
	for _, declared := range s.Documents {
		switch declared.Document {
		case "":
			target.Folders = append(target.Folders, declared.Path)
		case wanted.Document:
			target.Declared = &declared
		}
	}
	target.Repositories = s.Repositories
	if declared := target.Declared; declared != nil {
		at := slices.IndexFunc(s.Repositories, func(r system.Repository) bool { return r.Name == declared.Repository })
		target.Folders, target.Repositories = nil, nil
		if at >= 0 {
			target.Repositories = s.Repositories[at : at+1]
		}
		return target, true
	}
	return target, len(target.Folders)+len(target.Repositories) > 0
}

// server is the host of an address; repositories are fetched once for all.
func server(t Target) string {
	if t.Declared == nil || t.Declared.URL == "" {
		return ""
	}
	address, err := url.Parse(t.Declared.URL)
	if err != nil {
		return ""
	}
	return address.Host
}

func known(t Target) []fact.AnySet {
	if t.Request.Folder {
		return []fact.AnySet{fact.DocumentFolders().Missing(fact.DocumentFolder{Document: t.Request.Document})}
	}
	return []fact.AnySet{fact.Documents().Missing(fact.Document{Document: t.Request.Document})}
}

// A library has the repositories that documents are in.
type library struct{ repositories *gitrepo.Store }

func (l library) collect(ctx context.Context, t Target) ([]fact.AnySet, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if t.Request.Folder {
		folder, err := l.folder(ctx, t)
		if err != nil {
			return nil, err
		}
		return []fact.AnySet{fact.DocumentFolders().Found(folder)}, nil
	}
	document, undated, err := l.document(ctx, t)
	if err != nil {
		return nil, err
	}
	set := &fact.Set[fact.Document]{}
	if undated != nil {
		document.Lack(fact.TopicChange)
		set.LackTopic(fact.Document{Document: t.Request.Document}, fact.TopicChange, undated)
	}
	set.Add(document)
	return []fact.AnySet{fact.Documents().Set(set)}, nil
}

// document finds and reads a document. Undated says why nobody can tell when it changed.
func (l library) document(ctx context.Context, t Target) (document fact.Document, undated, err error) {
	if t.Declared != nil && t.Declared.URL != "" {
		return fetched(ctx, t)
	}
	document.Document = t.Request.Document
	searched, err := l.locate(ctx, t, func(place place, path string) (err error) {
		document, undated, err = readIn(ctx, t.Request.Document, place, path)
		return err
	})
	document.Searched = cmp.Or(searched, document.Searched)
	return document, undated, err
}

// locate finds a document, and hands its place and path to read. Where there is none, it gives in words where it was sought.
func (l library) locate(ctx context.Context, t Target, read func(place place, path string) error) (searched string, failed error) {
	var all []string
	for place, err := range l.places(ctx, t) {
		if err != nil {
			failed = err
			continue
		}
		path, there, err := t.find(ctx, place)
		switch {
		case err != nil:
			failed = err
		case there:
			return "", read(place, path)
		}
		all = append(all, place.name())
	}
	if searched = words.List(all); t.Declared != nil {
		searched = t.Declared.Path + " in " + searched
	}
	return searched, failed // Where one place cannot be searched, nobody can tell that it is nowhere.
}

// written finds a document, and gives its text and where it is; nil: there is none, where it was sought.
func (l library) written(ctx context.Context, t Target) (page *written, at, searched string, err error) {
	if t.Declared != nil && t.Declared.URL != "" {
		if page, _, err = fetch(ctx, *t.Declared); err != nil || page == nil {
			return nil, "", t.Declared.URL, err
		}
		return page, t.Declared.URL, t.Declared.URL, nil
	}
	var found string
	searched, err = l.locate(ctx, t, func(place place, path string) (err error) {
		found = path + " in " + place.name()
		if page, err = readWhole(ctx, place, path); page != nil {
			at = place.label(path)
		}
		return err
	})
	return page, at, cmp.Or(searched, found), err
}

// find gives the path of the document in a place.
func (t Target) find(ctx context.Context, place place) (path string, there bool, err error) {
	paths, err := place.paths(ctx)
	if err != nil {
		return "", false, fmt.Errorf("list the files of %s: %w", place.name(), err)
	}
	if t.Declared != nil {
		path = place.within(t.Declared.Path)
		return path, slices.Contains(paths, path), nil
	}
	path, there = best(paths, t.Request.NamesOf(), place.documentsOnly())
	return path, there, nil
}

// folder finds a folder, and counts what is in it.
func (l library) folder(ctx context.Context, t Target) (folder fact.DocumentFolder, err error) {
	folder.Document = t.Request.Document
	var searched []string
	var failed error
	for place, err := range l.places(ctx, t) {
		if err != nil {
			failed = err
			continue
		}
		paths, err := place.paths(ctx)
		if err != nil {
			failed = err
			continue
		}
		searched = append(searched, place.name())
		path, there := "", false
		if t.Declared != nil {
			path = place.within(t.Declared.Path)
			there = path == "." || place.has(path)
		} else {
			path, there = bestFolder(paths, t.Request.NamesOf())
		}
		if there {
			folder.Place, folder.Searched = place.label(path), place.name()
			return folder, fill(ctx, &folder, place, path, paths)
		}
	}
	folder.Searched = words.List(searched)
	return folder, failed
}
