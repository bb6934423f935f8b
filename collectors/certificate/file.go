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

// collectFiles reads a file, or each file of a folder or a pattern. Of a folder and a pattern, files with keys and
// nothing else are none that were meant.
func collectFiles(ctx context.Context, path string, expectation pki.Expectation) (*fact.Set[fact.Certificate], error) {
	set := &fact.Set[fact.Certificate]{}
	files, err := list(path)
	if err != nil {
		return nil, err
	}
	if slices.Equal(files, []string{path}) {
		f, err := readCertificate(path, expectation)
		if err != nil {
			return nil, err
		}
		set.Add(f)
		return set, nil
	}
	if len(files) > maxFiles {
		set.Lack(inFile(path), "", fact.Errorf(fact.ReasonInvalid,
			"read %s: %d files, of which only %d are read; name fewer", path, len(files), maxFiles))
		files = files[:maxFiles]
	}
	for _, file := range files {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("read the files of %s: %w", path, context.Cause(ctx))
		}
		f, err := readCertificate(file, expectation)
		switch {
		case err == nil:
			set.Add(f)
		case !errors.Is(err, pki.ErrNoCertificate):
			set.Lack(inFile(file), "", err)
		}
	}
	if len(set.Facts)+len(set.Unavailable) == 0 {
		return nil, fact.Errorf(fact.ReasonNotFound, "read %s: no file with a certificate", path)
	}
	return set, nil
}

// inFile is what is known of the certificate in a file before it is read.
func inFile(path string) fact.Certificate {
	return fact.Certificate{CertificatePlace: fact.CertificatePlace{Source: fact.CertificateInFile, Name: path}}
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
		return nil, fact.Errorf(fact.ReasonInvalid, "list %s: %w", path, err)
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
		return fmt.Errorf("list %s: %w", pattern, err)
	}
	_ = opened.Close() // Nothing was written.
	return fact.Errorf(fact.ReasonNotFound, "list %s: no such file", pattern)
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
		return nil, fact.Errorf(fact.ReasonNotFound, "list %s: no file *.pem, *.crt or *.cer", path)
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
	return pki.Describe(inFile(path).CertificatePlace, chain, expectation), nil
}
