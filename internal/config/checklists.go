package config

import (
	"slices"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
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

// productionFile is how mistakes would name the built-in checklist.
const productionFile = "checklist/production.yaml"

// loadProduction reads the built-in checklist.
func (l *loader) loadProduction() {
	var production checklist.Checklist
	doc, errs := parseDocument(productionFile, checklist.Production(), &production)
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
				l.knownKinds(doc, path, &item.Clause)
				var texts mistake.List
				system.CheckText(&texts, mistake.At(path, "owner"), "owner", item.Owner)
				system.CheckLink(&texts, mistake.At(path, "runbook"), "runbook", item.Runbook)
				l.mistakes(doc, texts)
			}
		}
	}
	l.checklists[list.Name] = loaded
}

// knownKinds notes the kinds of a clause that are not there, unless the clause is declared as not supported.
func (l *loader) knownKinds(doc *document, path []any, clause *checklist.Clause) {
	if clause.Supported != nil && !*clause.Supported {
		return
	}
	if clause.Kind != "" && l.kinds[clause.Kind] == nil {
		l.mistake(doc, mistake.At(path, "kind"), "unknown kind of check %q%s", clause.Kind, words.Suggestion(clause.Kind, sortedKeys(l.kinds)))
	}
	for _, list := range clause.Lists() {
		for i := range list.Clauses {
			l.knownKinds(doc, mistake.At(path, list.Key, i), &list.Clauses[i])
		}
	}
}

// extendChecklists validates each checklist, and lays those that extend another over it.
func (l *loader) extendChecklists() {
	for _, list := range l.checklists {
		extends, err := checklist.ParseReference(list.Extends)
		base := l.checklists[extends.Name]
		at := mistake.At(nil, "extends")
		switch {
		case list.Extends == "":
			l.mistakes(list.doc, list.Validate(nil))
			list.whole = list.Checklist
		case err != nil:
			l.mistake(list.doc, at, "extends %v", err)
		case base == nil:
			l.mistake(list.doc, at, "unknown checklist %q: expected one of %s", extends.Name, l.checklistNames())
		case base.Extends != "":
			l.mistake(list.doc, at, "checklist %q extends another itself: expected one that does not", extends.Name)
		default:
			l.reached(list.doc, at, extends, base)
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

// reached notes a pinned version that a checklist does not have yet.
func (l *loader) reached(doc *document, path []any, pinned checklist.Reference, list *loadedChecklist) {
	if current := list.CurrentVersion(); pinned.Version > current {
		l.mistake(doc, path, "version %d of the checklist %q does not exist: the newest is %d", pinned.Version, pinned.Name, current)
	}
}

// checklistOf finds the checklist that judges a system, with the version that it pins; nil where there is none that can
// be used.
func (l *loader) checklistOf(described describedSystem) (*loadedChecklist, int) {
	at := mistake.At(described.path, "checklist")
	pinned, err := checklist.ParseReference(described.Checklist)
	if err != nil {
		l.mistake(described.doc, at, "checklist %v", err)
		return nil, 0
	}
	list := l.checklists[described.ChecklistName()]
	switch {
	case list == nil && !l.unreadChecklist:
		l.mistake(described.doc, at, "unknown checklist %q: expected one of %s", described.ChecklistName(), l.checklistNames())
		return nil, 0
	case list == nil, list.whole == nil:
		return nil, 0
	default:
		l.reached(described.doc, at, pinned, list)
		return list, pinned.Version
	}
}

func (l *loader) checklistNames() string { return join(sortedKeys(l.checklists)) }

// names checks that what a system declares of items is about items of its checklist.
func (l *loader) names(described describedSystem, list *loadedChecklist) {
	ids := sortedKeys(list.items)
	check := func(id string, path ...any) {
		if id == "" {
			l.mistake(described.doc, mistake.At(described.path, path...), "check is missing: say which item it is about")
		} else if _, known := list.items[id]; !known {
			l.mistake(described.doc, mistake.At(described.path, path...), "no item %q in the checklist %q%s", id, list.Name,
				words.Suggestion(id, ids))
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
	for i, each := range described.Evidence.Files {
		check(each.Check, "evidence", "files", i, "check")
	}
	for i, each := range described.Evidence.Cluster {
		check(each.Check, "evidence", "cluster", i, "check")
	}
	for id := range described.Objectives.Categories {
		if !slices.ContainsFunc(list.whole.Categories, func(c checklist.Category) bool { return c.ID == id }) {
			l.mistake(described.doc, mistake.At(described.path, "objectives", "categories", id),
				"no category %q in the checklist %q", id, list.Name)
		}
		if id == readinessObjective && described.Objectives.Readiness != 0 {
			l.mistake(described.doc, mistake.At(described.path, "objectives", "categories", id),
				"a category named %q cannot have an objective beside that of all", id)
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
