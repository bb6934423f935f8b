package kubernetes

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestLabelsAndAnnotationsNameWhatRuns(t *testing.T) {
	own := &metav1.ObjectMeta{
		Labels: map[string]string{"app.kubernetes.io/version": "1.2.3", "version": "label-of-a-mesh"},
		Annotations: map[string]string{
			"deployment.kubernetes.io/revision": "7", "rollout.argoproj.io/revision": "8", "example.com/git-commit": "1a2b3c4",
			"example.com/description": "a commit", "revision": "42", "example.com/commit": strings.Repeat("a", 101), "example.com/sha": "a b",
			"example.com/release": "",
		},
	}
	pods := &metav1.ObjectMeta{Labels: map[string]string{"app.kubernetes.io/version": "1.2.3"}, Annotations: map[string]string{"shop.example.com/git_sha": "5d6e7f8"}}
	require.Equal(t, []string{"1.2.3", "1a2b3c4", "42", "5d6e7f8"}, revisionNames(own, pods))
	require.Empty(t, revisionNames(&metav1.ObjectMeta{}))
}
