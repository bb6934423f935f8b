package gitrepo

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// A Change is one that a commit brought: that there is a file, or a line in it.
type Change struct {
	Commit string
	At     time.Time // when it was committed
	Path   string
	// Line is that of the file, from 1; zero where the file is all that is told of.
	Line int
	Text []byte // of the line, or part of a long one; it is the reader's until the next change
	// Gone: the commit removed the file.
	Gone bool
}

// Tips are the commits that references name: where all of the history begins.
func (s *Snapshot) Tips(ctx context.Context) ([]string, error) {
	output, err := s.git.run(ctx, "for-each-ref", "--format=%(objectname)")
	if err != nil {
		return nil, err
	}
	tips := append(strings.Fields(string(output)), s.Head)
	slices.Sort(tips)
	return slices.Compact(tips), nil
}

// Lost tells whether something of the history from these tips is not in that of the repository any more, as after it was rewritten.
func (s *Snapshot) Lost(ctx context.Context, tips []string) (bool, error) {
	var lost bool
	err := s.git.stream(ctx, strings.NewReader(strings.Join(tips, "\n")+"\n^"+s.Head+"\n"), func(from io.Reader) error {
		line, err := io.ReadAll(io.LimitReader(from, 100))
		lost = len(line) > 0
		return err
	}, "rev-list", "--max-count=1", "--stdin", "--not", "--all")
	if err != nil && ctx.Err() == nil {
		return true, nil // A tip that is not there at all is lost.
	}
	return lost, err
}

// History gives each line that any commit added, and each file that one touched, whatever became of them: of commits that other
// tips do not lead to. What the merge of two branches takes from either is none of it. That .gitattributes would leave lines out of what
// people compare changes nothing.
func (s *Snapshot) History(ctx context.Context, without []string, each func(Change) error) error {
	revisions := s.Head + "\n"
	for _, tip := range without {
		revisions += "^" + tip + "\n"
	}
	elsewhere := *s.git
	elsewhere.folder = elsewhere.base
	return elsewhere.stream(ctx, strings.NewReader(revisions), func(from io.Reader) error {
		h := history{reader: bufio.NewReaderSize(from, longestLine), each: each}
		return h.read()
	}, "log", "--all", "--stdin", "--full-history", "--format=%x00%H %ct", "--raw", "--patch", "--cc", "--unified=0", "--no-color",
		"--no-ext-diff", "--no-textconv", "--no-renames", "--no-abbrev", "--submodule=short", "--ignore-submodules=all", "--src-prefix=a/",
		"--dst-prefix=b/")
}

// longestLine is how much of a line is given at one time.
const longestLine = 64 << 10

// A history reads what git log --raw --patch prints.
type history struct {
	reader *bufio.Reader
	each   func(Change) error

	at   Change // the commit and the file that are read
	hunk hunk
}

// A hunk is what remains of one: lines of each of the files before, and of the file after.
type hunk struct {
	before []int
	after  int
}

func (h *hunk) ended() bool {
	return h.after <= 0 && !slices.ContainsFunc(h.before, func(n int) bool { return n > 0 })
}

func (h *history) read() error {
	for {
		line, err := h.reader.ReadSlice('\n')
		whole := !errors.Is(err, bufio.ErrBufferFull)
		switch {
		case errors.Is(err, io.EOF) && len(line) == 0:
			return nil
		case err != nil && whole && !errors.Is(err, io.EOF):
			return err
		}
		if err := h.line(bytes.TrimSuffix(line, []byte("\n")), whole); err != nil {
			return err
		}
	}
}

// line reads one line, or the first part of one that is longer than is given at one time.
func (h *history) line(line []byte, whole bool) error {
	if !h.hunk.ended() {
		return h.content(line, whole)
	}
	switch {
	case bytes.HasPrefix(line, []byte{0}):
		commit, seconds, _ := strings.Cut(string(line[1:]), " ")
		h.at = Change{Commit: commit, At: moment(seconds)}
	case bytes.HasPrefix(line, []byte(":")):
		return h.touched(line)
	case bytes.HasPrefix(line, []byte("+++ ")):
		h.at.Path = unquoted(strings.TrimSuffix(string(line[len("+++ "):]), "\t"), "b/")
	case bytes.HasPrefix(line, []byte("@@")):
		return h.begin(string(line))
	}
	return h.skip(whole)
}

