package kubernetes

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

const stagingCollector = "kubernetes_staging"

// Stagings makes the collector that compares production with staging: two namespaces, or two clusters.
func (c *Clusters) Stagings() collector.Collector[Target] {
	return collector.Collector[Target]{
		Name: stagingCollector, Summary: "Production compared with staging: workloads, images, probes, and the keys of configuration.",
		Yields: []fact.Any{fact.Stagings()}, Schedule: "@every 1m", Timeout: 10 * time.Second,
		Targets: func(s *system.System) []Target {
			return targets(s, func(cluster system.Cluster) bool { return cluster.Staging.Declared() },
				func(own *Target, cluster system.Cluster) {
					own.Cluster.Staging, own.Cluster.SecretValues = cluster.Staging, cluster.SecretValues
				})
		},
		Target: Target.name,
		Known: func(t Target) []fact.AnySet {
			return []fact.AnySet{fact.Stagings().Set(&fact.Set[fact.Staging]{
				Unavailable: []fact.Unavailable[fact.Staging]{{Subject: t.name(), Known: fact.Staging{Cluster: t.Cluster.Name}}},
			})}
		},
		Collect: func(ctx context.Context, t Target, _ fact.Topics) ([]fact.AnySet, error) { return c.compare(ctx, t) },
		Changes: func(t Target) <-chan struct{} { return c.servers.Changes(t.user(stagingCollector)) },
		Permissions: func(t Target, _ fact.Topics) []collector.Permission {
			compared := c.compared(t.Cluster)
			return slices.Concat(permissions(t, compared, nil), permissions(t.staging(), compared, nil))
		},
		Forget: func(t Target) {
			c.forget(t, t.user(stagingCollector))
			c.forget(t.staging(), t.staging().user(stagingCollector))
		},
	}
}

// staging is the target that is compared with.
func (t Target) staging() Target {
	return Target{System: t.System, Cluster: t.Cluster.StagingCluster()}
}

// A comparedObject is what is compared of an object.
type comparedObject struct {
	namespace, kind, name string
	aspects               map[string]string // in words, by what it is of
	images                []ranImage
	ran                   []string          // images of earlier revisions
	credentials           map[string][]byte // fingerprints, by the key
}

// A ranImage is one that a container runs.
type ranImage struct{ declared, id string }

func (o comparedObject) id() string { return o.kind + "/" + o.name }

func (c *Clusters) compared(cluster system.Cluster) join[comparedObject] {
	j := join[comparedObject]{
		kind: &fact.Kind[comparedObject]{Subject: func(o *comparedObject) string { return o.namespace + "/" + o.id() }},
		parts: append(workloadParts(),
			part{"", pods()}, part{"", replicaSets()}, part{"", keysOf(writtenSecrets())}, part{"", keysOf(configMapNames())}),
		add:   c.joinCompared,
		place: func(_, namespace string) comparedObject { return comparedObject{namespace: namespace} },
	}
	if cluster.SecretValues {
		j.parts = append(j.parts, part{"", c.secretValues()})
	}
	return j
}

// keysOf keeps the keys of an object's data, which its metadata tell.
func keysOf(of watch.Resource[present]) watch.Resource[[]string] {
	return watch.Resource[[]string]{
		GroupVersionResource: of.GroupVersionResource, Fields: of.Fields, Variant: of.Variant + ", keys",
		Keep: func(object any) []string { return dataKeys(object.(*metav1.PartialObjectMetadata)) },
	}
}

func (c *Clusters) joinCompared(s *snapshot, set *fact.Set[comparedObject]) {
	join := workloadJoin{snapshot: s, revisions: revisionsOf(s)}
	join.tallies = join.tally()
	eachWorkload(s, func(_ types.NamespacedName, w workload) {
		if s.includes(w.fact.Namespace, w.labels) {
			set.Add(join.compared(w))
		}
	})
	for kind, r := range map[string]watch.Resource[[]string]{kindSecret: keysOf(writtenSecrets()), kindConfigMap: keysOf(configMapNames())} {
		stored(s, r).Each(func(name types.NamespacedName, keys []string) {
			if kind == kindConfigMap && madeByCluster(name.Name) {
				return
			}
			o := comparedObject{namespace: name.Namespace, kind: kind, name: name.Name, aspects: map[string]string{"keys": strings.Join(keys, ", ")}}
			if values, there := stored(s, c.secretValues()).Get(name.Namespace, name.Name); there && kind == kindSecret {
				o.credentials = values.fingerprints
			}
			set.Add(o)
		})
	}
}

// madeByCluster tells ConfigMaps that are in every namespace.
func madeByCluster(name string) bool {
	return slices.Contains([]string{"kube-root-ca.crt", "istio-ca-root-cert", "openshift-service-ca.crt"}, name)
}

