package system

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

func TestEveryMistakeInAClusterIsReported(t *testing.T) {
	cases := []struct {
		name    string
		cluster Cluster
		want    []string
	}{
		{"a name alone is enough", Cluster{Name: "main"}, nil},
		{"everything can be said", Cluster{
			Name: "main", Kubeconfig: "/etc/kubeconfig", Context: "admin@main", Namespaces: []string{"shop", "shop-2"},
			Selector: "app.kubernetes.io/part-of in (shop), tier!=test", TLSSecrets: true, CAFile: "/etc/ca.pem",
		}, nil},
		{"a name is needed", Cluster{}, []string{"name is missing"}},
		{"a kubeconfig is the same from wherever the exporter was started", Cluster{Name: "main", Kubeconfig: "kubeconfig"},
			[]string{`kubeconfig "kubeconfig": expected an absolute path`}},
		{"a namespace is named as Kubernetes names them", Cluster{Name: "main", Namespaces: []string{"Shop"}},
			[]string{`namespace "Shop": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', ` +
				`and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for ` +
				`validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`}},
		{"a namespace stands once", Cluster{Name: "main", Namespaces: []string{"shop", "blog", "shop"}},
			[]string{`namespace "shop" stands twice`}},
		{"a selector can be read", Cluster{Name: "main", Selector: "app in shop"},
			[]string{`selector "app in shop": unable to parse requirement: found 'shop' expected: '('`}},
		{"an authority needs something to sign", Cluster{Name: "main", CAFile: "/etc/ca.pem"},
			[]string{"ca_file goes with tls_secrets"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var list mistake.List
			c.cluster.validate(&list, nil)
			var got []string
			for _, m := range list {
				got = append(got, m.Message)
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestNamespacesOfKubernetesItselfAreLeftOutUnlessDeclared(t *testing.T) {
	require.True(t, Cluster{}.Includes("shop"))
	for _, namespace := range []string{"kube-system", "kube-public", "kube-node-lease"} {
		require.False(t, Cluster{}.Includes(namespace), namespace)
		require.True(t, Cluster{Namespaces: []string{namespace}}.Includes(namespace), namespace)
	}
	require.False(t, Cluster{Namespaces: []string{"shop"}}.Includes("blog"))
}
