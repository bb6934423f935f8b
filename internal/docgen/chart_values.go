package docgen

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v4"
)

// A value is one of the chart's, as values.yaml has it.
type value struct {
	key, meaning string
	node         *yaml.Node
	named        string             // the schema that it has by name, such as config
	own          *jsonschema.Schema // what values.yaml says of its schema
	children     []*value
}

// schemaMark begins the comment that says what the schema of a value is: JSON, or the name of a schema.
const schemaMark = "@schema "

func readValues(written []byte) (*value, error) {
	var document yaml.Node
	if err := yaml.Load(written, &document); err != nil {
		return nil, err //nolint:wrapcheck // The caller says what it is.
	}
	root := &value{node: &document}
	if document.Kind == yaml.DocumentNode {
		root.node = document.Content[0]
	}
	return root, root.read()
}

// read reads the keys of a mapping, and those below, unless their schema has a name.
func (v *value) read() error {
	if v.node.Kind != yaml.MappingNode || v.named != "" {
		return nil
	}
	for i := 0; i < len(v.node.Content); i += 2 {
		key, node := v.node.Content[i], v.node.Content[i+1]
		child := &value{key: key.Value, node: node}
		if err := child.readComment(key.HeadComment); err != nil {
			return fmt.Errorf("line %d: %w", key.Line, err)
		}
		if err := child.read(); err != nil {
			return err
		}
		v.children = append(v.children, child)
	}
	return nil
}

func (v *value) readComment(comment string) error {
	// A blank line ends what was said of something else.
	paragraphs := strings.Split(comment, "\n\n")
	var words []string
	for line := range strings.Lines(paragraphs[len(paragraphs)-1]) {
		line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "#"))
		schema, is := strings.CutPrefix(line, schemaMark)
		switch {
		case !is:
			words = append(words, line)
		case strings.HasPrefix(schema, "{"):
			v.own = &jsonschema.Schema{}
			if err := json.Unmarshal([]byte(schema), v.own); err != nil {
				return fmt.Errorf("the schema of %s: %w", v.key, err)
			}
		default:
			v.named = schema
		}
	}
	v.meaning = strings.Join(words, " ")
	return nil
}

// schema is strict: a key that is not among the values is a mistake. An empty object may have any key.
func (v *value) schema(named map[string]*jsonschema.Schema) *jsonschema.Schema {
	schema := &jsonschema.Schema{}
	if v.named != "" {
		copied := *named[v.named]
		schema = &copied
	}
	if v.own != nil {
		schema = v.own
	}
	if v.meaning != "" {
		schema.Description = v.meaning
	}
	if schema.Type == "" && schema.AnyOf == nil {
		schema.Type = typeOf(v.node)
	}
	if len(v.children) > 0 && schema.AdditionalProperties == nil {
		schema.Properties, schema.AdditionalProperties = jsonschema.NewProperties(), jsonschema.FalseSchema
		for _, child := range v.children {
			schema.Properties.Set(child.key, child.schema(named))
		}
	}
	return schema
}

func typeOf(node *yaml.Node) string {
	switch {
	case node.Kind == yaml.MappingNode:
		return "object"
	case node.Kind == yaml.SequenceNode:
		return "array"
	case node.Tag == "!!bool":
		return "boolean"
	case node.Tag == "!!int":
		return "integer"
	default:
		return "string"
	}
}

// rows are the lines of the table of values: one for each that has no keys of its own.
func (v *value) rows(above string, rows *[][]string) {
	for _, child := range v.children {
		path := above + child.key
		if len(child.children) > 0 && (child.own == nil || child.own.AdditionalProperties == nil) {
			if child.meaning != "" {
				*rows = append(*rows, []string{code(path), "", child.meaning})
			}
			child.rows(path+".", rows)
			continue
		}
		*rows = append(*rows, []string{code(path), code(marshalled(child.node)), child.meaning})
	}
}
