package certificate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/pki"
	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
	"github.com/readiness-exporter/readiness-exporter/internal/secret"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// maxFiles bounds what one folder or pattern can ask to read.
const maxFiles = 1000

var (
	// certificateName matches files that are named as those with certificates are: what is in them is reported, whatever it is.
	certificateName = regexp.MustCompile(
		`(?i)\.(pem|crt|cer|cert|der|p7b|p7c|p7s|spc|p12|pfx|pkcs12|jks|jceks|keystore|truststore|ca-bundle|bundle|chain|fullchain)$`)
	// keyName matches files that are named as private keys are, which the exporter has no need to read.
	keyName = regexp.MustCompile(`(?i)(^|[._-])(priv(ate)?[._-]?)?key([._-]\d*)?(\.(pem|der|enc))?$|` +
		`\.(key|rsa|p8|pk8|pub)$|^id_(rsa|dsa|ecdsa|ed25519)`)
)

// collectFiles reads a file, or each file of a folder or a pattern. Whatever lies there is a fact or unavailable, but for
// keys and other files that hold no certificate.
func collectFiles(ctx context.Context, target system.Certificate, expectation pki.Expectation) (*fact.Set[fact.Certificate], error) {
	set := &fact.Set[fact.Certificate]{}
	password, err := secret.Read(target.PasswordFile, "")
	if err != nil {
		return nil, err
	}
	path := target.Path
	found, err := list(path)
	if err != nil {
		return nil, err
	}
	for _, each := range found.Unlisted {
		set.Lack(inFile(each.Path), "", each.Err)
	}
	files := found.Files
	if len(files) > maxFiles {
		set.Lack(inFile(path), "", fact.Errorf(fact.ReasonInvalid,
			"read %s: %d files, of which only %d are read; name fewer", path, len(files), maxFiles))
		files = files[:maxFiles]
	}
	for _, file := range files {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("read the files of %s: %w", path, context.Cause(ctx))
		}
		switch err := addFile(set, file, password, expectation); {
		case err == nil:
		case slices.Equal(found.Files, []string{path}):
			return nil, err
		case !isMeant(file, err):
		default:
			set.Lack(inFile(file), "", err)
		}
	}
	if len(set.Facts)+len(set.Unavailable) == 0 {
		return nil, fact.Errorf(fact.ReasonNotFound, "read %s: no file with a certificate", path)
	}
	return set, nil
}

// isMeant tells whether a file of a folder or pattern that gave no certificate should have given one. One that is read
// and is neither PEM nor like a certificate is taken for what its name says.
func isMeant(file string, err error) bool {
	name := filepath.Base(file)
	switch {
	case errors.Is(err, pki.ErrNoCertificate):
		return false
	case certificateName.MatchString(name):
		return !keyName.MatchString(name)
	case keyName.MatchString(name):
		return false
	default:
		return fact.ReasonOf(err) != fact.ReasonInvalid
	}
}

// inFile is what is known of the certificate in a file before it is read.
func inFile(path string) fact.Certificate {
	return fact.Certificate{CertificatePlace: fact.CertificatePlace{Source: fact.CertificateInFile, Name: path}}
}

// addFile reads the certificates of one file. Those that cannot be read are unavailable beside the fact of the others.
func addFile(set *fact.Set[fact.Certificate], path string, password secret.Value, expectation pki.Expectation) error {
	content, err := pki.ReadFile(path)
	if err != nil {
		return err
	}
	contents, err := pki.Parse(content, password.Reveal())
	if err == nil && len(contents.Certificates) == 0 {
		err = contents.Unread[0]
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	expectation.WithKey = contents.WithKey
	set.Add(pki.Describe(inFile(path).CertificatePlace, contents.Certificates, expectation))
	for _, err := range contents.Unread {
		set.Lack(inFile(path), "", fmt.Errorf("read %s: %w", path, err))
	}
	return nil
}

// list gives the files that a path stands for, in alphabetical order: itself, those of the folder it is, or those of
// the pattern it is.
func list(path string) (readfile.Matches, error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return listFolder(path)
	case err == nil || !readfile.IsPattern(path):
		return readfile.Matches{Files: []string{path}}, nil
	}
	found := readfile.Match(path)
	if len(found.Files)+len(found.Unlisted) == 0 {
		return readfile.Matches{}, fact.Errorf(fact.ReasonNotFound, "list %s: no such file", path)
	}
	return found, nil
}

func listFolder(path string) (readfile.Matches, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return readfile.Matches{}, fmt.Errorf("list %s: %w", path, err)
	}
	var found readfile.Matches
	for _, entry := range entries {
		file := filepath.Join(path, entry.Name())
		if !strings.HasPrefix(entry.Name(), ".") && !isFolder(file) {
			found.Files = append(found.Files, file)
		}
	}
	if len(found.Files) == 0 {
		return readfile.Matches{}, fact.Errorf(fact.ReasonNotFound, "list %s: it has no file", path)
	}
	return found, nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
