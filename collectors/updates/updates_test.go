package updates

import (
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

// pkg is a stanza of a package, "name version architecture", with more lines.
func pkg(what string, more ...string) string {
	var name, version, architecture string
	_, _ = fmt.Sscan(what, &name, &version, &architecture)
	return strings.Join(append([]string{
		"Package: " + name, "Version: " + version, "Architecture: " + architecture, "Maintainer: x <x@example.com>",
		"Description: a package", " Version: 99 of what it says", "Filename: pool/x.deb", "Size: 1", "SHA256: 00",
	}, more...), "\n") + "\n\n"
}

const (
	installedState = "Status: install ok installed"
	securityList   = lists + "/deb.example_debian-security_dists_bookworm-security_main_binary-amd64_Packages"
	securityNote   = lists + "/deb.example_debian-security_dists_bookworm-security_InRelease"
	mainList       = lists + "/deb.example_debian_dists_bookworm_main_binary-amd64_Packages"
	mainNote       = lists + "/deb.example_debian_dists_bookworm_InRelease"
)

func note(label, suite string) string {
	return "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOrigin: Debian\nLabel: " + label + "\nSuite: " + suite +
		"\nCodename: " + suite + "\nDate: Thu, 01 Jan 2026 00:00:00 UTC\nArchitectures: all amd64 i386\nComponents: main\nSHA256:\n" +
		" 00 10 main/binary-amd64/Packages\n-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n"
}

// machine makes a root of a machine with these packages, and this list of security updates.
func machine(t *testing.T, installed, security string) string {
	t.Helper()
	root := t.TempDir()
	write(t, filepath.Join(root, status), pkg("dpkg 1.21.22 amd64", installedState)+installed)
	write(t, filepath.Join(root, securityNote), note("Debian-Security", "bookworm-security"))
	write(t, filepath.Join(root, securityList), security)
	write(t, filepath.Join(root, mainNote), note("Debian", "bookworm"))
	write(t, filepath.Join(root, mainList), pkg("dpkg 1.21.22 amd64"))
	return root
}

func collected(t *testing.T, root string) fact.Updates {
	t.Helper()
	found, err := (&memory{}).collect(t.Context(), os.DirFS(root), time.Unix(2e9, 0))
	require.NoError(t, err)
	return found
}

func pending(u fact.Updates) (all []string) {
	for _, each := range u.Pending {
		all = append(all, each.Package+" "+each.Installed+" "+each.Available)
	}
	return all
}

// upgradable is what apt itself makes of a machine.
func upgradable(t *testing.T, root string) (all []string) {
	t.Helper()
	write(t, filepath.Join(root, "etc/apt/sources.list"),
		"deb http://deb.example/debian-security bookworm-security main\ndeb http://deb.example/debian bookworm main\n")
	for _, folder := range []string{"etc/apt/preferences.d", "etc/apt/trusted.gpg.d", lists + "/partial", "var/cache/apt/archives/partial"} {
		require.NoError(t, os.MkdirAll(filepath.Join(root, folder), 0o755))
	}
	command := exec.CommandContext(t.Context(), "apt", "-o", "Dir="+root, "-o", "Dir::State::status="+filepath.Join(root, status),
		"-o", "APT::Architecture=amd64", "-o", "APT::Architectures::=amd64", "-o", "APT::Architectures::=i386", "-qq", "list", "--upgradable")
	command.Env = append(os.Environ(), "LC_ALL=C")
	output, err := command.Output()
	require.NoError(t, err)
	for line := range strings.Lines(string(output)) {
		name, rest, _ := strings.Cut(strings.TrimSpace(line), "/")
		fields := strings.Fields(rest)
		if len(fields) < 6 {
			continue
		}
		if fields[2] == "i386" {
			name += ":i386"
		}
		all = append(all, name+" "+strings.TrimSuffix(fields[5], "]")+" "+fields[1])
	}
	slices.Sort(all)
	return all
}

// TestWhatIsPendingIsWhatAptHasToInstall holds what is read to what apt makes of the same files.
func TestWhatIsPendingIsWhatAptHasToInstall(t *testing.T) {
	for _, each := range []struct {
		name, installed, security string
		want                      []string
	}{
		{"nothing is newer", pkg("openssl 3.0.17-1~deb12u2 amd64", installedState), pkg("openssl 3.0.17-1~deb12u2 amd64"), nil},
		{
			"versions are compared as dpkg does", pkg("a 1:0.9 amd64", installedState) + pkg("b 1.0~rc1-1 amd64", installedState) +
				pkg("c 1.10-1 amd64", installedState) + pkg("d 2.0-1 all", installedState) + pkg("e 1.0+dfsg-9 amd64", installedState),
			pkg("a 2.0 amd64") + pkg("b 1.0-1 amd64") + pkg("c 1.9-1 amd64") + pkg("d 2.0-1+deb12u1 all") + pkg("e 1.0+dfsg-10 amd64"),
			[]string{"b 1.0~rc1-1 1.0-1", "d 2.0-1 2.0-1+deb12u1", "e 1.0+dfsg-9 1.0+dfsg-10"},
		},
		{
			"the newest of several is offered", pkg("openssl 1-1 amd64", installedState),
			pkg("openssl 1-3 amd64") + pkg("openssl 1-2 amd64"), []string{"openssl 1-1 1-3"},
		},
		{"a package that is not installed has no update", "", pkg("openssl 3 amd64"), nil},
		{
			"what was removed, and left its configuration, is not installed", pkg("openssl 1 amd64", "Status: deinstall ok config-files"),
			pkg("openssl 3 amd64"), nil,
		},
		{"what is held is pending all the same", pkg("nginx 1 amd64", "Status: hold ok installed"), pkg("nginx 2 amd64"), []string{"nginx 1 2"}},
		{
			"another architecture has versions of its own", pkg("libc6 1 amd64", installedState, "Multi-Arch: same") + pkg("libc6 1 i386", installedState, "Multi-Arch: same"),
			pkg("libc6 1 amd64", "Multi-Arch: same") + pkg("libc6 2 i386", "Multi-Arch: same"), []string{"libc6:i386 1 2"},
		},
	} {
		t.Run(each.name, func(t *testing.T) {
			root := machine(t, each.installed, each.security)
			found := collected(t, root)
			require.Equal(t, []string{"bookworm-security"}, found.Sources)
			require.Equal(t, each.want, pending(found))
			require.Equal(t, each.want, upgradable(t, root))
		})
	}
}

func TestAnUpdateOfFeaturesIsNoneOfSecurity(t *testing.T) {
	root := machine(t, pkg("vim 1 amd64", installedState), "")
	write(t, filepath.Join(root, mainList), pkg("vim 2 amd64"))
	require.Empty(t, collected(t, root).Pending)
}

func TestSourcesOfSecurityUpdates(t *testing.T) {
	for name, each := range map[string]struct {
		note string
		want []string
	}{
		"Debian's":                      {note("Debian-Security", "stable-security"), []string{"stable-security"}},
		"Debian's, of before bullseye":  {"Label: Debian-Security\nSuite: oldstable\nCodename: buster\n", []string{"oldstable"}},
		"Ubuntu's":                      {"Origin: Ubuntu\nLabel: Ubuntu\nSuite: noble-security\nCodename: noble\n", []string{"noble-security"}},
		"Ubuntu's expanded maintenance": {"Origin: UbuntuESM\nLabel: UbuntuESM\nSuite: focal-infra-security\n", []string{"focal-infra-security"}},
		"a mirror that says nothing":    {"Origin: . focal\nLabel: . focal\nCodename: focal\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			root := machine(t, pkg("openssl 1 amd64", installedState), pkg("openssl 2 amd64"))
			write(t, filepath.Join(root, securityNote), each.note)
			found := collected(t, root)
			require.Equal(t, each.want, found.Sources)
			require.Equal(t, each.want != nil, len(found.Pending) == 1)
		})
	}
	t.Run("a source whose lists were never fetched is none", func(t *testing.T) {
		root := machine(t, "", "")
		require.NoError(t, os.Remove(filepath.Join(root, securityList)))
		require.Empty(t, collected(t, root).Sources)
	})
}

