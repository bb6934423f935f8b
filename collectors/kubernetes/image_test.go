package kubernetes

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// TestPlatformsAreThoseOfTheNodesThatPodsMayRunOn has clusters of mixed machines.
func TestPlatformsAreThoseOfTheNodesThatPodsMayRunOn(t *testing.T) {
	nodes := []platformNode{
		{"linux/amd64", labels.Set{corev1.LabelArchStable: "amd64", "disk": "ssd"}},
		{"linux/arm64", labels.Set{corev1.LabelArchStable: "arm64", "cores": "8"}},
		{"linux/arm64", labels.Set{corev1.LabelArchStable: "arm64", "cores": "4"}},
	}
	both, amd, arm := []string{"linux/amd64", "linux/arm64"}, []string{"linux/amd64"}, []string{"linux/arm64"}
	affinity := func(terms ...corev1.NodeSelectorTerm) *corev1.PodSpec {
		return &corev1.PodSpec{Affinity: &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: terms},
		}}}
	}
	term := func(key string, operator corev1.NodeSelectorOperator, values ...string) corev1.NodeSelectorTerm {
		return corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: key, Operator: operator, Values: values}}}
	}
	for _, c := range []struct {
		name string
		spec *corev1.PodSpec
		want []string
	}{
		{"any node", &corev1.PodSpec{}, both},
		{"a selector", &corev1.PodSpec{NodeSelector: map[string]string{corev1.LabelArchStable: "amd64"}}, amd},
		{"a selector by which no node is there yet", &corev1.PodSpec{NodeSelector: map[string]string{"pool": "burst"}}, both},
		{"affinity", affinity(term(corev1.LabelArchStable, corev1.NodeSelectorOpIn, "arm64", "s390x")), arm},
		{"affinity to none of some", affinity(term(corev1.LabelArchStable, corev1.NodeSelectorOpNotIn, "arm64")), amd},
		{"affinity to a number", affinity(term("cores", corev1.NodeSelectorOpGt, "6")), arm},
		{"one of two terms", affinity(term("disk", corev1.NodeSelectorOpExists), term(corev1.LabelArchStable, corev1.NodeSelectorOpIn, "arm64")), both},
		{"an expression that the API server does not take", affinity(term("cores", "Near", "6"), term("disk", corev1.NodeSelectorOpExists)), amd},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, platformsOf(nodes, nodeChoiceOf(c.spec))) })
	}
	require.Empty(t, platformsOf(nil, nil))
}
