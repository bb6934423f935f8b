package checklist

import _ "embed"

//go:embed production.yaml
var production string

// Production is the built-in checklist as YAML, for the config package to read. The bytes are the caller's.
func Production() []byte { return []byte(production) }