// After an upgrade, the sources of security updates are often still those of the release before.
func TestSecurityUpdatesOfAnotherReleaseAreNone(t *testing.T) {
	const debian = "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nID=debian\nVERSION_CODENAME="
	for name, each := range map[string]struct {
		release string
		want    []string
	}{
		"of this release":                            {debian + "bookworm\n", []string{"bookworm-security"}},
		"of the release before":                      {debian + "trixie\n", nil},
		"of a distribution with names of its own":    {"ID=mint\nVERSION_CODENAME=wilma\n", []string{"bookworm-security"}},
		"of a release that is not out yet":           {"PRETTY_NAME=\"Debian GNU/Linux forky/sid\"\nID=debian\nVERSION_CODENAME=forky\n", []string{"bookworm-security"}},
		"of a release that does not say which it is": {"ID=debian\n", []string{"bookworm-security"}},
	} {
		root := machine(t, pkg("a 1 amd64", installedState), pkg("a 2 amd64"))
		write(t, filepath.Join(root, "etc/os-release"), each.release)
		found := collected(t, root)
		require.Equal(t, each.want, found.Sources, name)
		require.Equal(t, each.want != nil, len(found.Pending) > 0, name)
	}
}

// Where one source is not fetched any more, apt notes the time of the others all the same.
func TestAListThatIsGoodNoMoreIsAsOldAsItSays(t *testing.T) {
	root := machine(t, pkg("a 1 amd64", installedState), pkg("a 2 amd64"))
	expiring := strings.Replace(note("Debian-Security", "bookworm-security"), "UTC\n", "UTC\nValid-Until: Thu,  8 Jan 2026 00:00:00 UTC\n", 1)
	write(t, filepath.Join(root, securityNote), expiring)
	kept := &memory{}
	made := time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	for _, each := range []struct {
		now time.Time
		old bool
	}{{made.AddDate(0, 0, 6), false}, {made.AddDate(0, 0, 8), true}, {made.AddDate(0, 0, 6), false}} {
		found, err := kept.collect(t.Context(), os.DirFS(root), each.now)
		require.NoError(t, err)
		require.Equal(t, each.old, found.ListsAt.Equal(made), "%s", found.ListsAt)
	}
}

