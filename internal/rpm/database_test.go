package rpm_test

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/rpm"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

const database = "var/lib/rpm/rpmdb.sqlite"

func packages() []world.RPM {
	return []world.RPM{
		{Name: "openssl-libs", Version: "3.0.7", Release: "27.el9", Epoch: 1},
		{Name: "nodejs", Version: "18.20.4", Release: "1.module+el9", Module: "nodejs:18:9040020240807131341:rhel9", Vendor: "Red Hat, Inc."},
		{Name: "kernel-core", Version: "5.14.0", Release: "427.el9"},
		{Name: "kernel-core", Version: "5.14.0", Release: "503.el9"},
		{Name: "large", Version: "1.0~rc1^git2", Release: "1", Vendor: strings.Repeat("v", 900)},
	}
}

// machine has the packages installed by rpm.
func machine(t *testing.T) *world.RPMMachine {
	t.Helper()
	m := world.NewRPM(t)
	m.RPM(append([]string{"--install", "--oldpackage"}, m.Built(packages()...)...)...)
	return m
}

// query is what rpm itself lists.
func query(m *world.RPMMachine, arguments ...string) []string {
	listed := m.RPM(append(arguments, "-qa", "--queryformat",
		`%{NAME} %{EPOCHNUM} %{VERSION} %{RELEASE} %{ARCH} %{INSTALLTIME} %{VENDOR} %{MODULARITYLABEL}\n`)...)
	lines := strings.Split(strings.TrimSpace(listed), "\n")
	slices.Sort(lines)
	return lines
}

func installed(t *testing.T, root string) (lines []string) {
	t.Helper()
	files := os.DirFS(root)
	found, err := rpm.Installed(t.Context(), files, rpm.Find(files))
	require.NoError(t, err)
	for _, each := range found {
		module := each.Module
		if module == "" {
			module = "(none)"
		}
		lines = append(lines, fmt.Sprint(each.Name, " ", each.Version.Epoch, " ", each.Version.Version, " ", each.Version.Release, " ",
			each.Architecture, " ", each.InstalledAt.Unix(), " ", each.Vendor, " ", module))
	}
	slices.Sort(lines)
	return lines
}

// TestWhatIsInstalledIsWhatRPMLists holds what is read of each sort of database to what rpm itself reads of it.
func TestWhatIsInstalledIsWhatRPMLists(t *testing.T) {
	m := machine(t)
	m.RPM("--install", m.Built(world.RPM{Name: "gpg-pubkey", Version: "1", Release: "1"})[0])
	require.Len(t, query(m), len(packages())+1, "a key is kept as a package")
	m.RPM("--erase", "gpg-pubkey")
	require.Len(t, installed(t, m.Root), len(packages()))
	require.Equal(t, query(m), installed(t, m.Root))

	m.RPM("--erase", "large")
	require.Equal(t, query(m), installed(t, m.Root), "what was erased is in no list any more")

	berkeley(t, m)
	require.Len(t, installed(t, m.Root), len(packages())-1)
	require.Equal(t, query(m, "--define", "_db_backend bdb_ro"), installed(t, m.Root), "of Berkeley DB")
}

// berkeley makes the database of a machine one of Berkeley DB, by the tool of that: rpm can only read such any more.
func berkeley(t *testing.T, m *world.RPMMachine) {
	t.Helper()
	folder := filepath.Join(m.Root, "var/lib/rpm")
	headers, err := exec.CommandContext(t.Context(), "rpmdb", "--root", m.Root, "--dbpath", "/var/lib/rpm", "--exportdb").Output()
	require.NoError(t, err)
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	for _, each := range entries {
		require.NoError(t, os.Remove(filepath.Join(folder, each.Name())))
	}
	var text strings.Builder
	text.WriteString("VERSION=3\nformat=bytevalue\ntype=hash\ndb_pagesize=4096\nHEADER=END\n")
	record := func(key uint32, value []byte) {
		fmt.Fprintf(&text, " %s\n %s\n", hex.EncodeToString(binary.LittleEndian.AppendUint32(nil, key)), hex.EncodeToString(value))
	}
	number := uint32(0)
	for rest := headers; len(rest) > 0; {
		number++
		rest = rest[8:] // the magic of a file
		size := 8 + 16*binary.BigEndian.Uint32(rest) + binary.BigEndian.Uint32(rest[4:])
		record(number, rest[:size])
		rest = rest[size:]
	}
	record(0, binary.LittleEndian.AppendUint32(nil, number))
	text.WriteString("DATA=END\n")
	load := exec.CommandContext(t.Context(), "db5.3_load", filepath.Join(folder, "Packages"))
	load.Stdin = strings.NewReader(text.String())
	output, err := load.CombinedOutput()
	require.NoError(t, err, string(output))
}

