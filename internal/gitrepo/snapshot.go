package gitrepo

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
)

const (
	// maximumEntries bounds what a branch may have, in files.
	maximumEntries = 200_000
	// MaximumFile is how large a file may be that is read, in bytes.
	MaximumFile = 1 << 20
	// maximumLinks is how many links may lead to a file.
	maximumLinks = 5
	// ignoredRevisions is the file that names commits which change nothing that matters, such as those of a formatter.
	ignoredRevisions = ".git-blame-ignore-revs"
)

// A Snapshot is what a branch has at one time.
type Snapshot struct {
	Head     string    // the commit
	Released time.Time // when the newest tag was made; zero: there is none
	// entries are the files and links, in the order of their paths.
	entries []entry
	ignored map[string]bool // commits that do not count as changes
	git     *git
}

type entry struct {
	path, hash string
	link       bool
}

// head gives the commit of a branch; without one, that of HEAD. A branch of a clone may be its server's alone.
func (g *git) head(ctx context.Context, branch string, clone bool) (string, error) {
	names := []string{"HEAD"}
	if branch != "" {
		names = []string{"refs/heads/" + branch}
		if clone {
			names = append(names, "refs/remotes/origin/"+branch)
		}
	}
	var last error
	for _, name := range names {
		output, err := g.run(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}")
		if err == nil {
			return strings.TrimSpace(string(output)), nil
		}
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		last = err
	}
	if reason := fact.ReasonOf(last); reason != fact.ReasonFailed {
		return "", last
	}
	if branch == "" {
		return "", fact.Errorf(fact.ReasonNotFound, "the repository has no commit at HEAD: declare the branch")
	}
	return "", fact.Errorf(fact.ReasonNotFound, "the repository has no branch %s", branch)
}

// snapshot reads what a commit has.
func (g *git) snapshot(ctx context.Context, head string) (*Snapshot, error) {
	s := &Snapshot{Head: head, git: g, ignored: make(map[string]bool)}
	var err error
	if s.Released, err = g.released(ctx); err != nil {
		return nil, err
	}
	err = g.stream(ctx, nil, s.readTree, "ls-tree", "-r", "-z", "--full-tree", head)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(s.entries, func(a, b entry) int { return strings.Compare(a.path, b.path) })
	content, err := s.Read(ctx, ignoredRevisions)
	if err != nil && !errors.Is(err, ErrNoFile) {
		return nil, err
	}
	for line := range strings.Lines(string(content)) {
		s.ignored[strings.TrimSpace(line)] = true
	}
	return s, nil
}

// readTree reads what git ls-tree -z prints: "100644 blob HASH\tPATH\0".
func (s *Snapshot) readTree(from io.Reader) error {
	reader := bufio.NewReaderSize(from, 64<<10)
	for {
		line, err := reader.ReadSlice(0)
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return nil
		}
		if err != nil {
			return err
		}
		about, name, _ := strings.Cut(string(line[:len(line)-1]), "\t")
		fields := strings.Fields(about)
		if len(fields) != 3 || fields[1] != "blob" { // Submodules are another repository's.
			continue
		}
		if len(s.entries) == maximumEntries {
			return fact.Errorf(fact.ReasonUnsupported, "the branch has more than %d files", maximumEntries)
		}
		s.entries = append(s.entries, entry{path: name, hash: fields[2], link: fields[0] == "120000"})
	}
}

// released is when the newest tag was made; zero: there is none.
func (g *git) released(ctx context.Context) (time.Time, error) {
	output, err := g.run(ctx, "for-each-ref", "--sort=-creatordate", "--count=1", "--format=%(creatordate:unix)", "refs/tags")
	if err != nil {
		return time.Time{}, err
	}
	return moment(string(output)), nil
}