// compared is, in words, what is to be the same of a workload.
func (j workloadJoin) compared(w workload) comparedObject {
	f := w.fact
	o := comparedObject{namespace: f.Namespace, kind: f.Kind, name: f.Name, aspects: make(map[string]string)}
	for _, revision := range j.revisions[w.id] {
		o.ran = append(o.ran, revision.images...)
	}
	for _, container := range f.Containers {
		of := "container " + container.Name + ": "
		image := ranImage{declared: container.Image}
		if t := j.tallies[w.id]; t != nil {
			image.id = t.imageID(container.Name)
		}
		o.images = append(o.images, image)
		o.aspects[of+"image"] = container.Image
		probes := map[string]*fact.Probe{"readiness": container.Readiness, "liveness": container.Liveness, "startup": container.Startup}
		for name, probe := range probes {
			if probe != nil {
				o.aspects[of+name+" probe"] = fmt.Sprintf("%s %s within %s", probe.How, probe.Port, probe.Patience)
			}
		}
		var variables []string
		for _, variable := range container.Variables {
			variables = append(variables, variable.Name)
		}
		slices.Sort(variables)
		o.aspects[of+"variables"] = strings.Join(variables, ", ")
	}
	var needs []string
	for _, each := range w.needs {
		needs = append(needs, each.Kind+"/"+each.Name)
	}
	o.aspects["configuration"] = strings.Join(needs, ", ")
	return o
}

// compare collects from both, and compares them. What could not be collected of either leaves nothing to compare.
func (c *Clusters) compare(ctx context.Context, t Target) ([]fact.AnySet, error) {
	set := &fact.Set[fact.Staging]{}
	collect := func(from Target) (fact.AnySet, error) {
		sets, err := c.collect(ctx, from, from.user(stagingCollector), []joiner{c.compared(t.Cluster)}, nil)
		if err != nil {
			return nil, err
		}
		for _, gap := range sets[0].Gaps() {
			set.Unavailable = append(set.Unavailable, fact.Unavailable[fact.Staging]{
				Subject: gap.Subject, Known: fact.Staging{Cluster: t.Cluster.Name}, Reason: gap.Reason, Detail: gap.Detail,
			})
		}
		return sets[0], nil
	}
	production, err := collect(t)
	if err != nil {
		return nil, err
	}
	staging, err := collect(t.staging())
	if err != nil {
		return nil, fmt.Errorf("collect from staging: %w", err)
	}
	if len(set.Unavailable) == 0 {
		for _, namespace := range t.Cluster.Namespaces {
			set.Add(t.compared(namespace, production, staging))
		}
	}
	return []fact.AnySet{fact.Stagings().Set(set)}, nil
}

// compared is what a namespace of production has in another way than staging.
func (t Target) compared(namespace string, production, staging fact.AnySet) fact.Staging {
	with := t.Cluster.StagingNamespace(namespace)
	f := difference(inNamespace(production, namespace), inNamespace(staging, with))
	f.Cluster, f.Namespace, f.With = t.Cluster.Name, namespace, "namespace "+with
	f.CompareValues = t.Cluster.SecretValues
	if t.Cluster.Staging.Kubeconfig != "" || t.Cluster.Staging.Context != "" {
		f.With += " of " + t.staging().Cluster.Place()
	}
	return f
}

func inNamespace(all fact.AnySet, namespace string) map[string]comparedObject {
	found := make(map[string]comparedObject)
	for i := range all.Len() {
		if each := all.At(i).(*comparedObject); each.namespace == namespace {
			found[each.id()] = *each
		}
	}
	return found
}

// difference compares the objects of production with those of staging, by kind and name.
func difference(production, staging map[string]comparedObject) (f fact.Staging) {
	ran := make(map[string]bool)
	for _, object := range staging {
		for _, image := range object.images {
			ran[image.declared], ran[image.id] = true, true
		}
		for _, image := range object.ran {
			ran[image] = true
		}
	}
	delete(ran, "")
	for _, id := range slices.Sorted(maps.Keys(production)) {
		object := production[id]
		f.Compared++
		for _, image := range object.images {
			// By the digest, where both name it: a tag can have moved between staging and production.
			f.Images = append(f.Images, fact.StagedImage{Object: id, Image: image.declared, Staged: ran[cmp.Or(image.id, image.declared)]})
		}
		other, there := staging[id]
		if !there {
			f.Differences = append(f.Differences, fact.Difference{Object: id, Production: "there"})
			continue
		}
		f.Differences = append(f.Differences, aspects(object, other)...)
		for _, key := range slices.Sorted(maps.Keys(object.credentials)) {
			f.Values++
			if theirs, both := other.credentials[key]; both && slices.Equal(object.credentials[key], theirs) {
				f.SameValues = append(f.SameValues, id+" "+key)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(staging)) {
		if _, there := production[id]; !there {
			f.Differences = append(f.Differences, fact.Difference{Object: id, Staging: "there"})
		}
	}
	return f
}

// aspects gives those in which two objects differ.
func aspects(production, staging comparedObject) (found []fact.Difference) {
	all := maps.Clone(production.aspects)
	maps.Copy(all, staging.aspects)
	for _, aspect := range slices.Sorted(maps.Keys(all)) {
		if ours, theirs := production.aspects[aspect], staging.aspects[aspect]; ours != theirs {
			found = append(found, fact.Difference{Object: production.id(), Aspect: aspect, Production: ours, Staging: theirs})
		}
	}
	return found
}
