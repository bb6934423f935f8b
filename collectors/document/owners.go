package document

import (
	"context"
	"fmt"

	"github.com/readiness-exporter/readiness-exporter/internal/codeowners"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// owners gives who owns a file, and the file that says so; empty: there is none.
func owners(ctx context.Context, place place, name string) (found []string, file string, err error) {
	for _, file := range codeowners.Files() {
		content, err := place.read(ctx, file)
		if isNoFile(err) {
			continue
		}
		if err != nil {
			return nil, "", fmt.Errorf("read %s: %w", place.label(file), err)
		}
		for _, owner := range codeowners.Read(file, string(content)).Owners(name) {
			found = append(found, words.Printable(owner, 100))
		}
		return found, file, nil
	}
	return nil, "", nil
}