// moment reads seconds since 1970; the zero time is none.
func moment(text string) time.Time {
	seconds, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// Paths are those of all files and links, sorted.
func (s *Snapshot) Paths() []string {
	paths := make([]string, len(s.entries))
	for i, each := range s.entries {
		paths[i] = each.path
	}
	return paths
}

// Has tells whether there is a file, link or folder.
func (s *Snapshot) Has(name string) bool {
	if name == "." || name == "" {
		return true
	}
	if _, found := s.find(name); found {
		return true
	}
	at, _ := s.find(name + "/")
	return at < len(s.entries) && strings.HasPrefix(s.entries[at].path, name+"/")
}

func (s *Snapshot) find(name string) (int, bool) {
	return slices.BinarySearchFunc(s.entries, name, func(e entry, name string) int { return strings.Compare(e.path, name) })
}

// ErrNoFile says that the branch has no such file, or a link that leads to none within it.
var ErrNoFile = errors.New("no such file in the branch")

// Read gives the content of a file, following links within the branch.
func (s *Snapshot) Read(ctx context.Context, name string) ([]byte, error) {
	for range maximumLinks {
		at, found := s.find(name)
		if !found {
			return nil, fmt.Errorf("read %s: %w", name, ErrNoFile)
		}
		content, err := s.git.blob(ctx, s.entries[at].hash)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		if !s.entries[at].link {
			return content, nil
		}
		if path.IsAbs(string(content)) {
			break
		}
		name = path.Join(path.Dir(name), string(content))
	}
	return nil, fmt.Errorf("follow the link %s: %w", name, ErrNoFile)
}

// blob reads an object, and refuses a large one before it does.
func (g *git) blob(ctx context.Context, hash string) (content []byte, err error) {
	err = g.stream(ctx, strings.NewReader(hash+"\n"), func(from io.Reader) error {
		reader := bufio.NewReader(from)
		header, err := reader.ReadString('\n')
		if err != nil {
			return err
		}
		fields := strings.Fields(header)
		if len(fields) != 3 || fields[1] != "blob" {
			return fact.Errorf(fact.ReasonInvalid, "the object is not there, or is no file")
		}
		size, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil || size > MaximumFile {
			return fact.Errorf(fact.ReasonUnsupported, "the file is larger than %d bytes", MaximumFile)
		}
		content = make([]byte, size)
		_, err = io.ReadFull(reader, content)
		return err
	}, "cat-file", "--batch")
	return content, err
}

// ErrShallow says that the history which a clone has does not reach back to the last change.
var ErrShallow = fact.Errorf(fact.ReasonUnsupported,
	"the clone is shallow, and its history does not reach back to the last change: git fetch --unshallow")

// IsShallow tells whether the clone ends before its history does.
func (s *Snapshot) IsShallow(ctx context.Context) (bool, error) {
	ends, err := s.git.shallow(ctx)
	return len(ends) > 0, err
}

// considered is how many changes of a file are read until one is found that counts.
const considered = 100

// Changed is when a file was last committed with another content, whenever it was checked out.
func (s *Snapshot) Changed(ctx context.Context, name string) (time.Time, error) {
	output, err := s.git.run(ctx, "log", "--format=%H %ct", "--max-count="+strconv.Itoa(min(considered, 1+len(s.ignored))), s.Head, "--", name)
	if err != nil {
		return time.Time{}, err
	}
	shallow, err := s.git.shallow(ctx)
	if err != nil {
		return time.Time{}, err
	}
	var oldest time.Time
	for line := range bytes.Lines(output) {
		commit, seconds, _ := strings.Cut(string(line), " ")
		if shallow[commit] {
			return time.Time{}, ErrShallow
		}
		if oldest = moment(seconds); !s.ignored[commit] {
			return oldest, nil
		}
	}
	if oldest.IsZero() {
		return time.Time{}, fact.Errorf(fact.ReasonInvalid, "the history has no change of %s", name)
	}
	return oldest, nil // All that is known is of formatters; nobody has written it since.
}

// shallow are the commits at which the history of a shallow clone ends.
func (g *git) shallow(ctx context.Context) (map[string]bool, error) {
	output, err := g.run(ctx, "rev-parse", "--git-path", "shallow")
	if err != nil {
		return nil, err
	}
	content, err := readfile.Read(strings.TrimSpace(string(output)), MaximumFile)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	commits := make(map[string]bool)
	for line := range bytes.Lines(content) {
		commits[string(bytes.TrimSpace(line))] = true
	}
	return commits, err
}
