package certificate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/pki"
)

// maxFiles bounds what one folder or pattern can ask to read.
const maxFiles = 1000

// lookAtPath reads a file, or each file of a folder or a pattern. Of a folder and a pattern, files with keys and
// nothing else are none that were meant.
func lookAtPath(ctx context.Context, path string, expectation pki.Expectation) (fact.Batch[fact.Certificate], error) {
	var batch fact.Batch[fact.Certificate]
	files, err := list(path)
	if err != nil {
		return batch, err
	}
	if slices.Equal(files, []string{path}) {
		f, err := readCertificate(path, expectation)
		if err != nil {
			return batch, err
		}
		batch.Facts = append(batch.Facts, f)
		return batch, nil
	}
	if len(files) > maxFiles {
		batch.Missed = append(batch.Missed, fact.Miss(path, fact.Errorf(fact.ReasonInvalid,
			"look at %s: %d files, of which only %d are read; name fewer", path, len(files), maxFiles)))
		files = files[:maxFiles]
	}
	for _, file := range files {
		if ctx.Err() != nil {
			return batch, fmt.Errorf("read the files of %s: %w", path, context.Cause(ctx))
		}
		f, err := readCertificate(file, expectation)
		switch {
		case err == nil:
			batch.Facts = append(batch.Facts, f)
		case !errors.Is(err, pki.ErrNoCertificate):
			batch.Missed = append(batch.Missed, fact.Miss(file, err))
		}
	}
	if len(batch.Facts)+len(batch.Missed) == 0 {
		return batch, fact.Errorf(fact.ReasonNotFound, "look at %s: no file with a certificate", path)
	}
	return batch, nil
}

// list gives the files that a path stands for, in alphabetical order: itself, those of the folder it is, or those of
// the pattern it is.
func list(path string) ([]string, error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return listFolder(path)
	case err == nil || !isPattern(path):
		return []string{path}, nil
	}
	files, err := filepath.Glob(path)
	if err != nil {
		return nil, fact.Errorf(fact.ReasonInvalid, "look for %s: %w", path, err)
	}
	files = slices.DeleteFunc(files, isFolder)
	if len(files) == 0 {
		return nil, whyNone(path)
	}
	return files, nil
}

func isPattern(path string) bool { return strings.ContainsAny(path, `*?[\`) }

// whyNone says why a pattern matches nothing: a folder that cannot be read looks empty to patterns.
func whyNone(pattern string) error {
	folder := pattern
	for isPattern(folder) {
		folder = filepath.Dir(folder)
	}
	opened, err := os.Open(folder)
	if err != nil {
		return fmt.Errorf("look for %s: %w", pattern, err)
	}
	_ = opened.Close() // Nothing was written.
	return fact.Errorf(fact.ReasonNotFound, "look for %s: no such file", pattern)
}

func listFolder(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", path, err)
	}
	var files []string
	for _, entry := range entries {
		file := filepath.Join(path, entry.Name())
		if slices.Contains([]string{".pem", ".crt", ".cer"}, filepath.Ext(file)) && !isFolder(file) {
			files = append(files, file)
		}
	}
	if len(files) == 0 {
		return nil, fact.Errorf(fact.ReasonNotFound, "look into %s: no file *.pem, *.crt or *.cer", path)
	}
	return files, nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func readCertificate(path string, expectation pki.Expectation) (fact.Certificate, error) {
	content, err := readFile(path)
	if err != nil {
		return fact.Certificate{}, fmt.Errorf("read %s: %w", path, err)
	}
	chain, err := pki.ParsePEM(content)
	if err != nil {
		return fact.Certificate{}, fmt.Errorf("read %s: %w", path, err)
	}
	return pki.Describe(fact.CertificatePlace{Source: fact.CertificateInFile, Name: path}, chain, expectation), nil
}
