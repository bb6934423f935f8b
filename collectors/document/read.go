package document

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/prose"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

const (
	// maximumPoints is how many placeholders and links that are broken are kept.
	maximumPoints = 50
	// maximumInFolder is how many documents of a folder are read.
	maximumInFolder = 100
	// maximumLinked is how many other documents are read for what links name in them.
	maximumLinked = 50
)

// readIn reads a document of a place.
func readIn(ctx context.Context, asked string, place place, name string) (document fact.Document, undated, err error) {
	page, err := readWhole(ctx, place, name)
	if err != nil {
		return document, nil, err
	}
	if page == nil {
		return fact.Document{Document: asked, Searched: name + " in " + place.name()}, nil, nil
	}
	text := prose.Read(page.format, page.content)
	document = described(asked, text)
	document.Place, document.Searched = place.label(name), place.name()
	document.Released = place.released()
	l := links{place: place, name: name, own: text, others: make(map[string]*prose.Text)}
	if document.Broken, err = l.broken(ctx); err != nil {
		return document, nil, err
	}
	if document.Owners, document.OwnersFile, err = owners(ctx, place, name); err != nil {
		return document, nil, err
	}
	for _, image := range text.Images {
		if target, inside := l.resolve(image.Text); inside && place.has(target) {
			document.Diagrams++
		}
	}
	document.Changed, undated = place.changed(ctx, name)
	if ctx.Err() != nil {
		return document, nil, context.Cause(ctx)
	}
	if undated != nil {
		undated = fmt.Errorf("date %s: %w", place.label(name), undated)
	}
	return document, undated, nil
}

// readWhole gives the text of a document of a place; nil: it is a link that leads nowhere.
func readWhole(ctx context.Context, place place, name string) (*written, error) {
	content, err := place.read(ctx, name)
	if isNoFile(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", place.label(name), err)
	}
	format, _ := prose.FormatOf(name) // Of a file that was declared: whatever it is called.
	return &written{cmp.Or(format, prose.Plain), content}, nil
}

// described is what is kept of a text.
func described(asked string, text *prose.Text) fact.Document {
	document := fact.Document{Document: asked, Words: text.Words, Diagrams: text.Diagrams, Terms: text.Terms}
	for _, heading := range text.Headings {
		document.Headings = append(document.Headings, fact.DocumentHeading{Text: heading.Text, Words: heading.Words})
	}
	for _, point := range text.Placeholders[:min(len(text.Placeholders), maximumPoints)] {
		document.Placeholders = append(document.Placeholders, fact.DocumentPoint(point))
	}
	return document
}

// fill counts the documents of a folder.
func fill(ctx context.Context, folder *fact.DocumentFolder, place place, dir string, paths []string) error {
	for _, name := range paths {
		if dir != "." && !strings.HasPrefix(name, dir+"/") {
			continue
		}
		format, is := prose.FormatOf(name)
		if own := normal(strings.TrimSuffix(path.Base(name), path.Ext(name))); !is || !sought(name, true) ||
			own == "readme" || own == "index" || own == "template" {
			continue
		}
		if len(folder.Documents) == maximumInFolder {
			folder.More++
			continue
		}
		content, err := place.read(ctx, name)
		if isNoFile(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", place.label(name), err)
		}
		folder.Documents = append(folder.Documents, fact.FolderDocument{
			Path: words.Printable(name, 200), Words: prose.Read(format, content).Words,
		})
	}
	return nil
}

// links are those of a document.
type links struct {
	place  place
	name   string
	own    *prose.Text
	others map[string]*prose.Text // documents that links name something in; nil: cannot be told
}

// broken gives the links and pictures that lead nowhere.
func (l *links) broken(ctx context.Context) (broken []fact.DocumentPoint, err error) {
	for _, point := range append(append([]prose.Point{}, l.own.Links...), l.own.Images...) {
		if len(broken) == maximumPoints {
			break
		}
		lives, err := l.lives(ctx, point.Text)
		if err != nil {
			return nil, err
		}
		if !lives {
			broken = append(broken, fact.DocumentPoint(point))
		}
	}
	return broken, nil
}

// resolve gives the path that a link names within the place; not where it leads elsewhere, or out of it: the pages of a code host
// (../../issues) are there too.
func (l *links) resolve(target string) (string, bool) {
	address, err := url.Parse(target)
	if err != nil || address.Scheme != "" || address.Host != "" || address.Path == "" {
		return "", false
	}
	name := path.Join(path.Dir(l.name), address.Path)
	if path.IsAbs(address.Path) {
		name = strings.TrimPrefix(path.Clean(address.Path), "/")
	}
	return name, name != ".." && !strings.HasPrefix(name, "../")
}

func (l *links) lives(ctx context.Context, target string) (bool, error) {
	address, err := url.Parse(target)
	if err != nil || address.Scheme != "" || address.Host != "" {
		return true, nil //nolint:nilerr // Whether others are there is not asked.
	}
	if address.Path == "" {
		return address.Fragment == "" || hasAnchor(l.own, address.Fragment), nil
	}
	name, inside := l.resolve(target)
	if !inside {
		return true, nil
	}
	if !l.place.has(name) {
		// Wikis and generators of pages have the names of pages without their endings.
		if name += ".md"; path.Ext(address.Path) != "" || !l.place.has(name) {
			return false, nil
		}
	}
	format, is := prose.FormatOf(name)
	if address.Fragment == "" || !is || format != prose.Markdown {
		return true, nil
	}
	text, read := l.others[name]
	if !read && len(l.others) < maximumLinked {
		content, err := l.place.read(ctx, name)
		if err == nil {
			text = prose.Read(format, content)
		} else if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		l.others[name] = text
	}
	return text == nil || hasAnchor(text, address.Fragment), nil
}

// lines are those of a file at a code host.
var lines = regexp.MustCompile(`^L\d+(?:C\d+)?(?:-L?\d+(?:C\d+)?)?$`)

// hasAnchor tells whether a fragment names something. Browsers go to the top for #top; code hosts put a prefix before each.
func hasAnchor(text *prose.Text, fragment string) bool {
	fragment = strings.ReplaceAll(strings.TrimPrefix(fragment, "user-content-"), "\ufe0f", "")
	return text.Anchors[fragment] || text.Anchors[strings.ToLower(fragment)] || strings.EqualFold(fragment, "top") ||
		lines.MatchString(fragment)
}
