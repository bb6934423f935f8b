package chart_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/yaml"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// scraped runs the exporter as its pod would, with the arguments, the configuration and the service account of the release, and
// has a real Prometheus find the pod through the rendered ServiceMonitor and scrape it.
func scraped(t *testing.T, cluster *world.Cluster, chart string) {
	volume := t.TempDir()
	mount(t, volume, configMap(t, cluster).Data)
	address, log := serve(t, cluster, volume)

	rendered, err := helm(t, "template", release, chart, "--namespace", own, "--set", "serviceMonitor.enabled=true")
	require.NoError(t, err)
	monitor := only(world.Objects(t, []byte(rendered)), "ServiceMonitor")[0]
	prometheus := servers.Prometheus(t, scrapeConfig(t, monitor, cluster.Kubeconfig, address))
	prometheus.WaitFor(t, `up{job="readiness-exporter", namespace="monitoring"} == 1`)
	prometheus.WaitFor(t, `count(readiness_check_ready{system="cluster", environment="production", namespace="monitoring"}) > 20`)
	// Nothing that the roles of the chart lack.
	prometheus.WaitFor(t, `readiness_collector_up{collector="kubernetes", system="cluster"} == 1`)
	require.Empty(t, prometheus.Query(t, `readiness_collector_unavailable{reason="denied"} > 0`))
	require.Empty(t, prometheus.Query(t, `{__name__=~"readiness_.+", exported_system!=""}`))

	// A new configuration, as the kubelet hands it out: all files at once, by one link.
	mount(t, volume, map[string]string{
		"readiness.yaml": strings.ReplaceAll(configMap(t, cluster).Data["readiness.yaml"], "name: cluster", "name: renamed"),
	})
	prometheus.WaitFor(t, `count(readiness_check_ready{system="renamed"}) > 20`)
	content, err := os.ReadFile(log)
	require.NoError(t, err)
	require.Contains(t, string(content), `msg="loaded the configuration" cause="file change"`)
}

func configMap(t *testing.T, cluster *world.Cluster) *corev1.ConfigMap {
	t.Helper()
	found, err := cluster.Client.CoreV1().ConfigMaps(own).Get(t.Context(), release, metav1.GetOptions{})
	require.NoError(t, err)
	return found
}

// mount shows files in a folder as the kubelet does: each is a link through ..data, which changes to a new folder at once.
func mount(t *testing.T, volume string, files map[string]string) {
	t.Helper()
	folder, err := os.MkdirTemp(volume, "..")
	require.NoError(t, err)
	for name, content := range files {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600))
		if _, err := os.Lstat(filepath.Join(volume, name)); err != nil {
			require.NoError(t, os.Symlink(filepath.Join("..data", name), filepath.Join(volume, name)))
		}
	}
	next := filepath.Join(volume, "..data_tmp")
	require.NoError(t, os.Symlink(filepath.Base(folder), next))
	require.NoError(t, os.Rename(next, filepath.Join(volume, "..data")))
}

// serve runs the exporter with the arguments of the Deployment, and gives its address and its log.
func serve(t *testing.T, cluster *world.Cluster, volume string) (address, log string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	address = listener.Addr().String()
	require.NoError(t, listener.Close())
	args := deployment(t, cluster).Spec.Template.Spec.Containers[0].Args
	for i, each := range args {
		each = strings.ReplaceAll(each, "/etc/readiness-exporter/config", volume)
		each = strings.ReplaceAll(each, "/var/lib/readiness-exporter", t.TempDir())
		args[i] = strings.ReplaceAll(each, "--web.listen-address=:10216", "--web.listen-address="+address)
	}
	log = filepath.Join(t.TempDir(), "log")
	output, err := os.Create(log)
	require.NoError(t, err)
	defer output.Close()
	process := exec.Command(exporterBinary(t), args...)
	process.Stdout, process.Stderr = output, output
	process.Env = append(os.Environ(), "KUBECONFIG="+account(t, cluster))
	process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(t, process.Start())
	t.Cleanup(func() {
		require.NoError(t, process.Process.Signal(syscall.SIGTERM))
		require.NoError(t, process.Wait())
	})
	require.Eventually(t, func() bool {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/-/ready", http.NoBody)
		require.NoError(t, err)
		response, err := http.DefaultClient.Do(request)
		return err == nil && response.Body.Close() == nil && response.StatusCode == http.StatusOK
	}, 90*time.Second, 100*time.Millisecond, "the exporter does not become ready")
	return address, log
}

