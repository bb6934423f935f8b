package repository

import (
	"bytes"
	"crypto/sha256"
	"maps"
	"path"
	"regexp"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/gitrepo"
	"github.com/readiness-exporter/readiness-exporter/internal/secret"
)

// maximumKept bounds what is kept of one repository.
const maximumKept = 500

// rules tell secrets in lines of files by forms that nothing else has.
type rules struct {
	any   *regexp.Regexp
	named map[string]*regexp.Regexp
}

func newRules() *rules {
	r := &rules{named: make(map[string]*regexp.Regexp)}
	byName := make(map[string][]secret.Form)
	var all []secret.Form
	for _, form := range secret.Forms() {
		if !form.Plain {
			all = append(all, form)
			byName[form.Name] = append(byName[form.Name], form)
		}
	}
	r.any = regexp.MustCompile(secret.AnyOf(all))
	for name, forms := range byName {
		r.named[name] = regexp.MustCompile(secret.AnyOf(forms))
	}
	return r
}

var (
	keyBegins = regexp.MustCompile(`-----BEGIN ((RSA|EC|DSA|OPENSSH|PGP) )?PRIVATE KEY( BLOCK)?-----`)
	// keyFollows is the beginning of what a key holds, in the line of its beginning.
	keyFollows = regexp.MustCompile(`PRIVATE KEY( BLOCK)?-----(\\r|\\n|\s|["'+,])*[A-Za-z0-9+/=]{40}`)
	keyContent = regexp.MustCompile(`^[\s"'+*#/]*[A-Za-z0-9+/]{40,}`)
	// examples are those of manuals, and what stands for a value.
	examples = regexp.MustCompile(`(?i)example|sample|dummy|fake|redacted|placeholder|changeme|your|insert|` +
		`123456789|abcdefgh|xxxx|0000000|aaaaaa`)
)

// fewest is how many different characters a token has at least that was made by chance.
const fewest = 8

// tokens calls found for each token in a line, with the name of its rule.
func (r *rules) tokens(line []byte, found func(rule string, token []byte)) {
	if !r.any.Match(line) {
		return
	}
	for name, expression := range r.named {
		for _, match := range expression.FindAllSubmatch(line, -1) {
			if token := match[1]; !examples.Match(token) && variety(token) >= fewest {
				found(name, token)
			}
		}
	}
}

func variety(token []byte) int {
	seen := make(map[byte]bool)
	for _, c := range token {
		seen[c] = true
	}
	return len(seen)
}

// A history is what is known of one up to some commits.
type history struct {
	tips         []string
	shallow      bool // the clone ended before the history did
	environments map[string]fact.CommittedFile
	secrets      map[[sha256.Size]byte]fact.CommittedSecret // by what they are
	more         int

	before map[string]fact.CommittedFile // the environments that an earlier reading found
}

func (h *history) clone() *history {
	if h == nil {
		return &history{environments: make(map[string]fact.CommittedFile), secrets: make(map[[sha256.Size]byte]fact.CommittedSecret)}
	}
	return &history{
		tips: h.tips, environments: maps.Clone(h.environments), secrets: maps.Clone(h.secrets), more: h.more, before: h.environments,
	}
}

// A reader reads the lines that commits added, the newest first.
type reader struct {
	*rules
	*history

	key      gitrepo.Change // where a private key begins; what follows tells whether it is one
	keyLines int            // how many lines are left in which its content may begin
}

func (r *reader) change(c gitrepo.Change) error {
	if c.Line == 0 {
		r.keyLines = 0
		_, known := r.environments[c.Path]
		_, earlier := r.before[c.Path]
		if !c.Gone && !earlier && isEnvironment(c.Path) && (known || len(r.environments) < maximumKept) {
			r.environments[c.Path] = fact.CommittedFile{Path: c.Path, Commit: c.Commit}
		}
		return nil
	}
	r.tokens(c.Text, func(rule string, token []byte) { r.add(rule, token, c) })
	switch {
	case keyFollows.Match(c.Text):
		r.add("private-key", c.Text, c)
	case keyBegins.Match(c.Text):
		r.key, r.keyLines = c, 3 // lines of a header may follow
	case r.keyLines > 0 && r.key.Path == c.Path && keyContent.Match(c.Text):
		r.add("private-key", bytes.TrimSpace(c.Text), r.key)
		r.keyLines = 0
	case r.keyLines > 0 && bytes.Contains(c.Text, []byte("ENCRYPTED")):
		r.keyLines = 0
	case r.keyLines > 0:
		r.keyLines--
	}
	return nil
}

// add notes a secret. What is read later was committed earlier, and says where it came from.
func (r *reader) add(rule string, content []byte, c gitrepo.Change) {
	key := sha256.Sum256(append([]byte(rule+"\n"), content...))
	before, there := r.secrets[key]
	switch {
	case !there && len(r.secrets) == maximumKept:
		r.more++
	case !there || before.At.After(c.At):
		r.secrets[key] = fact.CommittedSecret{Rule: rule, Path: c.Path, Line: c.Line, Commit: c.Commit, At: c.At}
	}
}

// isEnvironment tells the files that hold the environment of a program by their names.
func isEnvironment(name string) bool {
	base := strings.ToLower(path.Base(name))
	return base == ".env" || strings.HasPrefix(base, ".env.") || base == ".envrc" || strings.HasSuffix(base, ".env")
}
