package docgen

import "reflect"

// Comments gives the comments on the fields of a struct of this module, by their names in Go.
func Comments(root string, t reflect.Type) (map[string]string, error) {
	s := newSources(root)
	return s.of(t).fields, s.err
}
