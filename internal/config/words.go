package config

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// plain words what the YAML library says for people who do not write Go.
func plain(err *yaml.LoadError) string {
	message := err.Message
	if err.Stage != yaml.ConstructorStage {
		if err.ContextMsg != "" {
			message = fmt.Sprintf("%s, %s that begins at line %d", message, err.ContextMsg, err.ContextMark.Line)
		}
		return "this is no YAML: " + message
	}
	if name, isField := strings.CutPrefix(message, "field "); isField {
		if name, _, isUnknown := strings.Cut(name, " not found in type "); isUnknown {
			return fmt.Sprintf("unknown key %q", name)
		}
	}
	if found, isType := strings.CutPrefix(message, "cannot construct "); isType {
		if found, target, isInto := strings.Cut(found, " into "); isInto {
			return fmt.Sprintf("expected %s, found %s", inWords(target), foundInWords(found))
		}
	}
	if quoted, isTime := strings.CutPrefix(message, "parsing time "); isTime {
		if text, unquoted := strconv.QuotedPrefix(quoted); unquoted == nil {
			return fmt.Sprintf("%s is no date or time: expected one like %s", text, dateExamples)
		}
	}
	return message
}

const dateExamples = "2006-01-02 or 2006-01-02T15:04:05Z"

// inWords names a Go type as a user of YAML would.
func inWords(goType string) string {
	switch {
	case strings.HasPrefix(goType, "int"), strings.HasPrefix(goType, "uint"):
		return "a whole number"
	case strings.HasPrefix(goType, "float"):
		return "a number"
	case goType == "bool":
		return "true or false"
	case goType == "string", goType == "checklist.Severity", goType == "checklist.Mode":
		return "a text"
	case strings.HasPrefix(goType, "time.Time"):
		return "a date or time, like " + dateExamples
	case strings.HasPrefix(goType, "quantity.Duration"):
		return "a duration, like 26h or 21d"
	case strings.HasPrefix(goType, "quantity.Bytes"):
		return "a size, like 50GB or 10Gi"
	case strings.HasPrefix(goType, "[]"):
		return "a list"
	default:
		return "keys and values"
	}
}

// foundInWords names a YAML value, such as "!!seq" or "!!str `text`".
func foundInWords(found string) string {
	tag, value, hasValue := strings.Cut(found, " ")
	switch {
	case hasValue:
		return value
	case tag == "!!seq":
		return "a list"
	default:
		return "keys and values"
	}
}