// sql runs Python with a connection to the database of a machine, which it leaves without closing it.
func sql(t *testing.T, m *world.RPMMachine, script string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "python3", "-c",
		"import os, sqlite3, sys\nc = sqlite3.connect(sys.argv[1], isolation_level=None)\n"+script+"\nos._exit(0)", filepath.Join(m.Root, database))
	output, err := command.CombinedOutput()
	require.NoError(t, err, string(output))
}

const (
	copies = "c.execute('BEGIN')\nfor i in range(400): c.execute('INSERT INTO Packages(blob) SELECT blob FROM Packages WHERE hnum = 1')"
	ahead  = "c.execute('PRAGMA wal_autocheckpoint = 0')\n"
)

// TestALogThatWasNotWrittenBackCounts: whoever opens a database as immutable, or reads its file alone, does not see what rpm last did.
func TestALogThatWasNotWrittenBackCounts(t *testing.T) {
	m := machine(t)
	sql(t, m, ahead+copies+"\nc.execute('COMMIT')")
	about, err := os.Stat(filepath.Join(m.Root, database+"-wal"))
	require.NoError(t, err)
	require.Greater(t, about.Size(), int64(1<<20), "it is all in the log")
	before := contents(t, m.Root)
	require.Len(t, installed(t, m.Root), len(packages())+400)
	require.Equal(t, before, contents(t, m.Root), "reading changes no file, and makes none")

	log := filepath.Join(m.Root, database+"-wal")
	require.NoError(t, os.Truncate(log, about.Size()-1))
	require.Len(t, installed(t, m.Root), len(packages()), "what was not written to its end was never committed")
}

func TestWhatWasNotCommittedDoesNotCount(t *testing.T) {
	m := machine(t)
	sql(t, m, ahead+"c.execute('PRAGMA cache_size = 1')\n"+copies)
	about, err := os.Stat(filepath.Join(m.Root, database+"-wal"))
	require.NoError(t, err)
	require.Greater(t, about.Size(), int64(1<<20), "it is in the log all the same")
	require.Len(t, installed(t, m.Root), len(packages()))

	sql(t, m, copies+"\nc.execute('COMMIT')\nc.execute('PRAGMA wal_checkpoint(TRUNCATE)')")
	require.Len(t, installed(t, m.Root), len(packages())+400, "a table of several levels")
}

func contents(t *testing.T, root string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	require.NoError(t, fs.WalkDir(os.DirFS(root), "var/lib/rpm", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			content, err := os.ReadFile(filepath.Join(root, name))
			all[name] = string(content)
			return err
		}
		return err
	}))
	return all
}

func TestADatabaseThatCannotBeReadIsUnavailable(t *testing.T) {
	m := machine(t)
	at := filepath.Join(m.Root, database)
	sound, err := os.ReadFile(at)
	require.NoError(t, err)
	collect := func(ctx context.Context) error {
		files := os.DirFS(m.Root)
		_, err := rpm.Installed(ctx, files, rpm.Find(files))
		return err
	}
	for name, content := range map[string][]byte{
		"nothing":            {},
		"a text":             []byte(strings.Repeat("text", 200)),
		"half of it":         sound[:len(sound)/2],
		"a page of nothing":  append(slices.Clone(sound[:4096]), make([]byte, len(sound)-4096)...),
		"nothing installed":  nil,
		"pages of no length": append(append(slices.Clone(sound[:16]), 0, 0), sound[18:]...),
	} {
		if content == nil {
			empty := world.NewRPM(t)
			empty.RPM("--initdb")
			content, err = os.ReadFile(filepath.Join(empty.Root, database))
			require.NoError(t, err)
		}
		require.NoError(t, os.WriteFile(at, content, 0o600))
		err := collect(t.Context())
		require.Equal(t, fact.ReasonInvalid, fact.ReasonOf(err), "%s: %v", name, err)
	}
	require.NoError(t, os.WriteFile(at, sound, 0o600))
	require.NoError(t, collect(t.Context()))
	require.NoError(t, os.WriteFile(at+"-journal", []byte{0xd9}, 0o600))
	require.ErrorContains(t, collect(t.Context()), "a transaction has not ended")
	require.NoError(t, os.Remove(at+"-journal"))
	ended, end := context.WithCancel(t.Context())
	end()
	require.ErrorIs(t, collect(ended), context.Canceled)
	require.NoError(t, os.Rename(at, filepath.Join(m.Root, "var/lib/rpm/Packages.db")))
	require.Equal(t, fact.ReasonUnsupported, fact.ReasonOf(collect(t.Context())))
}
