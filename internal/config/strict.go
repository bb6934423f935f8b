package config

import (
	"encoding"
	"reflect"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// A comparison finds where what is written does not fit the Go type that it is decoded into: unknown keys, and values of
// another sort than is expected. What it passes can be decoded.
type comparison struct {
	doc    *document
	errors Errors
	// done has the anchored nodes that were compared, each with its type: an alias may stand anywhere, even within itself.
	done map[anchored]bool
}

type anchored struct {
	node *yaml.Node
	with reflect.Type
}

// compare gives what does not fit the type of what is decoded into, and notes the lines of it as unreadable.
func (d *document) compare(node *yaml.Node, into any) Errors {
	c := comparison{doc: d, done: make(map[anchored]bool)}
	c.value(node, reflect.TypeOf(into))
	for _, each := range c.errors {
		d.unreadable[each.Line] = true
	}
	return c.errors
}

func (c *comparison) value(node *yaml.Node, with reflect.Type) {
	for with.Kind() == reflect.Pointer {
		with = with.Elem()
	}
	if node.Kind == yaml.AliasNode {
		if each := (anchored{node.Alias, with}); !c.done[each] {
			c.done[each] = true
			c.value(node.Alias, with)
		}
		return
	}
	switch {
	case with == reflect.TypeFor[yaml.Node](), with.Kind() == reflect.Interface, isNull(node):
	case with != reflect.TypeFor[time.Time]() && reflect.PointerTo(with).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) &&
		(with.Kind() != reflect.Struct || node.Kind != yaml.MappingNode): // What is a text in short can be keys and values in full.
		c.text(node, with)
	case with == reflect.TypeFor[time.Time]():
		unquoteDate(node)
		c.scalar(node, with)
	case with.Kind() == reflect.Struct:
		c.fields(node, with)
	case with.Kind() == reflect.Map:
		c.entries(node, with)
	case with.Kind() == reflect.Slice:
		c.list(node, with)
	default:
		c.scalar(node, with)
	}
}

func isNull(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null" }

// text compares a scalar that its own type reads.
func (c *comparison) text(node *yaml.Node, with reflect.Type) {
	if node.Kind != yaml.ScalarNode {
		c.expected(node, with)
		return
	}
	if err := reflect.New(with).Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(node.Value)); err != nil {
		c.errors = append(c.errors, c.doc.put(node, mistake.Mistake{Message: err.Error(), Public: mistake.Public(err)}))
	}
}

func (c *comparison) scalar(node *yaml.Node, with reflect.Type) {
	if node.Kind != yaml.ScalarNode || node.Load(reflect.New(with).Interface(), decoding()...) != nil {
		c.expected(node, with)
	}
}

// unquoteDate makes a date of a text where one is expected: programs that write YAML, such as Helm, quote dates.
func unquoteDate(node *yaml.Node) {
	date := *node
	date.Tag, date.Style = "!!timestamp", 0
	if node.Kind == yaml.ScalarNode && node.ShortTag() == "!!str" && date.Load(&time.Time{}, decoding()...) == nil {
		*node = date
	}
}

func (c *comparison) list(node *yaml.Node, with reflect.Type) {
	if node.Kind != yaml.SequenceNode {
		c.expected(node, with)
		return
	}
	for _, each := range node.Content {
		// A key without a value is as one that is left out; an entry of a list is there for something.
		if kind := with.Elem().Kind(); isNull(each) && kind != reflect.Struct && kind != reflect.Pointer {
			c.errors = append(c.errors, c.doc.at(each, "expected %s, found nothing", inWords(with.Elem())))
			continue
		}
		c.value(each, with.Elem())
	}
}

func (c *comparison) entries(node *yaml.Node, with reflect.Type) {
	if node.Kind != yaml.MappingNode {
		c.expected(node, with)
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		c.scalar(node.Content[i], with.Key())
		c.value(node.Content[i+1], with.Elem())
	}
}

func (c *comparison) fields(node *yaml.Node, with reflect.Type) {
	if node.Kind != yaml.MappingNode {
		c.expected(node, with)
		return
	}
	known := make(map[string]reflect.Type)
	names := fieldsOf(with, known)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if field, there := known[key.Value]; there && key.Kind == yaml.ScalarNode {
			c.value(node.Content[i+1], field)
			continue
		}
		if key.Kind == yaml.ScalarNode {
			c.errors = append(c.errors, c.doc.at(key, "unknown key %q%s", key.Value, words.Suggestion(key.Value, names)))
		} else {
			c.errors = append(c.errors, c.doc.at(key, "expected the name of a key, found %s", sortOf(key)))
		}
	}
}

// fieldsOf gives the types of a struct's fields by their keys, and the keys in their order.
func fieldsOf(of reflect.Type, types map[string]reflect.Type) (names []string) {
	for i := range of.NumField() {
		field := of.Field(i)
		name, flags, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		switch {
		case name == "-", !field.IsExported():
		case flags == "inline":
			names = append(names, fieldsOf(field.Type, types)...)
		default:
			if name == "" {
				name = strings.ToLower(field.Name)
			}
			types[name] = field.Type
			names = append(names, name)
		}
	}
	return names
}

func (c *comparison) expected(node *yaml.Node, with reflect.Type) {
	if node.Kind == yaml.ScalarNode {
		c.errors = append(c.errors, c.doc.at(node, "expected %s, found %q", inWords(with), mistake.Clip(node.Value)))
	} else {
		c.errors = append(c.errors, c.doc.at(node, "expected %s, found %s", inWords(with), sortOf(node)))
	}
}

const dateExamples = "2006-01-02 or 2006-01-02T15:04:05Z"

// inWords names a type as a user of YAML would.
func inWords(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[time.Time]():
		return "a date or time, like " + dateExamples
	case reflect.TypeFor[quantity.Duration]():
		return "a duration, like 26h or 21d"
	case reflect.TypeFor[quantity.Bytes]():
		return "a size, like 50GB or 10Gi"
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "keys and values"
	default:
		return "a text"
	}
}

// sortOf names what stands in place of a single value.
func sortOf(node *yaml.Node) string {
	if node.Kind == yaml.MappingNode {
		return "keys and values"
	}
	return "a list"
}