func TestListsThatAreCompressed(t *testing.T) {
	for extension, compress := range map[string]func(io.Writer) io.WriteCloser{
		".gz":  func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
		".lz4": func(w io.Writer) io.WriteCloser { return lz4.NewWriter(w) },
		".zst": func(w io.Writer) io.WriteCloser {
			encoder, err := zstd.NewWriter(w)
			require.NoError(t, err)
			return encoder
		},
	} {
		root := machine(t, pkg("openssl 1 amd64", installedState), "")
		var packed strings.Builder
		writer := compress(&packed)
		_, err := io.WriteString(writer, pkg("openssl 2 amd64"))
		require.NoError(t, err)
		require.NoError(t, writer.Close())
		require.NoError(t, os.Remove(filepath.Join(root, securityList)))
		write(t, filepath.Join(root, securityList+extension), packed.String())
		require.Equal(t, []string{"openssl 1 2"}, pending(collected(t, root)), extension)

		write(t, filepath.Join(root, securityList+extension), packed.String()[:len(packed.String())/2])
		_, err = (&memory{}).collect(t.Context(), os.DirFS(root), time.Now())
		require.Equal(t, fact.ReasonInvalid, fact.ReasonOf(err), "half of a list: %v", err)
	}
}

func TestWhatCannotBeReadIsUnavailable(t *testing.T) {
	for name, each := range map[string]struct {
		change func(t *testing.T, root string)
		reason fact.Reason
	}{
		"another package manager": {func(t *testing.T, root string) { require.NoError(t, os.Remove(filepath.Join(root, status))) }, fact.ReasonUnsupported},
		"no lists at all":         {func(t *testing.T, root string) { require.NoError(t, os.RemoveAll(filepath.Join(root, lists))) }, fact.ReasonNotFound},
		"nothing is installed":    {func(t *testing.T, root string) { write(t, filepath.Join(root, status), "") }, fact.ReasonInvalid},
		"a version that is none": {func(t *testing.T, root string) {
			write(t, filepath.Join(root, status), pkg("x y:z amd64", installedState))
		}, fact.ReasonInvalid},
		"a list that cannot be unpacked": {func(t *testing.T, root string) {
			write(t, filepath.Join(root, securityList+".lzma"), "")
		}, fact.ReasonUnsupported},
		"a list that is a folder": {func(t *testing.T, root string) {
			require.NoError(t, os.Mkdir(filepath.Join(root, securityList+".gz"), 0o755))
		}, fact.ReasonInvalid},
		"a line without end": {func(t *testing.T, root string) {
			write(t, filepath.Join(root, securityList), strings.Repeat("x", maximumLine+1))
		}, fact.ReasonInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			root := machine(t, "", "")
			each.change(t, root)
			_, err := (&memory{}).collect(t.Context(), os.DirFS(root), time.Now())
			require.Equal(t, each.reason, fact.ReasonOf(err), "%v", err)
		})
	}
}

