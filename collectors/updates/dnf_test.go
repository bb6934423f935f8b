package updates

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/rpm"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// advisoryOf is an advisory of packages, each "name epoch:version-release", with what is put before them.
func advisoryOf(id, kind, date, module string, packages ...string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "<update from=\"x\" status=\"final\" type=\"%s\" version=\"1\"><id>%s</id><title>%[2]s</title>", kind, id)
	if date != "" {
		fmt.Fprintf(&text, "<issued date=\"%s\"/>", date)
	}
	fmt.Fprintf(&text, "<severity>Important</severity><description>x</description><pkglist><collection short=\"c\"><name>c</name>%s", module)
	for _, each := range packages {
		name, version, _ := strings.Cut(each, " ")
		epoch, version, _ := strings.Cut(version, ":")
		version, release, _ := strings.Cut(version, "-")
		fmt.Fprintf(&text, "<package name=\"%s\" epoch=\"%s\" version=\"%s\" release=\"%s\" arch=\"noarch\" src=\"x\"><filename>x.rpm</filename></package>",
			name, epoch, version, release)
	}
	return text.String() + "</collection></pkglist></update>\n"
}

func advisories(all ...string) map[string]string {
	return map[string]string{"updateinfo": "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<updates>\n" + strings.Join(all, "") + "</updates>\n"}
}

// packages are what is installed.
func rpms() []world.RPM {
	return []world.RPM{
		{Name: "bash", Version: "5.1.8", Release: "9.el9"},
		{Name: "openssl-libs", Version: "3.0.7", Release: "27.el9", Epoch: 1},
		{Name: "kernel-core", Version: "5.14.0", Release: "427.el9"},
		{Name: "kernel-core", Version: "5.14.0", Release: "503.el9"},
		{Name: "nodejs", Version: "18.19.0", Release: "1.el9", Module: "nodejs:18:9040020240807131341:rhel9"},
		{Name: "htop", Version: "3.2", Release: "1.el9", Vendor: "Fedora Project"},
	}
}

const streams = `---
document: modulemd
version: 2
data:
  name: nodejs
  stream: "18"
  version: 9040020240807131341
  context: rhel9
  arch: x86_64
  summary: x
  description: x
  license: {module: [MIT]}
  artifacts: {rpms: [nodejs-0:18.19.0-1.el9.noarch]}
...
`

// rpmMachine is one with all packages, which has fetched these advisories.
func rpmMachine(t *testing.T, all ...string) *world.RPMMachine {
	t.Helper()
	m := world.NewRPM(t)
	metadata := advisories(all...)
	metadata["modules"] = streams
	m.Publish("baseos", rpms(), metadata)
	m.DNF("module", "enable", "nodejs:18")
	m.DNF("install", "bash", "openssl-libs", "kernel-core-5.14.0-427.el9", "nodejs", "htop")
	m.DNF("--setopt=installonlypkgs=kernel-core", "install", "kernel-core-5.14.0-503.el9")
	return m
}

