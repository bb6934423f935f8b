package kubernetes

import (
	"bytes"
	"encoding/json"
	"slices"

	"go.yaml.in/yaml/v4"
)

// asDocuments marks off the objects of a file that has several in JSON, one after another, as jq writes them and kubectl reads
// them. What is not in JSON alone stays as it is. Every line stays where it is, but of an object that begins in the line of another.
func asDocuments(content []byte) []byte {
	if !bytes.HasPrefix(bytes.TrimLeft(content, " \t\r\n"), []byte("{")) {
		return content
	}
	var marked bytes.Buffer
	decoder := json.NewDecoder(bytes.NewReader(content))
	objects, begin := 0, int64(0)
	for decoder.More() {
		var object json.RawMessage
		if decoder.Decode(&object) != nil {
			return content
		}
		end := decoder.InputOffset()
		lines := bytes.Count(content[begin:end-int64(len(object))], []byte("\n"))
		if objects > 0 {
			lines = max(lines, 1)
		}
		marked.Write(bytes.Repeat([]byte("\n"), lines))
		marked.WriteString("--- ")
		marked.Write(object)
		objects, begin = objects+1, end
	}
	if objects < 2 {
		return content
	}
	return marked.Bytes()
}

// asYAML11 makes what YAML 1.1 has as true and false so, in place: kubectl, helm and kustomize read yes and off that way, and
// YAML 1.2 as texts (https://yaml.org/type/bool.html).
func asYAML11(node *yaml.Node) {
	for i, each := range node.Content {
		if node.Kind == yaml.MappingNode && i%2 == 0 { // A key is a text whatever it is.
			continue
		}
		if each.Kind != yaml.ScalarNode || each.Style != 0 || each.Tag != "!!str" {
			asYAML11(each)
			continue
		}
		for value, all := range map[string][]string{
			"true":  {"y", "Y", "yes", "Yes", "YES", "on", "On", "ON"},
			"false": {"n", "N", "no", "No", "NO", "off", "Off", "OFF"},
		} {
			if slices.Contains(all, each.Value) {
				each.Tag, each.Value = "!!bool", value
			}
		}
	}
}

// unfilled is the line of a template's {{ }}, which YAML takes for a map that is the key of a map; 0 where there is none.
func unfilled(node *yaml.Node) (line int) {
	for i, each := range node.Content {
		if node.Kind == yaml.MappingNode && i%2 == 0 && each.Kind == yaml.MappingNode && node.Style&yaml.FlowStyle != 0 {
			return each.Line
		}
		if line = unfilled(each); line > 0 {
			return line
		}
	}
	return 0
}
