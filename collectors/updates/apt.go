package updates

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	version "github.com/knqyf263/go-deb-version"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
)

// apt collects by the files of apt and dpkg.
type apt struct{}

// state has all lists, whatever they are of.
func (apt) state(files fs.FS) (string, error) {
	names := []string{status}
	entries, err := fs.ReadDir(files, lists)
	if err != nil {
		return "", unreadable(err)
	}
	for _, entry := range entries {
		if !entry.IsDir() {
			names = append(names, path.Join(lists, entry.Name()))
		}
	}
	var state strings.Builder
	for _, name := range names {
		about, err := fs.Stat(files, name)
		if err != nil {
			return "", unreadable(err)
		}
		state.WriteString(name + about.ModTime().Format(time.RFC3339Nano) + " " + time.Duration(about.Size()).String() + "\n")
	}
	return state.String(), nil
}

// listsAt is when the lists were last fetched: what apt's daily job notes, and otherwise when apt last wrote to their folders. Its
// cache changes with every installation, and tells nothing.
func (apt) listsAt(files fs.FS) time.Time {
	return changed(files, periodic+"/update-success-stamp", periodic+"/update-stamp", lists+"/partial", lists)
}

func (apt) automatic(files fs.FS) bool { return automaticOfAPT(files) }

// read compares what is installed with the lists of security updates.
func (apt) read(ctx context.Context, files fs.FS) (found fact.Updates, good []validity, err error) {
	installed, err := readInstalled(ctx, files)
	if err != nil {
		return found, nil, err
	}
	sources, err := securitySources(files)
	if err != nil {
		return found, nil, err
	}
	found.Manager = "apt"
	for _, source := range sources {
		found.Sources = append(found.Sources, source.suite)
		good = append(good, source.validity)
		for _, name := range source.packages {
			if err := stanzas(ctx, files, name, installed.offer); err != nil {
				return found, nil, err
			}
		}
	}
	slices.Sort(found.Sources)
	found.Sources = slices.Compact(found.Sources)
	for _, name := range slices.Sorted(maps.Keys(installed.packages)) {
		each := installed.packages[name]
		if each.offered.Equal(each.version) {
			continue
		}
		found.Pending = append(found.Pending, fact.PendingUpdate{
			Package: rootfs.Line(installed.title(each)), Installed: each.version.String(), Available: each.offered.String(), Held: each.held,
			Earliest: changed(files, path.Join(info, each.name+".list"), path.Join(info, name+".list")),
		})
	}
	return found, good, nil
}

// An installation is one package that is installed, with the newest version that is offered for the sake of security.
type installation struct {
	name, architecture string
	version, offered   version.Version
	held               bool
}

// An inventory is what is installed, by "package:architecture".
type inventory struct {
	packages map[string]installation
	native   string // the architecture of dpkg itself
}

// title names a package as apt does: with its architecture where that is not the machine's.
func (i inventory) title(each installation) string {
	if each.architecture == i.native || each.architecture == "all" {
		return each.name
	}
	return each.name + ":" + each.architecture
}

// readInstalled reads what dpkg has installed; what was removed has a stanza too.
func readInstalled(ctx context.Context, files fs.FS) (inventory, error) {
	found := inventory{packages: make(map[string]installation)}
	err := stanzas(ctx, files, status, func(fields map[string]string) error {
		wanted, state, _ := strings.Cut(fields["Status"], " ")
		if !strings.HasSuffix(state, " installed") {
			return nil
		}
		each := installation{name: fields["Package"], architecture: fields["Architecture"], held: wanted == "hold"}
		var err error
		if each.version, err = versionOf(fields); err != nil {
			return err
		}
		each.offered = each.version
		found.packages[each.name+":"+each.architecture] = each
		if each.name == "dpkg" {
			found.native = each.architecture
		}
		return nil
	})
	if err == nil && len(found.packages) == 0 {
		err = fact.Errorf(fact.ReasonInvalid, "/%s: expected at least one package that is installed", status)
	}
	return found, err
}

func versionOf(fields map[string]string) (version.Version, error) {
	parsed, err := version.NewVersion(fields["Version"])
	if err != nil {
		return parsed, fact.Errorf(fact.ReasonInvalid, "the version %s of the package %s is none",
			rootfs.Line(fields["Version"]), rootfs.Line(fields["Package"]))
	}
	return parsed, nil
}

// offer notes what a list offers of a package that is installed.
func (i inventory) offer(fields map[string]string) error {
	key := fields["Package"] + ":" + fields["Architecture"]
	each, there := i.packages[key]
	if !there {
		return nil
	}
	offered, err := versionOf(fields)
	if err == nil && offered.GreaterThan(each.offered) {
		each.offered = offered
		i.packages[key] = each
	}
	return err
}

// A source is one of security updates.
type source struct {
	suite    string   // bookworm-security
	packages []string // its lists
	validity
}