func TestSinceWhenAnUpdateWaits(t *testing.T) {
	root, m := machine(t, pkg("openssl 1 amd64", installedState), pkg("openssl 2 amd64")), memory{}
	upgraded := time.Unix(1.7e9, 0)
	write(t, filepath.Join(root, info, "openssl:amd64.list"), "/.\n")
	require.NoError(t, os.Chtimes(filepath.Join(root, info, "openssl:amd64.list"), upgraded, upgraded))
	at := func(now int64) fact.PendingUpdate {
		found, err := m.collect(t.Context(), os.DirFS(root), time.Unix(now, 0))
		require.NoError(t, err)
		require.Len(t, found.Pending, 1)
		return found.Pending[0]
	}
	require.Equal(t, time.Unix(1.8e9, 0), at(1.8e9).Since)
	require.Equal(t, time.Unix(1.8e9, 0), at(1.9e9).Since, "it is counted from when it was first collected")
	require.Equal(t, upgraded, at(1.9e9).Earliest.UTC().Local())
	write(t, filepath.Join(root, securityList), pkg("openssl 3 amd64"))
	require.Equal(t, time.Unix(1.95e9, 0), at(1.95e9).Since, "another version is another update")
}

func TestAnotherRunReadsOnlyWhatChanged(t *testing.T) {
	root, m := machine(t, pkg("openssl 1 amd64", installedState), pkg("openssl 2 amd64")), memory{}
	counted := counting{FS: os.DirFS(root), opened: make(map[string]int)}
	for range 3 {
		_, err := m.collect(t.Context(), counted, time.Now())
		require.NoError(t, err)
	}
	require.Equal(t, 1, counted.opened[securityList])
	require.Equal(t, 1, counted.opened[status])
}

type counting struct {
	fs.FS
	opened map[string]int
}

func (c counting) Open(name string) (fs.File, error) {
	c.opened[name]++
	return c.FS.Open(name)
}

func (c counting) Stat(name string) (fs.FileInfo, error) { return fs.Stat(c.FS, name) }