// account writes a kubeconfig of the release's service account.
func account(t *testing.T, cluster *world.Cluster) string {
	t.Helper()
	token, err := cluster.Client.CoreV1().ServiceAccounts(own).CreateToken(t.Context(), release, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	require.NoError(t, err)
	config := clientcmdapi.NewConfig()
	of := cluster.Config
	config.Clusters["main"] = &clientcmdapi.Cluster{Server: of.Host, CertificateAuthorityData: of.CAData, CertificateAuthority: of.CAFile}
	config.AuthInfos["main"] = &clientcmdapi.AuthInfo{Token: token.Status.Token}
	config.Contexts["main"] = &clientcmdapi.Context{Cluster: "main", AuthInfo: "main"}
	config.CurrentContext = "main"
	path := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, clientcmd.WriteToFile(*config, path))
	return path
}

// scrapeConfig makes of a ServiceMonitor what Prometheus Operator makes of it, and leads each address to where the exporter
// listens here: what plays the kubelets runs no containers.
func scrapeConfig(t *testing.T, monitor *unstructured.Unstructured, kubeconfig, address string) string {
	t.Helper()
	endpoints, _, err := unstructured.NestedSlice(monitor.Object, "spec", "endpoints")
	require.NoError(t, err)
	endpoint := endpoints[0].(map[string]any)
	namespaces, _, err := unstructured.NestedStringSlice(monitor.Object, "spec", "namespaceSelector", "matchNames")
	require.NoError(t, err)
	label, _, err := unstructured.NestedString(monitor.Object, "spec", "jobLabel")
	require.NoError(t, err)
	meta := func(of, name string) string {
		return "__meta_kubernetes_" + of + strings.NewReplacer(".", "_", "/", "_").Replace(name)
	}
	var relabelings []map[string]any
	for name, value := range selected(t, monitor) {
		relabelings = append(relabelings, map[string]any{
			"action": "keep", "regex": value, "source_labels": []string{meta("service_label_", name)},
		})
	}
	relabelings = append(relabelings,
		map[string]any{"action": "keep", "regex": endpoint["port"], "source_labels": []string{meta("endpointslice_port_", "name")}},
		map[string]any{"source_labels": []string{"__meta_kubernetes_namespace"}, "target_label": "namespace"},
		map[string]any{"source_labels": []string{"__meta_kubernetes_pod_name"}, "target_label": "pod"},
		map[string]any{"source_labels": []string{meta("service_label_", label)}, "target_label": "job", "regex": "(.+)"},
		map[string]any{"source_labels": []string{"__address__"}, "target_label": "instance"},
		map[string]any{"target_label": "__address__", "replacement": address},
	)
	content, err := yaml.Marshal(map[string]any{
		"global": map[string]any{"scrape_interval": "1s", "scrape_timeout": "1s"},
		"scrape_configs": []map[string]any{{
			"job_name": fmt.Sprintf("serviceMonitor/%s/%s/0", monitor.GetNamespace(), monitor.GetName()), "honor_labels": endpoint["honorLabels"],
			"metrics_path": endpoint["path"], "scheme": endpoint["scheme"], "relabel_configs": relabelings,
			"kubernetes_sd_configs": []map[string]any{{
				"role": "endpointslice", "kubeconfig_file": kubeconfig, "namespaces": map[string]any{"names": namespaces},
			}},
		}},
	})
	require.NoError(t, err)
	return string(content)
}
