package config

import (
	"maps"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A loadedChecklist is a checklist with where its items were written.
type loadedChecklist struct {
	*checklist.Checklist
	whole *checklist.Checklist // with what it extends; nil where that is not there
	doc   *document
	items map[string]writtenItem // by id, with those of what it extends
}

// A writtenItem is where an item of a checklist stands.
type writtenItem struct {
	doc  *document
	path []any
}

// loadProduction reads the built-in checklist.
func (l *loader) loadProduction() {
	var production checklist.Checklist
	doc, errs := parseDocument("checklist/production.yaml", checklist.Production(), &production)
	l.errors = append(l.errors, errs...)
	l.addChecklist(doc, &production)
}

func (l *loader) loadChecklistFile(file string) {
	var own checklist.Checklist
	doc := l.read(file, &own)
	if doc == nil {
		l.unreadChecklist = true
		return
	}
	l.addChecklist(doc, &own)
}

func (l *loader) addChecklist(doc *document, list *checklist.Checklist) {
	if _, taken := l.checklists[list.Name]; taken {
		l.mistake(doc, mistake.At(nil, "name"), "a checklist named %q is there already", list.Name)
		return
	}
	loaded := &loadedChecklist{Checklist: list, doc: doc, items: make(map[string]writtenItem)}
	for i, category := range list.Categories {
		for j, section := range category.Sections {
			for k, item := range section.Items {
				path := mistake.At(nil, "categories", i, "sections", j, "items", k)
				loaded.items[item.ID] = writtenItem{doc: doc, path: path}
				if item.Kind != "" && l.kinds[item.Kind] == nil && !item.NotBuilt {
					l.mistake(doc, mistake.At(path, "kind"), "unknown kind of check %q", item.Kind)
				}
			}
		}
	}
	l.checklists[list.Name] = loaded
}

// extendChecklists validates each checklist, and lays those that extend another over it.
func (l *loader) extendChecklists() {
	for _, list := range l.checklists {
		base := l.checklists[list.Extends]
		switch {
		case list.Extends == "":
			l.mistakes(list.doc, list.Validate(nil))
			list.whole = list.Checklist
		case base == nil:
			l.mistake(list.doc, mistake.At(nil, "extends"), "unknown checklist %q: expected one of %s", list.Extends, l.checklistNames())
		case base.Extends != "":
			l.mistake(list.doc, mistake.At(nil, "extends"), "checklist %q extends another itself: expected one that does not", list.Extends)
		default:
			l.mistakes(list.doc, list.Validate(base.Checklist))
			for id, written := range base.items {
				if _, own := list.items[id]; !own {
					list.items[id] = written
				}
			}
			list.whole = list.Over(base.Checklist)
		}
	}
}

// checklistOf finds the checklist that judges a system; nil where there is none that can be used.
func (l *loader) checklistOf(described describedSystem) *loadedChecklist {
	list := l.checklists[described.ChecklistName()]
	switch {
	case list == nil && !l.unreadChecklist:
		l.mistake(described.doc, mistake.At(described.path, "checklist"), "unknown checklist %q: expected one of %s",
			described.ChecklistName(), l.checklistNames())
		return nil
	case list == nil, list.whole == nil:
		return nil
	default:
		return list
	}
}

func (l *loader) checklistNames() string { return join(slices.Sorted(maps.Keys(l.checklists))) }

// names checks that what a system says of items is about items of its checklist.
func (l *loader) names(described describedSystem, list *loadedChecklist) {
	check := func(id string, path ...any) {
		if id == "" {
			l.mistake(described.doc, mistake.At(described.path, path...), "check is missing: say which item it is about")
		} else if _, known := list.items[id]; !known {
			l.mistake(described.doc, mistake.At(described.path, path...), "no item %q in the checklist %q", id, list.Name)
		}
	}
	for id := range described.Checks {
		check(id, "checks", id)
	}
	for i, each := range described.NotApplicable {
		check(each.Check, "not_applicable", i, "check")
	}
	for i, each := range described.Attestations {
		check(each.Check, "attestations", i, "check")
	}
	for i, each := range described.Waivers {
		check(each.Check, "waivers", i, "check")
	}
	for id := range described.Objectives.Categories {
		if !slices.ContainsFunc(list.whole.Categories, func(c checklist.Category) bool { return c.ID == id }) {
			l.mistake(described.doc, mistake.At(described.path, "objectives", "categories", id),
				"no category %q in the checklist %q", id, list.Name)
		}
	}
}

// notApplicable gives the user's reasons by item.
func notApplicable(s *system.System) map[string]string {
	reasons := make(map[string]string, len(s.NotApplicable))
	for _, each := range s.NotApplicable {
		reasons[each.Check] = each.Reason
	}
	return reasons
}
