package metrics

import "slices"

// groupSize is how many neighbours' small parts are compressed together: alone, one would be larger than all of them.
const groupSize = 32

// A group is some pages, whose small parts are compressed together.
type group struct {
	pages  []*page
	pieces []part // by layout
}

// groups compresses the small parts of pages, but for those that are as they were in an old group of the same place.
func (r *renderer) groups(pages []*page, each encoding, old []group) []group {
	groups := make([]group, 0, (len(pages)+groupSize-1)/groupSize)
	for members := range slices.Chunk(pages, groupSize) {
		var before group
		if len(groups) < len(old) {
			before = old[len(groups)]
		}
		groups = append(groups, r.group(members, each, before))
	}
	return groups
}

func (r *renderer) group(members []*page, each encoding, old group) group {
	if slices.Equal(members, old.pages) {
		return old
	}
	fresh := group{pages: members, pieces: make([]part, len(r.layouts))}
	for family := range fresh.pieces {
		same := func(was, is *page) bool {
			return was.parts[each.index()] != nil && was.parts[each.index()][family].is(is.parts[each.index()][family])
		}
		if old.pieces != nil && slices.EqualFunc(old.pages, members, same) {
			fresh.pieces[family] = old.pieces[family]
		} else {
			fresh.pieces[family] = r.deflater.part(true, small(members, each, family))
		}
	}
	return fresh
}

// small puts the small parts of a family together.
func small(pages []*page, each encoding, family int) (content []byte) {
	for _, page := range pages {
		if part := page.parts[each.index()][family]; !part.packed {
			content = append(content, part.content...)
		}
	}
	return content
}
