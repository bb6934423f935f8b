package endpoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/jsonrule"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// expectations are those of a description, compiled.
type expectations struct {
	headers map[string]*regexp.Regexp
	body    *regexp.Regexp
	json    *jsonrule.Rule
}

func compile(declared system.EndpointExpectation) (all expectations, err error) {
	all.headers = make(map[string]*regexp.Regexp, len(declared.Headers))
	for name, pattern := range declared.Headers {
		if all.headers[name], err = regexp.Compile(pattern); err != nil {
			return all, fmt.Errorf("read the expectation of the header %s: %w", name, err)
		}
	}
	if declared.Body != "" {
		if all.body, err = regexp.Compile(declared.Body); err != nil {
			return all, fmt.Errorf("read the expectation of the body: %w", err)
		}
	}
	if declared.JSON != "" {
		if all.json, err = jsonrule.Compile(declared.JSON); err != nil {
			return all, fmt.Errorf("read the expectation of JSON: %w", err)
		}
	}
	return all, nil
}

// unmet are the expectations that an answer does not meet, those of headers first. Of a body that is cut nothing is said but what
// its beginning tells.
func (w *walk) unmet(ctx context.Context, header http.Header, body []byte, cut bool) (unmet []fact.EndpointExpectation) {
	e := w.expected
	for _, name := range slices.Sorted(maps.Keys(e.headers)) {
		if !slices.ContainsFunc(header.Values(name), e.headers[name].MatchString) {
			unmet = append(unmet, fact.EndpointExpectation{Header: name, Pattern: e.headers[name].String()})
		}
	}
	if e.body != nil && !e.body.Match(body) {
		unmet = append(unmet, fact.EndpointExpectation{Pattern: e.body.String()})
	}
	if e.json == nil || cut {
		return unmet
	}
	switch held, err := e.json.Holds(ctx, body); {
	case err != nil:
		unmet = append(unmet, fact.EndpointExpectation{JSON: e.json.String(), Fault: words.Excerpt(w.login.Redact(err.Error()))})
	case !held:
		unmet = append(unmet, fact.EndpointExpectation{JSON: e.json.String()})
	}
	return unmet
}

func (c *client) isPage() bool {
	return slices.Contains(fact.PublishedPages(), c.target.DeclaredPurpose())
}

// page reads what people can read of an answer; nil where it is no text, such as a PDF.
func page(contentType string, body []byte) *fact.EndpointPage {
	media, _, err := mime.ParseMediaType(contentType)
	switch {
	case err != nil:
		return nil
	case media == "text/html", media == "application/xhtml+xml":
		return pageOfHTML(body)
	case strings.HasPrefix(media, "text/"):
		return &fact.EndpointPage{Characters: readable(string(body))}
	default:
		return nil
	}
}

func pageOfHTML(body []byte) *fact.EndpointPage {
	root, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		return nil
	}
	read := &fact.EndpointPage{}
	for node := range root.Descendants() {
		switch {
		case node.Type == html.ElementNode && node.DataAtom == atom.Script:
			read.Scripted = true
		case node.Type == html.TextNode && !hidden(node):
			read.Characters += readable(node.Data)
		}
	}
	return read
}

// hidden tells whether nobody reads a text.
func hidden(text *html.Node) bool {
	unread := []atom.Atom{atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Head}
	for element := range text.Ancestors() {
		if slices.Contains(unread, element.DataAtom) {
			return true
		}
	}
	return false
}

// readable counts the characters of a text, where blanks that follow each other are one.
func readable(text string) int {
	return utf8.RuneCountInString(strings.Join(strings.FieldsFunc(text, unicode.IsSpace), " "))
}

// exposition reads an answer as Prometheus does, by its type.
func (w *walk) exposition(contentType string, body []byte) *fact.EndpointExposition {
	read := &fact.EndpointExposition{Typed: len(body) > 0 && isExposition(contentType)}
	var unended error
	if isOpenMetrics(contentType) {
		body, unended = textOf(body)
	}
	families, err := countFamilies(body)
	if err == nil && unended != nil {
		read.Fault = unended.Error()
	}
	if err != nil {
		read.Fault = words.Excerpt(w.login.Redact(err.Error()))
		// What is read of the line at fault is none: a text may begin with a word and a number, too.
		families, _ = countFamilies(beforeFault(body, err))
	}
	read.Families = families
	return read
}

func countFamilies(body []byte) (int, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(body))
	return len(families), err
}

// beforeFault has the lines before that at which reading ended.
func beforeFault(body []byte, err error) []byte {
	var fault expfmt.ParseError
	if !errors.As(err, &fault) {
		return nil
	}
	end := 0
	for range fault.Line - 1 {
		next := bytes.IndexByte(body[end:], '\n')
		if next < 0 {
			break
		}
		end += next + 1
	}
	return body[:end]
}

// isExposition tells the types that only expositions have.
func isExposition(contentType string) bool {
	media, parameters, err := mime.ParseMediaType(contentType)
	switch {
	case err != nil:
		return false
	case media == "text/plain":
		return parameters["version"] != ""
	default:
		return media == expfmt.OpenMetricsType || media == expfmt.ProtoType
	}
}
