package docgen

import (
	"errors"
	"fmt"
	"go/ast"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const module = "github.com/readiness-exporter/readiness-exporter"

// sources are the comments on types and fields in the code of this module.
type sources struct {
	root     string
	packages map[string]map[string]comments // by import path and type
	err      error                          // of packages that could not be read
}

// comments are what is written above a struct, and above or behind its fields.
type comments struct {
	text   string
	fields map[string]string
}

func newSources(root string) *sources {
	return &sources{root: root, packages: make(map[string]map[string]comments)}
}

// of gives the comments on a struct, in the words of YAML.
func (s *sources) of(t reflect.Type) comments {
	folder, within := strings.CutPrefix(t.PkgPath(), module)
	if !within || t.Kind() != reflect.Struct {
		return comments{}
	}
	if s.packages[t.PkgPath()] == nil {
		read, err := readPackage(filepath.Join(s.root, filepath.FromSlash(folder)))
		s.err = errors.Join(s.err, err)
		s.packages[t.PkgPath()] = read
	}
	found := s.packages[t.PkgPath()][t.Name()]
	worded := comments{text: sentence(inKeys(withoutName(found.text, t.Name()), t)), fields: make(map[string]string)}
	for name, text := range found.fields {
		worded.fields[name] = sentence(inKeys(withoutName(text, name), t))
	}
	return worded
}

func readPackage(folder string) (map[string]comments, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("read comments: %w", err)
	}
	found := make(map[string]comments)
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(folder, entry.Name()), nil, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("read comments: %w", err)
		}
		for _, declaration := range file.Decls {
			if types, are := declaration.(*ast.GenDecl); are {
				readTypes(types, found)
			}
		}
	}
	return found, nil
}

func readTypes(declaration *ast.GenDecl, found map[string]comments) {
	for _, spec := range declaration.Specs {
		declared, isType := spec.(*ast.TypeSpec)
		if !isType {
			continue
		}
		structure, isStruct := declared.Type.(*ast.StructType)
		if !isStruct {
			continue
		}
		text := declaration.Doc.Text()
		if declared.Doc != nil {
			text = declared.Doc.Text()
		}
		fields := make(map[string]string)
		for _, field := range structure.Fields.List {
			for _, name := range field.Names {
				fields[name.Name] = strings.Join(strings.Fields(field.Doc.Text()+" "+field.Comment.Text()), " ")
			}
		}
		found[declared.Name.Name] = comments{text: plainText(text), fields: fields}
	}
}

// plainText is a comment as Go's own documentation shows it, a line for each paragraph.
func plainText(text string) string {
	var parser comment.Parser
	printer := comment.Printer{TextWidth: -1}
	return strings.TrimSpace(string(printer.Text(parser.Parse(text))))
}

var capitalized = regexp.MustCompile(`\b[A-Z][A-Za-z0-9]+\b`)

// inKeys says of fields what they are called in YAML.
func inKeys(text string, t reflect.Type) string {
	return capitalized.ReplaceAllStringFunc(text, func(word string) string {
		field, isField := t.FieldByName(word)
		if key := keyOf(field); isField && key != "" && word != t.Name() {
			return key
		}
		return word
	})
}

// keyOf is what a field is called in YAML; "" where it is not in it.
func keyOf(field reflect.StructField) string {
	key, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
	return key
}

var article = regexp.MustCompile(`^(A|An) `)

// withoutName takes away the name of what is described, with which comments in Go begin.
func withoutName(text, name string) string {
	rest, named := strings.CutPrefix(article.ReplaceAllString(text, ""), name)
	if !named {
		return text
	}
	for _, verb := range []string{" is ", " are ", ": "} {
		if after, found := strings.CutPrefix(rest, verb); found {
			return after
		}
	}
	if strings.HasSuffix(name, "Parameters") {
		return "They" + rest
	}
	return strings.TrimSpace(rest)
}

// sentence begins a text with a capital, unless it begins with what stands in YAML, and ends it with a period.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(text)
	word, _, _ := strings.Cut(text, " ")
	if !strings.ContainsAny(strings.TrimSuffix(word, ":"), "_:") {
		text = string(unicode.ToUpper(first)) + text[size:]
	}
	if last, _ := utf8.DecodeLastRuneInString(text); !strings.ContainsRune(".!?…", last) {
		text += "."
	}
	return text
}
