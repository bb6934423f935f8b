package world

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// Tables reads the YAML files of the folder of a test, each of which is about the item that it is named after.
func Tables[T any](tb testing.TB, item func(T) string) (tables []T) {
	tb.Helper()
	paths, err := filepath.Glob("*.yaml")
	if err != nil || len(paths) == 0 {
		tb.Fatalf("list the tables of the test: %d files, %v", len(paths), err)
	}
	for _, path := range paths {
		var table T
		content, err := os.ReadFile(path)
		if err == nil {
			err = yaml.Load(content, &table, yaml.WithV4Defaults(), yaml.WithKnownFields())
		}
		if err != nil {
			tb.Fatalf("read the table %s: %v", path, err)
		}
		if name := strings.TrimSuffix(path, ".yaml"); item(table) != name {
			tb.Fatalf("the table %s is about %s", path, item(table))
		}
		tables = append(tables, table)
	}
	return tables
}