func TestWhenListsWereFetched(t *testing.T) {
	day := func(n int) *fstest.MapFile { return &fstest.MapFile{ModTime: time.Unix(int64(n)*86400, 0)} }
	folder := func(n int) *fstest.MapFile {
		return &fstest.MapFile{ModTime: time.Unix(int64(n)*86400, 0), Mode: fs.ModeDir | 0o755}
	}
	for name, each := range map[string]struct {
		files fstest.MapFS
		want  int64
	}{
		"the daily job notes it":                   {fstest.MapFS{periodic + "/update-success-stamp": day(9), lists: folder(3)}, 9},
		"somebody ran apt-get update after it":     {fstest.MapFS{periodic + "/update-stamp": day(2), lists + "/partial": folder(8), lists: folder(3)}, 8},
		"the cache changes with each installation": {fstest.MapFS{lists: folder(3), "var/cache/apt/pkgcache.bin": day(9)}, 3},
	} {
		require.Equal(t, each.want*86400, apt{}.listsAt(each.files).Unix(), name)
	}
	require.True(t, apt{}.listsAt(fstest.MapFS{}).IsZero())
}

func TestAutomaticUpdates(t *testing.T) {
	const timer = "etc/systemd/system/timers.target.wants/apt-daily-upgrade.timer"
	for name, each := range map[string]struct {
		files map[string]string
		want  bool
	}{
		"Debian's own file": {map[string]string{
			"20auto-upgrades": "APT::Periodic::Update-Package-Lists \"1\";\nAPT::Periodic::Unattended-Upgrade \"1\";\n",
		}, true},
		"a later file turns it off": {map[string]string{
			"20auto-upgrades": `APT::Periodic::Unattended-Upgrade "1";`, "99local": `apt::periodic::unattended-upgrade "0";`,
		}, false},
		"a block, in which comments are":           {map[string]string{"20x": "# off\nAPT { Periodic {\n // \"0\"\n /* Unattended-Upgrade \"0\"; */ Unattended-Upgrade \"7\"; }; };"}, true},
		"a comment is no option":                   {map[string]string{"20x": "// APT::Periodic::Unattended-Upgrade \"1\";\n"}, false},
		"what an editor leaves behind is not read": {map[string]string{"20x.dpkg-old": `APT::Periodic::Unattended-Upgrade "1";`}, false},
		"nothing says so":                          {nil, false},
		"all that is periodic is turned off": {map[string]string{
			"20auto-upgrades": `APT::Periodic::Unattended-Upgrade "1";`, "99packer": `APT::Periodic::Enable "0";`,
		}, false},
		"all that is periodic is turned on": {map[string]string{
			"20auto-upgrades": `APT::Periodic::Unattended-Upgrade "1";`, "99local": `APT::Periodic::Enable "1";`,
		}, true},
	} {
		files := fstest.MapFS{"usr/bin/unattended-upgrade": {}, "run/systemd/system/x": {Data: []byte("x")}, timer: {}}
		for file, text := range each.files {
			files["etc/apt/apt.conf.d/"+file] = &fstest.MapFile{Data: []byte(text)}
		}
		require.Equal(t, each.want, automaticOfAPT(files), name)
		for _, unit := range []string{"timer", "service"} {
			files["etc/systemd/system/apt-daily-upgrade."+unit] = &fstest.MapFile{Mode: fs.ModeSymlink, Data: []byte("/dev/null")}
			require.False(t, automaticOfAPT(files), "%s: the %s of apt's daily job is masked", name, unit)
			delete(files, "etc/systemd/system/apt-daily-upgrade."+unit)
		}
		delete(files, timer)
		require.False(t, automaticOfAPT(files), "%s: nothing runs apt's daily job", name)
	}
}

func FuzzLists(f *testing.F) {
	f.Add(pkg("a 1 amd64", installedState), note("Debian-Security", "x-security"), pkg("a 2 amd64"), "APT { Periodic { Unattended-Upgrade \"1\"")
	f.Fuzz(func(t *testing.T, installed, release, offered, options string) {
		files := fstest.MapFS{
			status: {Data: []byte(installed)}, securityNote: {Data: []byte(release)}, securityList: {Data: []byte(offered)},
			"etc/apt/apt.conf": {Data: []byte(options)},
		}
		found, err := (&memory{}).collect(t.Context(), files, time.Unix(1e9, 0))
		if err == nil {
			require.Equal(t, "apt", found.Manager)
		}
	})
}
