package kubernetes

import (
	"cmp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// topicSteps is that of what cert-manager makes on the way to a certificate: it tells why there is none.
const topicSteps = "issuance_steps"

// issuances are Certificates of cert-manager whose Secret holds none yet.
func issuances() join[fact.Issuance] {
	return join[fact.Issuance]{
		kind:  fact.Issuances(),
		parts: slices.Concat([]part{{"", tlsSecrets()}, {"", managedCertificates()}}, stepParts()),
		add: func(s *snapshot, set *fact.Set[fact.Issuance]) {
			for secret, managers := range managersOf(s) {
				made, _ := stored(s, tlsSecrets()).Get(secret.Namespace, secret.Name)
				if len(made.content) > 0 || !s.target.Cluster.Includes(secret.Namespace) {
					continue
				}
				m := managers[0]
				set.Add(fact.Issuance{
					Cluster: s.target.Cluster.Name, Namespace: secret.Namespace, Secret: secret.Name, Certificate: m.fact.Name,
					Failed: m.failed, Trouble: m.fact.Trouble, Since: unix(m.made),
				})
			}
		},
		place: func(cluster, namespace string) fact.Issuance {
			return fact.Issuance{Cluster: cluster, Namespace: namespace}
		},
	}
}

// stepParts are what cert-manager makes on the way to a certificate (https://cert-manager.io/docs/concepts/acme-orders-challenges/).
func stepParts() []part {
	return []part{{topicSteps, certificateRequests()}, {topicSteps, orders()}, {topicSteps, challenges()}}
}

// A step is what is kept of a CertificateRequest, an Order or a Challenge.
type step struct {
	id, owner owner
	made      int64
	name      string
	trouble   string // in words; empty while all is well
	failed    bool
}

func certificateRequests() watch.Resource[step] {
	return steps(certManagerGroup, "certificaterequests", func(u *unstructured.Unstructured) (string, bool) {
		ready, denied := conditionOf(u, "Ready"), conditionOf(u, "Denied")
		switch {
		case denied.status == "True":
			return sentence(denied.reason, denied.message), true
		case ready.status == "True":
			return "", false
		default:
			return sentence(ready.reason, ready.message), ready.reason == "Failed"
		}
	})
}

func orders() watch.Resource[step] { return steps(acmeGroup, "orders", acmeTrouble) }

func challenges() watch.Resource[step] { return steps(acmeGroup, "challenges", acmeTrouble) }

const acmeGroup = "acme.cert-manager.io"

// acmeTrouble reads the state of an Order or a Challenge.
func acmeTrouble(u *unstructured.Unstructured) (string, bool) {
	state := textAt(u, "status", "state")
	if state == "valid" || state == "ready" {
		return "", false
	}
	return sentence(state, textAt(u, "status", "reason")), slices.Contains([]string{"errored", "invalid", "expired"}, state)
}

func steps(group, resource string, trouble func(*unstructured.Unstructured) (string, bool)) watch.Resource[step] {
	return watch.Resource[step]{
		GroupVersionResource: schema.GroupVersionResource{Group: group, Resource: resource},
		Keep: func(object any) step {
			u := object.(*unstructured.Unstructured)
			keep := step{id: intern(u.GetUID()), owner: ownerOf(u), made: u.GetCreationTimestamp().Unix(), name: u.GetKind() + " " + u.GetName()}
			keep.trouble, keep.failed = trouble(u)
			return keep
		},
	}
}

// sentence puts a reason and a message together.
func sentence(reason, message string) string {
	return strings.TrimSuffix(strings.Join(slices.DeleteFunc([]string{reason, message}, func(s string) bool { return s == "" }), ": "), ".")
}

// stepsOf are the newest steps on the way to a certificate, by the object that each was made for.
func stepsOf(s *snapshot) map[owner]step {
	newest := make(map[owner]step)
	for _, r := range []watch.Resource[step]{certificateRequests(), orders(), challenges()} {
		stored(s, r).Each(func(_ types.NamespacedName, each step) {
			last, there := newest[each.owner]
			order := cmp.Or(cmp.Compare(rank(each), rank(last)), cmp.Compare(each.made, last.made), strings.Compare(last.name, each.name))
			if each.owner != (owner{}) && (!there || order > 0) {
				newest[each.owner] = each
			}
		})
	}
	return newest
}

// rank tells of several steps for the same, such as the Challenges of an Order, which says more: one that has failed, or has
// trouble.
func rank(s step) int {
	switch {
	case !strings.HasPrefix(s.name, "Challenge"):
		return 0 // A newer attempt stands for those before it.
	case s.failed:
		return 2
	case s.trouble != "":
		return 1
	default:
		return 0
	}
}

// trouble is what the last step on the way to a certificate reports, and whether any of them has failed.
func trouble(of owner, newest map[owner]step) (words string, failed bool) {
	for range 3 { // CertificateRequest, Order, Challenge.
		next, there := newest[of]
		if !there {
			break
		}
		if next.trouble != "" {
			words = next.name + " is " + next.trouble
		}
		failed, of = failed || next.failed, next.id
	}
	return words, failed
}

// managersOf are the Certificates of cert-manager by the Secret that they write: of several, which each overwrite what the
// other has made, first the one with trouble.
func managersOf(s *snapshot) map[types.NamespacedName][]managedCertificate {
	found, newest := make(map[types.NamespacedName][]managedCertificate), stepsOf(s)
	stored(s, managedCertificates()).Each(func(name types.NamespacedName, m managedCertificate) {
		if !m.fact.Ready {
			words, failed := trouble(m.id, newest)
			m.fact.Trouble, m.failed = cmp.Or(words, m.fact.Trouble), m.failed || failed
		}
		secret := types.NamespacedName{Namespace: name.Namespace, Name: m.secret}
		found[secret] = append(found[secret], m)
	})
	for _, all := range found {
		slices.SortFunc(all, func(a, b managedCertificate) int {
			return cmp.Or(behind(a.fact.Ready, b.fact.Ready), strings.Compare(a.fact.Name, b.fact.Name))
		})
		if len(all) > 1 && !all[0].fact.Ready {
			all[0].fact.Trouble = strings.TrimPrefix(
				all[0].fact.Trouble+"; the Certificate "+all[1].fact.Name+" writes the same Secret", "; ")
		}
	}
	return found
}
