package kubernetes

import "k8s.io/apimachinery/pkg/types"

// A group is of objects that are told of together, such as the pods of one owner.
type group struct {
	members map[types.NamespacedName]struct{}
	telling any // what they tell together; nil since one of them has changed
}

// regroup puts an object into its group, out of the one that it was in; nil: it is gone. The caller holds mu.
func (m *mirror[T]) regroup(name types.NamespacedName, to *T) {
	if m.resource.group == nil {
		return
	}
	if old, there := m.kept[name]; there {
		of := m.resource.group(old)
		g := m.groups[of]
		delete(g.members, name)
		g.telling = nil
		if len(g.members) == 0 {
			delete(m.groups, of)
		}
	}
	if to == nil {
		return
	}
	of := m.resource.group(*to)
	g := m.groups[of]
	if g == nil {
		g = &group{members: make(map[types.NamespacedName]struct{})}
		if m.groups == nil {
			m.groups = make(map[owner]*group)
		}
		m.groups[of] = g
	}
	g.members[name], g.telling = struct{}{}, nil
}

// tellings give what each group tells. Only of those of which a member has changed it is made anew.
func tellings[T, V any](m *mirror[T], of func(members []T) V) map[owner]V {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make(map[owner]V, len(m.groups))
	for each, g := range m.groups {
		if g.telling == nil {
			members := make([]T, 0, len(g.members))
			for name := range g.members {
				members = append(members, m.kept[name])
			}
			g.telling = of(members)
		}
		all[each] = g.telling.(V)
	}
	return all
}
