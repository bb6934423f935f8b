package prose

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// fragment reads HTML that stands within another format: what can be linked to, and what it links to.
func (r *reader) fragment(line int, content []byte) {
	tokens := html.NewTokenizer(bytes.NewReader(content))
	for {
		switch kind := tokens.Next(); kind { //nolint:exhaustive // Of the others nothing is wanted.
		case html.ErrorToken:
			return
		case html.TextToken:
			r.say(line, string(tokens.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			r.element(line, tokens.Token())
		}
	}
}

// element notes the anchors, links and pictures of an element.
func (r *reader) element(line int, element html.Token) {
	for _, attribute := range element.Attr {
		switch {
		case attribute.Key == "id", attribute.Key == "name" && element.DataAtom == atom.A:
			r.anchor(attribute.Val)
		case attribute.Key == "href" && element.DataAtom == atom.A:
			r.link(line, attribute.Val)
		case attribute.Key == "src" && element.DataAtom == atom.Img:
			r.image(line, attribute.Val)
		}
	}
}

// html reads a page, or what Confluence stores of one.
func (r *reader) html(content []byte) {
	tokens := html.NewTokenizer(bytes.NewReader(content))
	tokens.SetMaxBuf(1 << 20)
	p := page{reader: r, line: 1}
	for {
		kind := tokens.Next()
		raw := bytes.Count(tokens.Raw(), []byte("\n"))
		if kind == html.ErrorToken {
			p.flush()
			if !errors.Is(tokens.Err(), io.EOF) {
				return // What follows a token that is too long is not read.
			}
			return
		}
		p.token(kind, tokens.Token())
		p.line += raw
	}
}

// A page is what is being read of one.
type page struct {
	*reader
	line    int
	level   int    // of the heading that is read; 0: none is
	hidden  string // the element whose text nobody reads
	code    string // the element that holds code
	pending strings.Builder
}

func (p *page) token(kind html.TokenType, token html.Token) {
	switch {
	case p.hidden != "":
		if kind == html.EndTagToken && token.Data == p.hidden {
			p.hidden = ""
		}
	case kind == html.TextToken:
		p.pending.WriteString(token.Data)
		if p.code != "" {
			p.reader.code(token.Data)
		}
	case kind == html.EndTagToken:
		p.end(token)
	case kind == html.StartTagToken, kind == html.SelfClosingTagToken:
		p.start(kind, token)
	}
}

func (p *page) start(kind html.TokenType, token html.Token) {
	p.element(p.line, token)
	switch token.Data {
	case "script", "style", "noscript", "template", "head", "nav", "footer", "aside", "ac:parameter", "ac:placeholder":
		if kind == html.StartTagToken {
			p.hidden = token.Data
		}
	case "h1", "h2", "h3", "h4", "h5", "h6":
		p.flush()
		p.level = int(token.Data[1] - '0')
	case "code", "pre", "ac:plain-text-body":
		p.code = token.Data
	case "ac:image":
		p.text.Images = keep(p.text.Images, p.line, "attachment:")
	case "ac:structured-macro":
		p.macro(token)
	case "p", "div", "li", "td", "th", "tr", "br", "section", "blockquote":
		p.flush()
	}
}

// macro notes a diagram that Confluence draws.
func (p *page) macro(token html.Token) {
	for _, attribute := range token.Attr {
		if attribute.Key == "ac:name" && strings.Contains("drawio inc-drawio mermaid mermaid-cloud plantuml gliffy graphviz", attribute.Val) {
			p.text.Diagrams++
		}
	}
}

func (p *page) end(token html.Token) {
	switch token.Data {
	case "h1", "h2", "h3", "h4", "h5", "h6":
		p.heading(p.level, p.pending.String())
		p.pending.Reset()
		p.level = 0
	case p.code:
		p.code = ""
	case "p", "div", "li", "td", "th", "tr", "section", "blockquote", "table", "ul", "ol":
		p.flush()
	}
}

// flush notes the text that was read.
func (p *page) flush() {
	if text := strings.Join(strings.Fields(p.pending.String()), " "); text != "" {
		p.say(p.line, text)
	}
	p.pending.Reset()
}
