package kubernetes

import (
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// boolAt is whether a field of an object is true. One that is not there is false.
func boolAt(u *unstructured.Unstructured, path ...string) bool {
	value, _, _ := unstructured.NestedBool(u.Object, path...)
	return value
}

// textAt gives a text within an object; empty where there is none.
func textAt(u *unstructured.Unstructured, path ...string) string {
	text, _, _ := unstructured.NestedString(u.Object, path...)
	return text
}

// numberAt gives a whole number within an object.
func numberAt(u *unstructured.Unstructured, path ...string) (int, bool) {
	value, _, _ := unstructured.NestedFieldNoCopy(u.Object, path...)
	switch number := value.(type) {
	case int64:
		return int(number), true
	case float64:
		return int(number), true
	default:
		return 0, false
	}
}

// timeAt gives a time within an object; zero where there is none.
func timeAt(u *unstructured.Unstructured, path ...string) time.Time {
	at, err := time.Parse(time.RFC3339, textAt(u, path...))
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// textsAt gives a list of texts within an object.
func textsAt(u *unstructured.Unstructured, path ...string) []string {
	texts, _, _ := unstructured.NestedStringSlice(u.Object, path...)
	return texts
}

// mapsAt gives a list of maps within an object; what of it is no map is left out.
func mapsAt(u *unstructured.Unstructured, path ...string) []map[string]any {
	value, _, _ := unstructured.NestedFieldNoCopy(u.Object, path...)
	return mapsOf(value)
}

// mapsIn gives a list of maps within a map.
func mapsIn(of map[string]any, key string) []map[string]any { return mapsOf(of[key]) }

func mapsOf(value any) (found []map[string]any) {
	list, _ := value.([]any)
	for _, each := range list {
		if m, is := each.(map[string]any); is {
			found = append(found, m)
		}
	}
	return found
}

// A condition is one of an object's status.
type condition struct {
	status, reason, message string
	since                   time.Time
}

// conditionOf gives a condition by its type; the zero value where there is none.
func conditionOf(u *unstructured.Unstructured, of string) condition {
	for _, each := range mapsAt(u, "status", "conditions") {
		if text(each, "type") == of {
			since, _ := time.Parse(time.RFC3339, text(each, "lastTransitionTime"))
			return condition{text(each, "status"), text(each, "reason"), text(each, "message"), since.UTC()}
		}
	}
	return condition{}
}

// text gives a text of a map; empty where there is none.
func text(of map[string]any, key string) string {
	value, _ := of[key].(string)
	return value
}
