package web

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// fieldsOf lays a fact out as a table: each value by the names, as the API has them, that lead to it.
func fieldsOf(fact any) []field {
	var fields []field
	flatten(reflect.ValueOf(fact), "", &fields)
	if more := len(fields) - fieldsShown; more > 0 {
		fields = append(fields[:fieldsShown:fieldsShown], field{"…", fmt.Sprintf("%d more", more)})
	}
	return fields
}

// flatten notes a value, and all within it, under a path. What a type writes as JSON is all there is to show of it: it may
// leave out what is secret.
func flatten(value reflect.Value, path string, into *[]field) {
	if text, one := textOf(value); one {
		*into = append(*into, field{path, text})
		return
	}
	if written, writes := value.Interface().(json.Marshaler); writes {
		value = reflect.ValueOf(shownOf(written))
	}
	switch value.Kind() {
	case reflect.Pointer, reflect.Interface:
		flatten(value.Elem(), path, into)
	case reflect.Struct:
		for i := range value.NumField() {
			if key, _, _ := strings.Cut(value.Type().Field(i).Tag.Get("json"), ","); key != "-" {
				flatten(value.Field(i), within(path, strings.ReplaceAll(key, "_", " ")), into)
			}
		}
	case reflect.Slice, reflect.Array:
		flattenList(value, path, into)
	case reflect.Map:
		keys := value.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		for _, key := range keys {
			flatten(value.MapIndex(key), within(path, fmt.Sprint(key)), into)
		}
	default:
		*into = append(*into, field{path, fmt.Sprint(value)})
	}
}

// shownOf gives what a value writes as JSON.
func shownOf(value json.Marshaler) (shown any) {
	written, err := value.MarshalJSON()
	if err == nil {
		err = json.Unmarshal(written, &shown)
	}
	if err != nil {
		return "cannot be shown: " + err.Error()
	}
	return shown
}

// flattenList notes a list: in one line where each entry is a text or a number.
func flattenList(list reflect.Value, path string, into *[]field) {
	var texts []string
	for i := range list.Len() {
		if text, one := textOf(list.Index(i)); one {
			texts = append(texts, text)
			continue
		}
		flatten(list.Index(i), within(path, strconv.Itoa(i+1)), into)
	}
	if len(texts) > 0 {
		*into = append(*into, field{path, strings.Join(texts, ", ")})
	}
}

func within(path, name string) string {
	if path == "" || name == "" {
		return path + name
	}
	return path + " › " + name
}

// textOf writes a value that is one text, number or time; what is not known, or not there, is none.
func textOf(value reflect.Value) (string, bool) {
	if !value.IsValid() || (value.Kind() == reflect.Pointer || value.Kind() == reflect.Interface) && value.IsNil() ||
		(value.Kind() == reflect.Slice || value.Kind() == reflect.Map) && value.Len() == 0 {
		return "none", true
	}
	switch v := value.Interface().(type) {
	case time.Time:
		if v.IsZero() {
			return "none", true
		}
		return v.UTC().Format("2006-01-02 15:04:05 UTC"), true
	case time.Duration:
		return quantity.Duration(v).String(), true
	case encoding.TextMarshaler:
		text, err := v.MarshalText()
		return string(text), err == nil
	case bool:
		if v {
			return "yes", true
		}
		return "no", true
	}
	switch value.Kind() {
	case reflect.String:
		if value.Len() == 0 {
			return "none", true
		}
		return value.String(), true
	case reflect.Float32, reflect.Float64:
		return strconv.FormatFloat(value.Float(), 'f', -1, 64), true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8,
		reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return fmt.Sprint(value), true
	default:
		return "", false
	}
}
