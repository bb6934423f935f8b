// Package rpm reads what rpm has installed, by the files of its database alone: SQLite (Fedora, Amazon Linux 2023, Red Hat's of 9 and
// later) and the hash of Berkeley DB (Red Hat's of 8, Amazon Linux 2). SUSE's own format is not read. Nothing is run, locked or
// written; what changes while it is read is an error, as is what has another form than it should.
package rpm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
)

// The files of databases.
const (
	sqliteName   = "rpmdb.sqlite"
	ndbName      = "Packages.db"
	berkeleyName = "Packages"
)

// The bounds of what is read, and how often that is tried while somebody writes.
const (
	maximumDatabase = 4 << 30
	maximumPackages = 100_000
	attempts        = 3
)

// Find gives the name of the database of a machine; empty: it has none.
func Find(files fs.FS) string {
	for _, folder := range []string{"usr/lib/sysimage/rpm", "var/lib/rpm"} {
		for _, name := range []string{sqliteName, ndbName, berkeleyName} {
			if name = path.Join(folder, name); rootfs.Exists(files, name) {
				return name
			}
		}
	}
	return ""
}

// State tells one state of a database from another.
func State(files fs.FS, name string) (string, error) {
	var state strings.Builder
	for _, each := range []string{name, name + "-wal", name + "-journal"} {
		about, err := fs.Stat(files, each)
		switch {
		case errors.Is(err, fs.ErrNotExist) && each != name:
			continue
		case err != nil:
			return "", unreadable(each, err)
		}
		fmt.Fprintf(&state, "%s %d %s\n", each, about.Size(), about.ModTime().Format(time.RFC3339Nano))
	}
	return state.String(), nil
}

// Installed gives the packages of a database, in the order in which it has them; a package can be installed in several versions.
func Installed(ctx context.Context, files fs.FS, name string) ([]Package, error) {
	for range attempts {
		before, err := State(files, name)
		if err != nil {
			return nil, err
		}
		packages, err := read(ctx, files, name)
		after, stateErr := State(files, name)
		switch {
		case stateErr != nil:
			return nil, stateErr
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case before != after:
			continue
		case err != nil:
			return nil, unreadable(name, err)
		case len(packages) == 0:
			return nil, fact.Errorf(fact.ReasonInvalid, "/%s: expected at least one package that is installed", name)
		}
		return packages, nil
	}
	return nil, fact.Errorf(fact.ReasonFailed, "/%s changed whenever it was read: packages are being installed", name)
}

func read(ctx context.Context, files fs.FS, name string) (packages []Package, err error) {
	file, size, err := open(files, name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	each := func(blob []byte) error {
		found, err := parseHeader(blob)
		switch {
		case err != nil:
			return err
		case found.Name == "gpg-pubkey": // a key, which is kept as a package
			return nil
		case len(packages) == maximumPackages:
			return malformed("it has more than %d packages", maximumPackages)
		case len(packages)%100 == 0 && ctx.Err() != nil:
			return context.Cause(ctx)
		}
		packages = append(packages, found)
		return nil
	}
	switch path.Base(name) {
	case sqliteName:
		err = readSQLite(ctx, files, name, file, size, each)
	case ndbName:
		err = fact.Errorf(fact.ReasonUnsupported, "the format ndb, of SUSE, is not supported: only SQLite and Berkeley DB are")
	default:
		err = readBerkeley(file, size, each)
	}
	return packages, err
}

func readSQLite(ctx context.Context, files fs.FS, name string, file io.ReaderAt, size int64, each func(blob []byte) error) error {
	if journal, _, err := open(files, name+"-journal"); err == nil {
		defer journal.Close()
		mark := make([]byte, 1)
		if _, err := journal.ReadAt(mark, 0); err == nil && mark[0] != 0 {
			return fact.Errorf(fact.ReasonInvalid, "a transaction has not ended: rpm ends it when it is run the next time (rpm -qa)")
		}
	}
	var log io.ReaderAt
	logFile, logSize, err := open(files, name+"-wal")
	switch {
	case err == nil:
		defer logFile.Close()
		log = logFile
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	database, err := openSQLite(file, size, log, logSize)
	if err != nil {
		return err
	}
	return database.headers(ctx, each)
}

// A readable is a file of which any part can be read.
type readable interface {
	io.ReaderAt
	io.Closer
}

func open(files fs.FS, name string) (readable, int64, error) {
	about, err := fs.Stat(files, name)
	if err != nil {
		return nil, 0, err
	}
	if !about.Mode().IsRegular() || about.Size() > maximumDatabase {
		return nil, 0, fact.Errorf(fact.ReasonInvalid, "expected a regular file of at most %d MiB", maximumDatabase>>20)
	}
	file, err := files.Open(name)
	if err != nil {
		return nil, 0, err
	}
	at, is := file.(readable)
	if !is {
		return nil, 0, errors.Join(fact.Errorf(fact.ReasonUnsupported, "parts of it cannot be read"), file.Close())
	}
	return at, about.Size(), nil
}

// unreadable says what could not be read, and what it takes.
func unreadable(name string, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return rootfs.Denied(err)
	}
	return fact.Errorf(fact.ReasonOf(err), "read the packages that are installed, of /%s: %w", name, err)
}
