package fail2ban

import (
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
)

// A value is one of the configuration, with the file that sets it.
type value struct{ text, origin string }

// A section is options by their names, in lower case.
type section map[string]value

// A configuration is what the files of jails come to, as the parser of fail2ban, Python's configparser with includes, merges them.
type configuration struct {
	files    fs.FS
	folder   string // without the leading slash: etc/fail2ban
	defaults section
	sections map[string]section
	known    map[string]section // by section: what an option was before the file that sets it now
	order    []string           // of sections
	bytes    int                // that were read
}

// The bounds: of all files together, and of how deep they include each other.
const (
	maximumBytes = 4 << 20
	maximumDepth = 16
)

// readJails reads the configuration of jails below a folder: jail.conf, jail.d/*.conf, jail.local and jail.d/*.local, of which a later
// one wins (jail.conf(5)).
func readJails(files fs.FS, folder string) (*configuration, error) {
	c := &configuration{
		files: files, folder: folder, defaults: section{}, sections: make(map[string]section), known: make(map[string]section),
	}
	var names []string
	for _, extension := range []string{".conf", ".local"} {
		names = append(names, path.Join(folder, "jail"+extension))
		entries, err := fs.ReadDir(files, path.Join(folder, "jail.d"))
		switch {
		case errors.Is(err, fs.ErrPermission):
			return nil, rootfs.Denied(err)
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
		for _, entry := range entries { // They are sorted.
			if strings.HasSuffix(entry.Name(), extension) && !strings.HasPrefix(entry.Name(), ".") {
				names = append(names, path.Join(folder, "jail.d", entry.Name()))
			}
		}
	}
	found := false
	for _, name := range names {
		there, err := c.include(name, nil)
		if err != nil {
			return nil, err
		}
		found = found || there
	}
	if !found {
		return nil, fact.Errorf(fact.ReasonNotFound, "/%s has no configuration of jails: expected jail.conf", folder)
	}
	return c, nil
}

// include adds a file with those that it includes: some before itself, some after. A file that is not there adds nothing.
func (c *configuration) include(name string, within []string) (found bool, err error) {
	if slices.Contains(within, name) {
		return false, nil
	}
	if len(within) == maximumDepth {
		return false, fact.Errorf(fact.ReasonInvalid, "/%s: more than %d files are included in each other", name, maximumDepth)
	}
	text, err := rootfs.ReadText(c.files, name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if c.bytes += len(text); c.bytes > maximumBytes {
		return false, fact.Errorf(fact.ReasonInvalid, "/%s: expected at most %d MiB of configuration in all", name, maximumBytes>>20)
	}
	read, order, err := parse(text, "/"+name)
	if err != nil {
		return false, err
	}
	within = append(slices.Clone(within), name)
	for _, list := range []string{"before", "", "after"} {
		if list == "" {
			c.merge(read, order)
			continue
		}
		for _, each := range strings.Split(read[includes][list].text, "\n") {
			if each = strings.TrimSpace(each); each == "" {
				continue
			}
			if !path.IsAbs(each) {
				each = path.Join(path.Dir(name), each)
			}
			each = strings.TrimPrefix(path.Clean(each), "/")
			for _, variant := range []string{each, strings.TrimSuffix(each, path.Ext(each)) + ".local"} {
				if _, err := c.include(variant, within); err != nil {
					return false, err
				}
			}
		}
	}
	return true, nil
}

// The sections that are no jails.
const (
	defaults = "DEFAULT"
	includes = "INCLUDES"
)

// merge lets what was read win over what was there.
func (c *configuration) merge(read map[string]section, order []string) {
	for _, name := range order {
		into := c.sections[name]
		switch {
		case name == defaults:
			into = c.defaults
		case into == nil:
			into = make(section)
			c.sections[name], c.known[name] = into, make(section)
			c.order = append(c.order, name)
		}
		for option, v := range read[name] {
			if before, there := into[option]; there && name != defaults {
				c.known[name][option] = before
			}
			into[option] = v
		}
	}
}

// option gives the value of an option of a section, with what it refers to put in.
func (c *configuration) option(of, name string) (value, error) {
	v, there := c.sections[of][name]
	if !there {
		v = c.defaults[name]
	}
	text, err := c.interpolate(of, v.text, 0)
	return value{text, v.origin}, err
}

// reference is %(name)s, %(known/name)s or %(section/name)s, or %%.
var reference = regexp.MustCompile(`%(?:%|\(([^)]+)\)s)`)

// maximumReferences is how deep references may lead, as configparser has it.
const maximumReferences = 10

// maximumText bounds a value: what refers to itself twice doubles with each level.
const maximumText = 64 << 10

func (c *configuration) interpolate(of, text string, depth int) (string, error) {
	if depth > maximumReferences {
		return "", fact.Errorf(fact.ReasonInvalid, "[%s]: references lead more than %d deep", rootfs.Line(of), maximumReferences)
	}
	var built strings.Builder
	for {
		at := reference.FindStringSubmatchIndex(text)
		if at == nil {
			built.WriteString(text)
			return built.String(), nil
		}
		built.WriteString(text[:at[0]])
		if at[2] < 0 {
			built.WriteByte('%')
		} else {
			name := strings.ToLower(text[at[2]:at[3]])
			inner, there := c.referred(of, name)
			if !there {
				return "", fact.Errorf(fact.ReasonInvalid, "[%s]: nothing defines %s", rootfs.Line(of), rootfs.Line(name))
			}
			inner, err := c.interpolate(of, inner, depth+1)
			if err != nil {
				return "", err
			}
			built.WriteString(inner)
		}
		if built.Len() > maximumText {
			return "", fact.Errorf(fact.ReasonInvalid, "[%s]: a value is longer than %d KiB", rootfs.Line(of), maximumText>>10)
		}
		text = text[at[1]:]
	}
}

// referred finds what a reference of a section means.
func (c *configuration) referred(of, name string) (string, bool) {
	if where, option, is := strings.Cut(name, "/"); is {
		from, there := c.sections[where]
		switch {
		case where == "known":
			from = c.known[of]
		case !there && where != "default":
			return "", false
		}
		if v, there := from[option]; there {
			return v.text, true
		}
		v, there := c.defaults[option]
		return v.text, there
	}
	switch name {
	case "__name__":
		return of, true
	case "fail2ban_version": // It is in messages alone.
		return "", true
	case "fail2ban_confpath":
		return "/" + c.folder, true
	}
	v, there := c.sections[of][name]
	if !there {
		v, there = c.defaults[name]
	}
	return v.text, there
}
