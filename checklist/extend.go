package checklist

import "slices"

// Over lays the checklist over the one that it extends: its name and title, the other's categories, sections and items
// in their order, each replaced where this one has the same id, and what is new at the end of where it belongs.
func (c *Checklist) Over(base *Checklist) *Checklist {
	return &Checklist{
		Name: c.Name, Title: c.Title, Version: c.Version,
		Categories: overlay(base.pinned(c.Extends).Categories, c.Categories, func(c Category) string { return c.ID }, Category.over),
		Gates: overlay(base.Gates, c.Gates, func(g Gate) string { return g.ID },
			func(own, _ Gate) Gate { return own }),
	}
}

// pinned is the checklist as another extends it: versions of the one say nothing about the other, so that an item is
// newer than what is extended, or as old as the other checklist.
func (c *Checklist) pinned(extends string) *Checklist {
	reference, _ := ParseReference(extends)
	copied := Checklist{Categories: slices.Clone(c.Categories)}
	for i := range copied.Categories {
		category := &copied.Categories[i]
		category.Sections = slices.Clone(category.Sections)
		for j := range category.Sections {
			section := &category.Sections[j]
			section.Items = slices.Clone(section.Items)
			for k := range section.Items {
				item := &section.Items[k]
				item.Since, item.Newer = 0, item.NewerThan(reference.Version)
			}
		}
	}
	return &copied
}

func (c Category) over(base Category) Category {
	return Category{
		ID: c.ID, Title: orElse(c.Title, base.Title),
		Sections: overlay(base.Sections, c.Sections, func(s Section) string { return s.ID }, Section.over),
	}
}

func (s Section) over(base Section) Section {
	return Section{
		ID: s.ID, Title: orElse(s.Title, base.Title),
		Items: overlay(base.Items, s.Items, func(i Item) string { return i.ID },
			func(own, _ Item) Item { return own }),
	}
}

// overlay merges what has the same id, in the order of the base, and puts the rest of the own at the end.
func overlay[T any](base, own []T, id func(T) string, merge func(own, base T) T) []T {
	merged := slices.Clone(base)
	for _, each := range own {
		at := slices.IndexFunc(merged, func(other T) bool { return id(other) == id(each) })
		if at < 0 {
			merged = append(merged, each)
			continue
		}
		merged[at] = merge(each, merged[at])
	}
	return merged
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
