package watch

import (
	"unique"

	"k8s.io/apimachinery/pkg/types"
)

// An Owner is the object that made others, such as the pods that are counted together; the zero value is none.
type Owner = unique.Handle[types.UID]

// A group is of objects that are aggregated, such as the pods of one owner.
type group struct {
	members   map[types.NamespacedName]struct{}
	aggregate any // of the members; nil since one of them has changed
}

// regroup puts an object into its group, out of the one that it was in; nil: it is gone. The caller holds mu.
func (s *Store[T]) regroup(name types.NamespacedName, to *T) {
	if s.resource.Group == nil {
		return
	}
	if old, there := s.kept[name]; there {
		of := s.resource.Group(old)
		g := s.groups[of]
		delete(g.members, name)
		g.aggregate = nil
		if len(g.members) == 0 {
			delete(s.groups, of)
		}
	}
	if to == nil {
		return
	}
	of := s.resource.Group(*to)
	g := s.groups[of]
	if g == nil {
		g = &group{members: make(map[types.NamespacedName]struct{})}
		if s.groups == nil {
			s.groups = make(map[Owner]*group)
		}
		s.groups[of] = g
	}
	g.members[name], g.aggregate = struct{}{}, nil
}

// Aggregates gives what the members of each group add up to. Only where a member has changed it is added up again.
func Aggregates[T, V any](s *Store[T], of func(members []T) V) map[Owner]V {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[Owner]V, len(s.groups))
	for each, g := range s.groups {
		if g.aggregate == nil {
			members := make([]T, 0, len(g.members))
			for name := range g.members {
				members = append(members, s.kept[name])
			}
			g.aggregate = of(members)
		}
		all[each] = g.aggregate.(V)
	}
	return all
}
