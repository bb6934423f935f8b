package image

import (
	"archive/tar"
	"encoding/json"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
)

// packages are what one layer tells of the packages of programs in JavaScript.
type packages struct {
	// development are, by the folder of a program, the names of what only its development needs (devDependencies).
	development map[string][]string
	// locked are, by the folder of a program, paths of what npm has installed for development alone, by its own list.
	locked map[string]*matches
	// modules are, by the folder of a program, the names of what is installed.
	modules map[string]map[string]bool
	count   int // of modules
}

const (
	keptModules         = 3000     // in one layer
	keptDevelopment     = 500      // names of one program
	longestPackage      = 1 << 20  // of package.json
	longestLock         = 16 << 20 // of the list of what npm has installed
	installedByNPM      = ".package-lock.json"
	nodeModules         = "node_modules"
	declarationOfModule = "package.json"
)

// add notes what an entry of a layer tells.
func (p *packages) add(name string, header *tar.Header, content io.Reader) error {
	program, within, is := strings.Cut("/"+name, "/"+nodeModules+"/")
	program = strings.TrimPrefix(program, "/")
	switch {
	case is && within == installedByNPM && header.Typeflag == tar.TypeReg && header.Size <= longestLock:
		return p.lock(program, content)
	case is:
		p.module(program, within)
	case path.Base(name) == declarationOfModule && header.Typeflag == tar.TypeReg && header.Size <= longestPackage:
		return p.declare(strings.TrimSuffix(strings.TrimSuffix(name, declarationOfModule), "/"), content)
	}
	return nil
}

func (p *packages) module(program, within string) {
	name, rest, _ := strings.Cut(within, "/")
	if strings.HasPrefix(name, "@") {
		scoped, _, _ := strings.Cut(rest, "/")
		if scoped == "" {
			return
		}
		name += "/" + scoped
	}
	if strings.HasPrefix(name, ".") || p.modules[program][name] || p.count >= keptModules {
		return
	}
	if p.modules == nil {
		p.modules = make(map[string]map[string]bool)
	}
	if p.modules[program] == nil {
		p.modules[program] = make(map[string]bool)
	}
	p.modules[program][name] = true
	p.count++
}

// declare reads what a program needs for its development alone.
func (p *packages) declare(program string, content io.Reader) error {
	text, err := io.ReadAll(io.LimitReader(content, longestPackage))
	if err != nil {
		return err
	}
	var declared struct {
		Development map[string]any `json:"devDependencies"`
		Production  map[string]any `json:"dependencies"`
	}
	_ = json.Unmarshal(text, &declared) // What is no JSON declares nothing.
	var names []string
	for _, name := range slices.Sorted(maps.Keys(declared.Development)) {
		if _, too := declared.Production[name]; !too && len(names) < keptDevelopment {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		if p.development == nil {
			p.development = make(map[string][]string)
		}
		p.development[program] = names
	}
	return nil
}

// lock reads what npm has installed, of which it marks what only development needs
// (https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json#hidden-lockfiles).
func (p *packages) lock(program string, content io.Reader) error {
	text, err := io.ReadAll(io.LimitReader(content, longestLock))
	if err != nil {
		return err
	}
	var list struct {
		Packages map[string]struct {
			Development bool `json:"dev"`
		} `json:"packages"`
	}
	if !json.Valid(text) {
		return nil
	}
	_ = json.Unmarshal(text, &list) // What is of another form names nothing.
	found := &matches{}
	for _, name := range slices.Sorted(maps.Keys(list.Packages)) {
		if !list.Packages[name].Development {
			continue
		}
		found.add(path.Join(program, name))
	}
	if p.locked == nil {
		p.locked = make(map[string]*matches)
	}
	p.locked[program] = found
	return nil
}

// developmentIn gives, by the layer, what is installed for development alone: by npm's own list where there is one. Elsewhere, where half
// of what a program names for its development is installed: a few of them can be what the program needs by others.
func developmentIn(all []*layer) map[int]*matches {
	found := make(map[int]*matches)
	locked, development := make(map[string]bool), make(map[string][]string)
	for at, each := range all {
		for _, program := range slices.Sorted(maps.Keys(each.packages.locked)) {
			locked[program] = true
			if own := each.packages.locked[program]; len(own.paths) > 0 {
				found[at] = found[at].and(own)
			}
		}
		maps.Copy(development, each.packages.development)
	}
	for _, program := range slices.Sorted(maps.Keys(development)) {
		if locked[program] {
			continue
		}
		for at, each := range all {
			own := &matches{}
			for _, name := range development[program] {
				if each.packages.modules[program][name] {
					own.add(path.Join(program, nodeModules, name))
				}
			}
			if count := len(own.paths) + own.more; count > 0 && 2*count >= len(development[program]) {
				found[at] = found[at].and(own)
			}
		}
	}
	return found
}

func (m *matches) add(name string) {
	if len(m.paths) < keptPaths {
		m.paths = append(m.paths, name)
	} else {
		m.more++
	}
}

// and puts two together; nil is of none.
func (m *matches) and(other *matches) *matches {
	both := &matches{}
	if m != nil {
		*both = matches{slices.Clone(m.paths), m.more}
	}
	for _, name := range other.paths {
		both.add(name)
	}
	both.more += other.more
	return both
}