// listed is what dnf itself makes of a machine's files.
func listed(m *world.RPMMachine) (all []string) {
	for line := range strings.Lines(m.DNF("--cacheonly", "updateinfo", "list", "security")) {
		if fields := strings.Fields(line); len(fields) == 3 {
			all = append(all, strings.TrimSuffix(fields[2], ".noarch"))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func offered(u fact.Updates) (all []string) {
	for _, each := range u.Pending {
		all = append(all, each.Package+"-"+each.Available)
	}
	slices.Sort(all)
	return all
}

// TestWhatIsPendingIsWhatDNFLists holds what is read to what dnf makes of the same files.
func TestWhatIsPendingIsWhatDNFLists(t *testing.T) {
	m := rpmMachine(t,
		advisoryOf("EX-1", "security", "2026-01-02 03:04:05", "", "bash 0:5.1.8-9.el9", "openssl-libs 0:9.0-1.el9"),
		advisoryOf("EX-2", "bugfix", "2026-01-02 03:04:05", "", "bash 0:5.2-1.el9"),
		advisoryOf("EX-3", "security", "2026-01-02 03:04:05", "", "kernel-core 0:5.14.0-430.el9", "curl 0:9-1"),
		advisoryOf("EX-4", "security", "2026-01-02 03:04:05", `<module name="nodejs" stream="20" version="1" context="rhel9" arch="x86_64"/>`,
			"nodejs 0:20.1-1.el9"),
	)
	found := collected(t, m.Root)
	require.Empty(t, offered(found), "installed, of features, older than the newest kernel, of a stream that is not enabled")
	require.Empty(t, listed(m))
	require.Equal(t, []string{"baseos"}, found.Sources)
	require.Equal(t, "dnf", found.Manager)

	all := advisories(
		advisoryOf("EX-5", "security", "2026-01-02 03:04:05", "", "openssl-libs 1:3.0.7-28.el9_4", "htop 0:3.2^git1-1.el9"),
		advisoryOf("EX-6", "security", "2026-03-04", "", "bash 0:5.1.8-10.el9", "bash 0:5.1.8~rc1-99.el9"),
		advisoryOf("EX-7", "security", "2026-03-04", `<module name="nodejs" stream="18" version="9040020240807131341" context="rhel9" arch="x86_64"/>`,
			"nodejs 0:18.20.4-1.el9"),
		advisoryOf("EX-8", "security", "2026-03-04", "", "kernel-core 0:5.14.0-503.11.1.el9"),
	)
	all["modules"] = streams
	m.Publish("baseos", nil, all)
	m.DNF("makecache")
	found = collected(t, m.Root)
	require.Equal(t, []string{
		"bash-5.1.8-10.el9", "htop-3.2^git1-1.el9", "kernel-core-5.14.0-503.11.1.el9", "nodejs-18.20.4-1.el9", "openssl-libs-1:3.0.7-28.el9_4",
	}, offered(found))
	require.Equal(t, listed(m), offered(found))
	require.WithinDuration(t, time.Now(), found.ListsAt, time.Hour)
}

// fetchedRoot is the files of a machine, of which some are other; nil: not there.
func fetchedRoot(t *testing.T, m *world.RPMMachine) fstest.MapFS {
	t.Helper()
	files := make(fstest.MapFS)
	require.NoError(t, filepath.WalkDir(m.Root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(name)
		about, statErr := entry.Info()
		require.NoError(t, statErr)
		relative, relativeErr := filepath.Rel(m.Root, name)
		require.NoError(t, relativeErr)
		files[relative] = &fstest.MapFile{Data: content, ModTime: about.ModTime(), Mode: 0o644}
		return err
	}))
	return files
}

// folderOf is where a machine keeps the metadata of a repository.
func folderOf(t *testing.T, files fstest.MapFS, id string) string {
	t.Helper()
	all, err := fs.Glob(files, "var/cache/dnf/"+id+"-*/repodata")
	require.NoError(t, err)
	require.Len(t, all, 1)
	return all[0]
}

func updateInfo(t *testing.T, files fstest.MapFS, id string) string {
	t.Helper()
	all, err := fs.Glob(files, folderOf(t, files, id)+"/*-updateinfo.xml*")
	require.NoError(t, err)
	require.Len(t, all, 1)
	return all[0]
}

// replaced has the advisories of a machine be others, compressed by a program.
func replaced(t *testing.T, files fstest.MapFS, text string, compress ...string) fstest.MapFS {
	t.Helper()
	files = maps.Clone(files)
	name := updateInfo(t, files, "baseos")
	plain := strings.TrimSuffix(name, ".gz")
	extension := ""
	content := []byte(text)
	if len(compress) > 1 {
		command := exec.CommandContext(t.Context(), compress[1], compress[2:]...)
		command.Stdin = strings.NewReader(text)
		var err error
		content, err = command.Output()
		require.NoError(t, err)
		extension = compress[0]
	}
	description := folderOf(t, files, "baseos") + "/repomd.xml"
	described := strings.ReplaceAll(string(files[description].Data), filepath.Base(name), filepath.Base(plain)+extension)
	files[description] = &fstest.MapFile{Data: []byte(described)}
	delete(files, name)
	files[plain+extension] = &fstest.MapFile{Data: content}
	return files
}

func collectedFrom(ctx context.Context, files fs.FS) (fact.Updates, error) {
	return (&memory{since: make(map[string]time.Time)}).collect(ctx, files, time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
}

func TestUpdatesOfDNF(t *testing.T) {
	m := rpmMachine(t, advisoryOf("EX-1", "security", "2026-01-02 03:04:05", "", "bash 0:5.2-1.el9"))
	files := fetchedRoot(t, m)
	sound, err := collectedFrom(t.Context(), files)
	require.NoError(t, err)
	require.Equal(t, []string{"bash-5.2-1.el9"}, offered(sound))
	with := func(change func(files fstest.MapFS)) fstest.MapFS {
		changed := maps.Clone(files)
		change(changed)
		return changed
	}
	write := func(name, text string) fstest.MapFS {
		return with(func(files fstest.MapFS) { files[name] = &fstest.MapFile{Data: []byte(text)} })
	}
	updates := func(all ...string) string { return advisories(all...)["updateinfo"] }

	t.Run("dates", func(t *testing.T) { datesOfAdvisories(t, files) })
	t.Run("compressions", func(t *testing.T) {
		text := updates(advisoryOf("EX-1", "security", "2026-01-02", "", "bash 0:5.3-1.el9"))
		for _, compress := range [][]string{{}, {".gz", "gzip"}, {".xz", "xz"}, {".bz2", "bzip2"}, {".zst", "zstd"}} {
			found, err := collectedFrom(t.Context(), replaced(t, files, text, compress...))
			require.NoError(t, err, compress)
			require.Equal(t, []string{"bash-5.3-1.el9"}, offered(found), compress)
		}
		_, err := collectedFrom(t.Context(), replaced(t, files, text, ".xz", "xz", "--lzma2=dict=1GiB"))
		require.ErrorContains(t, err, "more than 64 MiB of memory")
		_, err = collectedFrom(t.Context(), replaced(t, files, text, ".zck", "cat"))
		require.Equal(t, fact.ReasonUnsupported, fact.ReasonOf(err))
	})
	t.Run("held", func(t *testing.T) {
		for name, text := range map[string]string{
			"etc/dnf/plugins/versionlock.list": "# a comment\nbash-0:5.1.8-9.el9.*\n",
			"etc/dnf/versionlock.toml":         "version = \"1.0\"\n[[packages]]\nname = \"bash\"\n",
			"etc/dnf/dnf.conf":                 "[main]\nexcludepkgs=kernel*,\n  ba?h\n",
		} {
			found, err := collectedFrom(t.Context(), write(name, text))
			require.NoError(t, err)
			require.Len(t, found.Pending, 1, name)
			require.True(t, found.Pending[0].Held, name)
		}
		require.False(t, sound.Pending[0].Held)
	})
	t.Run("unavailable", func(t *testing.T) {
		for name, each := range map[string]struct {
			files  fs.FS
			reason fact.Reason
		}{
			"a repository that was never fetched": {write("etc/yum.repos.d/x.repo", "[appstream]\nbaseurl=http://x\n"), fact.ReasonNotFound},
			"advisories that were not fetched":    {with(func(f fstest.MapFS) { delete(f, updateInfo(t, f, "baseos")) }), fact.ReasonNotFound},
			"half of the advisories":              {replaced(t, files, "<updates><update type=\"security\">"), fact.ReasonInvalid},
			"no advisories, but a page of errors": {replaced(t, files, "<!DOCTYPE html><p>Not here<br></p>"), fact.ReasonInvalid},
			"an epoch that is none":               {replaced(t, files, updates(advisoryOf("EX-1", "security", "", "", "bash x:5-1"))), fact.ReasonInvalid},
			"an element without end":              {replaced(t, files, "<updates><id>"+strings.Repeat("x", maximumToken+1)), fact.ReasonInvalid},
			"a description that is none":          {write(folderOf(t, files, "baseos")+"/repomd.xml", "<repomd"), fact.ReasonInvalid},
			"a database that is none":             {write("var/lib/rpm/rpmdb.sqlite", "x"), fact.ReasonInvalid},
			"another package manager":             {fstest.MapFS{"var/lib/rpm/Packages.db": {}, "etc/zypp/zypp.conf": {}}, fact.ReasonUnsupported},
			"a system that is updated as a whole": {write("run/ostree-booted", ""), fact.ReasonUnsupported},
			"Amazon Linux that stays as it was":   {write("etc/os-release", "NAME=\"Amazon Linux\"\nID=\"amzn\"\nVERSION_ID=\"2023\"\n"), fact.ReasonUnsupported},
		} {
			_, err := collectedFrom(t.Context(), each.files)
			require.Equal(t, each.reason, fact.ReasonOf(err), "%s: %v", name, err)
		}
		ended, end := context.WithCancel(t.Context())
		end()
		_, err := collectedFrom(ended, files)
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("sources", func(t *testing.T) {
		for name, each := range map[string]struct {
			files   fs.FS
			sources []string
		}{
			"a repository that is disabled": {write("etc/yum.repos.d/x.repo", "[appstream]\nbaseurl=http://x\nenabled = False\n"), []string{"baseos"}},
			"one that dnf 5 disables": {with(func(f fstest.MapFS) {
				f["etc/yum.repos.d/x.repo"] = &fstest.MapFile{Data: []byte("[appstream]\nenabled=1\n")}
				f["etc/dnf/repos.override.d/99.repo"] = &fstest.MapFile{Data: []byte("[app*]\nenabled=0\n")}
			}), []string{"baseos"}},
			"advisories of another distribution's packages alone": {
				replaced(t, files, updates(advisoryOf("EX-1", "security", "", "", "htop 0:3.3-1.el9"))), nil,
			},
			"no advisories": {replaced(t, files, "<updates></updates>"), nil},
			"a repository that has none": {with(func(f fstest.MapFS) {
				name := folderOf(t, f, "baseos") + "/repomd.xml"
				f[name] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(string(f[name].Data), `"updateinfo"`, `"group"`))}
			}), nil},
			"no repository is enabled": {write("etc/yum.repos.d/baseos.repo", "[baseos]\nenabled=0\n"), nil},
			"Amazon Linux that follows its releases": {with(func(f fstest.MapFS) {
				f["etc/os-release"] = &fstest.MapFile{Data: []byte("ID=\"amzn\"\nVERSION_ID=\"2023\"\n")}
				f["etc/dnf/vars/releasever"] = &fstest.MapFile{Data: []byte("latest\n")}
			}), []string{"baseos"}},
			"dpkg is there, as on Fedora, and has installed nothing": {write(status, ""), []string{"baseos"}},
		} {
			found, err := collectedFrom(t.Context(), each.files)
			require.NoError(t, err, name)
			require.Equal(t, each.sources, found.Sources, name)
		}
	})
	t.Run("what is left of another address is not read", func(t *testing.T) {
		old := strings.TrimSuffix(folderOf(t, files, "baseos"), "/repodata")
		left := with(func(f fstest.MapFS) {
			for name, file := range files {
				if rest, is := strings.CutPrefix(name, old); is {
					f["var/cache/libdnf5/baseos-0123456789abcdef"+rest] = &fstest.MapFile{Data: file.Data, ModTime: file.ModTime.Add(-time.Hour)}
				}
			}
		})
		found, err := collectedFrom(t.Context(), left)
		require.NoError(t, err)
		require.Equal(t, sound.ListsAt, found.ListsAt)
	})
}

// datesOfAdvisories: an update waits since its advisory was issued, and where that has no date, since it was first collected.
func datesOfAdvisories(t *testing.T, files fstest.MapFS) {
	t.Helper()
	now, issued := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	for date, want := range map[string]time.Time{
		"2026-01-02 00:00:00": issued, "2026-01-02": issued, "2026-01-02T00:00:00Z": issued, "2026-01-02 00:00:00 UTC": issued,
		"1767312000": issued, "": now, "long ago": now, "2030-01-01": now,
	} {
		text := advisories(
			advisoryOf("EX-1", "security", date, "", "bash 0:5.2-1.el9"), advisoryOf("EX-2", "security", "2026-11-11", "", "bash 0:5.1.8-9.el9"),
		)["updateinfo"]
		found, err := collectedFrom(t.Context(), replaced(t, files, text))
		require.NoError(t, err)
		require.Len(t, found.Pending, 1)
		require.Equal(t, want, found.Pending[0].Since, date)
	}
	found, err := collectedFrom(t.Context(), replaced(t, files, advisories(
		advisoryOf("EX-2", "security", "2026-03-03", "", "bash 0:5.3-1.el9"), advisoryOf("EX-1", "security", "2026-01-02", "", "bash 0:5.2-1.el9"),
	)["updateinfo"]))
	require.NoError(t, err)
	require.Equal(t, issued, found.Pending[0].Since, "the first that is not installed counts")
	require.Equal(t, issued, found.Pending[0].Earliest)
	require.Equal(t, "5.3-1.el9", found.Pending[0].Available)
}

func TestAutomaticUpdatesOfDNF(t *testing.T) {
	const timers = "etc/systemd/system/timers.target.wants/"
	for name, each := range map[string]struct {
		files map[string]string
		want  bool
	}{
		"its timer installs":                      {map[string]string{timers + "dnf-automatic-install.timer": ""}, true},
		"its configuration says so":               {map[string]string{timers + "dnf-automatic.timer": "", "etc/dnf/automatic.conf": "[commands]\napply_updates = yes\n"}, true},
		"it downloads only":                       {map[string]string{timers + "dnf-automatic.timer": "", "etc/dnf/automatic.conf": "[commands]\ndownload_updates = yes\napply_updates = no\n"}, false},
		"no timer is enabled":                     {map[string]string{"etc/dnf/automatic.conf": "[commands]\napply_updates = yes\n"}, false},
		"its timer notifies":                      {map[string]string{timers + "dnf-automatic-notifyonly.timer": "", "etc/dnf/automatic.conf": "[commands]\napply_updates = yes\n"}, false},
		"dnf 5's configuration says so":           {map[string]string{timers + "dnf5-automatic.timer": "", "etc/dnf/dnf5-plugins/automatic.conf": "[commands]\napply_updates = True\n"}, true},
		"what it comes with says no, and own yes": {map[string]string{timers + "dnf5-automatic.timer": "", "usr/share/dnf5/dnf5-plugins/automatic.conf": "[commands]\napply_updates = no\n", "etc/dnf/automatic.conf": "[commands]\napply_updates = yes\n"}, true},
		"its service is masked":                   {map[string]string{timers + "dnf-automatic-install.timer": "", "etc/systemd/system/dnf-automatic-install.service": ""}, false},
		"nothing is configured":                   {map[string]string{timers + "dnf5-automatic.timer": ""}, false},
	} {
		files := make(fstest.MapFS)
		for file, text := range each.files {
			files[file] = &fstest.MapFile{Data: []byte(text)}
		}
		require.Equal(t, each.want, automaticOfDNF(files), name)
	}
}

func FuzzAdvisories(f *testing.F) {
	f.Add(advisories(advisoryOf("EX-1", "security", "2026-01-02", `<module name="a" stream="1"/>`, "bash 0:5.2-1.el9"))["updateinfo"], "[main]\nexclude=a\n b")
	f.Fuzz(func(t *testing.T, text, configuration string) {
		inventory := newInventory([]rpm.Package{{Name: "bash", Architecture: "noarch", Version: rpm.Version{Version: "5", Release: "1"}}}, nil)
		if _, err := inventory.parseAdvisories(t.Context(), strings.NewReader(text)); err == nil {
			require.LessOrEqual(t, len(inventory.pending(nil, nil)), 1)
		}
		_, err := options(fstest.MapFS{"x": {Data: []byte(configuration)}}, "x")
		require.NoError(t, err)
	})
}

// BenchmarkAdvisories reads as many as those of a distribution's repository after some years: 3,000 of 20 KB.
func BenchmarkAdvisories(b *testing.B) {
	var text strings.Builder
	text.WriteString("<updates>")
	for i := range 3000 {
		packages := []string{"bash 0:5.2-1.el9"}
		for j := range 60 {
			packages = append(packages, fmt.Sprintf("package-%d-%d 0:%d-1.el9", i, j, j))
		}
		one := advisoryOf(fmt.Sprintf("EX-%d", i), "security", "2026-01-02", "", packages...)
		text.WriteString(strings.Replace(one, "<description>x", "<description>"+strings.Repeat("What it closes. ", 700), 1))
	}
	text.WriteString("</updates>")
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		inventory := newInventory([]rpm.Package{{Name: "bash", Architecture: "noarch", Version: rpm.Version{Version: "5", Release: "1"}}}, nil)
		_, err := inventory.parseAdvisories(b.Context(), strings.NewReader(text.String()))
		require.NoError(b, err)
	}
}