// securitySources finds those of security updates, by how their archive describes itself: what is only called security.debian.org
// may be a mirror of something else, and the other way round. Those of another release than the machine's offer it nothing.
func securitySources(files fs.FS) (sources []source, err error) {
	entries, err := fs.ReadDir(files, lists)
	if err != nil {
		return nil, unreadable(err)
	}
	codename := codenameOf(files)
	for _, entry := range entries {
		prefix, is := strings.CutSuffix(entry.Name(), "_InRelease")
		if !is {
			prefix, is = strings.CutSuffix(entry.Name(), "_Release")
		}
		if !is || entry.IsDir() {
			continue
		}
		release, err := readRelease(files, path.Join(lists, entry.Name()))
		if err != nil {
			return nil, err
		}
		suite := cmp.Or(release["Suite"], release["Codename"])
		if !isSecurity(release) || !isOf(release, codename) {
			continue
		}
		found := source{suite: rootfs.Line(suite), validity: validity{archiveDate(release["Date"]), archiveDate(release["Valid-Until"])}}
		for _, other := range entries {
			rest, of := strings.CutPrefix(other.Name(), prefix+"_")
			if base, _, _ := strings.Cut(rest, "."); of && strings.Contains(base, "_binary-") && strings.HasSuffix(base, "_Packages") {
				found.packages = append(found.packages, path.Join(lists, other.Name()))
			}
		}
		if len(found.packages) > 0 {
			sources = append(sources, found)
		}
	}
	return sources, nil
}

// isSecurity tells an archive of security updates: Debian names it in the label, Ubuntu and its expanded maintenance in the suite.
func isSecurity(release map[string]string) bool {
	return release["Label"] == "Debian-Security" || strings.HasSuffix(release["Suite"], "-security") ||
		strings.HasSuffix(release["Codename"], "-security")
}

// codenameOf is the release that the machine runs, of those distributions whose archives have its name; empty: of another, or not known.
func codenameOf(files fs.FS) string {
	text, err := rootfs.ReadText(files, "etc/os-release")
	if err != nil {
		return ""
	}
	fields := make(map[string]string)
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		fields[key] = strings.Trim(value, `"'`)
	}
	if id := fields["ID"]; id != "debian" && id != "ubuntu" || strings.Contains(fields["PRETTY_NAME"], "/sid") {
		return ""
	}
	return fields["VERSION_CODENAME"]
}

// isOf tells an archive of a release: bookworm-security, jammy-infra-security, jammy and acme-jammy-security are of bookworm and jammy.
func isOf(release map[string]string, codename string) bool {
	parts := strings.Split(release["Codename"]+"-"+release["Suite"], "-")
	return codename == "" || slices.Contains(parts, codename)
}

// archiveDate reads a date of the description of an archive (RFC 1123); zero where there is none.
func archiveDate(text string) time.Time {
	at, err := time.Parse("Mon, _2 Jan 2006 15:04:05 MST", text)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// readRelease reads the description of an archive, which may be signed in place, up to its long list of files.
func readRelease(files fs.FS, name string) (map[string]string, error) {
	text, err := rootfs.ReadText(files, name)
	if err != nil {
		return nil, err
	}
	fields := make(map[string]string)
	for line := range strings.Lines(text) {
		key, value, is := strings.Cut(strings.TrimSpace(line), ":")
		if is && slices.Contains([]string{"Label", "Suite", "Codename", "Date", "Valid-Until"}, key) && fields[key] == "" {
			fields[key] = strings.TrimSpace(value)
		}
	}
	return fields, nil
}

// The bounds of a list, of what comes out of it, and of a line of it: the largest, Debian's of everything, has 50 MB.
const (
	maximumList = 256 << 20
	maximumLine = 1 << 20
)

// stanzas reads a list of packages (deb822(5)), and gives of each what is of concern.
func stanzas(ctx context.Context, files fs.FS, name string, each func(fields map[string]string) error) (err error) {
	about, err := fs.Stat(files, name)
	if err != nil {
		return unreadable(err)
	}
	if !about.Mode().IsRegular() {
		return fact.Errorf(fact.ReasonInvalid, "/%s: expected a regular file", name)
	}
	file, err := files.Open(name)
	if err != nil {
		return unreadable(err)
	}
	defer file.Close()
	plain, closePlain, err := unpacked(file, path.Ext(name))
	if err != nil {
		return fact.Errorf(fact.ReasonOf(err), "/%s: %w", name, err)
	}
	defer closePlain()
	bounded := &io.LimitedReader{R: plain, N: maximumList}
	lines := bufio.NewScanner(bounded)
	lines.Buffer(make([]byte, 0, 64<<10), maximumLine)
	fields, count := make(map[string]string), 0
	flush := func() error {
		defer clear(fields)
		if fields["Package"] == "" {
			return nil
		}
		if count++; count%1000 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return each(fields)
	}
	for lines.Scan() {
		line := lines.Text()
		if strings.TrimSpace(line) == "" {
			if err := flush(); err != nil {
				return err
			}
			continue
		}
		if key, value, is := strings.Cut(line, ": "); is && (key == "Package" || key == "Version" || key == "Architecture" || key == "Status") {
			fields[key] = strings.TrimSpace(value)
		}
	}
	switch err := lines.Err(); {
	case err != nil:
		return fact.Errorf(fact.ReasonInvalid, "read /%s: %w", name, err)
	case bounded.N == 0:
		return fact.Errorf(fact.ReasonInvalid, "/%s: expected at most %d MiB", name, maximumList>>20)
	}
	return flush()
}

// unreadable says what it takes to read what may not be read.
func unreadable(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return rootfs.Denied(err)
	}
	return fmt.Errorf("read what the package manager keeps: %w", err)
}