// skip leaves out what is left of a long line.
func (h *history) skip(whole bool) error {
	for !whole {
		_, err := h.reader.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if whole = !errors.Is(err, bufio.ErrBufferFull); whole && err != nil {
			return err
		}
	}
	return nil
}

// touched reads ":100644 100644 HASH HASH M\tPATH", of a merge with more modes and hashes.
func (h *history) touched(line []byte) error {
	about, name, _ := strings.Cut(string(line), "\t")
	status := about[strings.LastIndexByte(about, ' ')+1:]
	return h.each(Change{Commit: h.at.Commit, At: h.at.At, Path: unquoted(name, ""), Gone: strings.Trim(status, "D") == ""})
}

// unquoted is a path as git writes it: in quotes where it has characters that are not printed.
func unquoted(path, prefix string) string {
	if strings.HasPrefix(path, `"`) {
		if plain, err := strconv.Unquote(path); err == nil {
			path = plain
		}
	}
	return strings.TrimPrefix(path, prefix)
}

// begin reads "@@ -1,2 +3,4 @@", with one more @ and range for each further file before.
func (h *history) begin(line string) error {
	fields := strings.Fields(line)
	parents := len(fields[0]) - 1
	if len(fields) < parents+2 {
		return errNotUnderstood()
	}
	h.hunk.before = h.hunk.before[:0]
	for i := range parents + 1 {
		start, count, err := extent(fields[i+1])
		if err != nil {
			return err
		}
		if i < parents {
			h.hunk.before = append(h.hunk.before, count)
		} else {
			h.hunk.after, h.at.Line = count, start
		}
	}
	return nil
}

func errNotUnderstood() error {
	return fact.Errorf(fact.ReasonInvalid, "read the history: git printed what cannot be understood")
}

// extent reads "-12,3" or "+12".
func extent(text string) (start, count int, err error) {
	first, second, counted := strings.Cut(text, ",")
	if len(first) < 2 {
		return 0, 0, errNotUnderstood()
	}
	if start, err = strconv.Atoi(first[1:]); err != nil {
		return 0, 0, errNotUnderstood()
	}
	if count = 1; counted {
		if count, err = strconv.Atoi(second); err != nil || count < 0 {
			return 0, 0, errNotUnderstood()
		}
	}
	return start, count, nil
}

// content reads a line of a hunk: a sign for each of the files before, and the text.
func (h *history) content(line []byte, whole bool) error {
	signs := len(h.hunk.before)
	if bytes.HasPrefix(line, []byte(`\`)) { // \ No newline at end of file
		return h.skip(whole)
	}
	if len(line) < signs {
		return errNotUnderstood()
	}
	// In a line that the result has, a blank says that a file before has it too; in one that it has not, a minus says so.
	removed, added, had := bytes.ContainsRune(line[:signs], '-'), true, byte(' ')
	if removed {
		had = '-'
	}
	for i, sign := range line[:signs] {
		if sign == had {
			h.hunk.before[i]--
		}
		added = added && sign == '+'
	}
	if removed {
		return h.skip(whole)
	}
	h.hunk.after--
	h.at.Text = line[signs:]
	err := h.hand(added)
	for !whole && err == nil {
		part, failed := h.reader.ReadSlice('\n')
		whole = !errors.Is(failed, bufio.ErrBufferFull)
		if whole && failed != nil && !errors.Is(failed, io.EOF) {
			return failed
		}
		h.at.Text = bytes.TrimSuffix(part, []byte("\n"))
		err = h.hand(added)
	}
	h.at.Line++
	return err
}

func (h *history) hand(added bool) error {
	if !added {
		return nil
	}
	return h.each(h.at)
}
