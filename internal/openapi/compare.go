package openapi

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A Part is a part of documents that can differ for reasons of its own.
type Part string

// The parts of a document.
const (
	// Contract is what clients rely on.
	Contract Part = "contract"
	// Servers is where the API is served: servers; host, basePath and schemes of Swagger.
	Servers Part = "servers"
	// Descriptions is what is there for people alone: descriptions, summaries, titles, examples.
	Descriptions Part = "descriptions"
	// Extensions is what begins with x-, which gateways and generators add.
	Extensions Part = "extensions"
)

// A Difference is a value that two documents do not share.
type Difference struct {
	Pointer string // where it is (RFC 6901), without its value
	Part    Part
}

// Differences are those between two documents, in the order of their pointers: neither the order of keys nor the way in which numbers
// are written is one. At a value that only one document has, nothing deeper is reported.
func Differences(a, b *Document) []Difference {
	c := comparison{}
	c.compare(place{}, a.root, b.root)
	return c.found
}

// A place is where a value is in a document.
type place struct {
	pointer string
	key     string // the last of the pointer, where it is a key of the specification and no name that somebody chose
	part    Part
	names   bool // the keys of the object are names that somebody chose
	data    bool // it is data, and no key in it is one of the specification
}

// namedBy are the keys of the specifications whose objects have names for keys: a property named description is none.
func namedBy(key string) bool {
	return slices.Contains([]string{
		"properties", "patternProperties", "dependentSchemas", "$defs", "definitions", "schemas", "responses", "parameters", "examples",
		"requestBodies", "headers", "securitySchemes", "securityDefinitions", "links", "callbacks", "pathItems", "paths", "webhooks",
		"content", "encoding", "variables", "mapping", "scopes", "dependentRequired", "mediaTypes",
	}, key)
}

// isData tells keys of which the value is data of the API.
func isData(key string) bool {
	return slices.Contains([]string{"example", "value", "default", "enum", "const"}, key) || strings.HasPrefix(key, "x-")
}

// partOf gives the part that a key begins.
func partOf(key string, top bool) Part {
	switch key {
	case "servers":
		return Servers
	case "host", "basePath", "schemes":
		if top {
			return Servers
		}
	case "description", "summary", "title", "example", "examples", "externalDocs":
		return Descriptions
	}
	if strings.HasPrefix(key, "x-") {
		return Extensions
	}
	return Contract
}

// child is the place of a member of an object.
func (p place) child(name string) place {
	next := place{pointer: p.pointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name), part: p.part, data: p.data}
	if p.names || p.data {
		return next
	}
	next.key, next.names, next.data = name, namedBy(name), isData(name)
	if next.part == "" || next.part == Contract {
		next.part = partOf(name, p.pointer == "")
	}
	return next
}

// item is the place of an element of a list. What an object in it has are keys of the specification again, but in examples of a schema.
func (p place) item(at int) place {
	return place{pointer: p.pointer + "/" + strconv.Itoa(at), part: p.part, data: p.data || p.key == "examples"}
}

// walk visits every value of a document but data, in the order of pointers.
func walk(root any, visit func(place, any)) { visitAt(place{}, root, visit) }

func visitAt(at place, value any, visit func(place, any)) {
	if at.data {
		return
	}
	visit(at, value)
	switch value := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			visitAt(at.child(name), value[name], visit)
		}
	case []any:
		for i, each := range value {
			visitAt(at.item(i), each, visit)
		}
	}
}

type comparison struct{ found []Difference }

func (c *comparison) differ(at place) {
	c.found = append(c.found, Difference{Pointer: at.pointer, Part: at.part})
}

func (c *comparison) compare(at place, a, b any) {
	switch a := a.(type) {
	case map[string]any:
		if b, same := b.(map[string]any); same {
			c.objects(at, a, b)
			return
		}
	case []any:
		if b, same := b.([]any); same {
			c.lists(at, a, b)
			return
		}
	case json.Number:
		if b, same := b.(json.Number); same && equalNumbers(a, b) {
			return
		}
	default:
		if _, object := b.(map[string]any); object {
			break
		}
		if _, list := b.([]any); !list && a == b {
			return
		}
	}
	c.differ(at)
}

func (c *comparison) objects(at place, a, b map[string]any) {
	names := slices.Sorted(maps.Keys(a))
	for name := range b {
		if _, both := a[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		ofA, inA := a[name]
		ofB, inB := b[name]
		if inA && inB {
			c.compare(at.child(name), ofA, ofB)
		} else {
			c.differ(at.child(name))
		}
	}
}

func (c *comparison) lists(at place, a, b []any) {
	if isSet(at) {
		a, b = ordered(a), ordered(b)
	}
	for i := range max(len(a), len(b)) {
		if i < len(a) && i < len(b) {
			c.compare(at.item(i), a[i], b[i])
		} else {
			c.differ(at.item(i))
		}
	}
}

// isSet tells lists whose order says nothing.
func isSet(at place) bool {
	return !at.data && slices.Contains([]string{"required", "tags", "consumes", "produces", "schemes", "type"}, at.key)
}

// ordered puts texts in their order; a list with anything else stays as it is.
func ordered(list []any) []any {
	texts := make([]string, len(list))
	for i, each := range list {
		is := false
		if texts[i], is = each.(string); !is {
			return list
		}
	}
	slices.Sort(texts)
	sorted := make([]any, len(texts))
	for i, each := range texts {
		sorted[i] = each
	}
	return sorted
}

// equalNumbers tells whether two numbers are one, however they are written.
func equalNumbers(a, b json.Number) bool {
	if a == b {
		return true
	}
	wholeA, errA := a.Int64()
	wholeB, errB := b.Int64()
	if errA == nil && errB == nil {
		return wholeA == wholeB
	}
	realA, errA := a.Float64()
	realB, errB := b.Float64()
	return errA == nil && errB == nil && realA == realB
}
