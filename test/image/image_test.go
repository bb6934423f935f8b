// Package image_test builds the container image as a release does, and starts it as the chart would.
package image_test

import (
	"archive/tar"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

const (
	root    = "../.."
	version = "v0.0.0-test"
	built   = 1700000000 // seconds since 1970
)

// build makes the image on nothing, since no base image can be fetched here, and gives its folder.
func build(t *testing.T, platforms string) string {
	t.Helper()
	// Not the test's own folder: ko takes the path of a layout for the name of a repository, which has no capitals.
	out, err := os.MkdirTemp("", "image-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(out)) })
	command := exec.CommandContext(t.Context(), "deploy/image/build")
	command.Dir = root
	command.Env = append(os.Environ(), "BASE=scratch", "OUT="+out, "PLATFORMS="+platforms, "VERSION="+version, "REVISION=abc",
		fmt.Sprintf("SOURCE_DATE_EPOCH=%d", built))
	output, err := command.CombinedOutput()
	require.NoError(t, err, "make tools-deploy, and then: %s", output)
	return out
}

// TestTheImage builds for both architectures, and starts the one of this machine from its tarball: read-only, without
// privileges, by a number as its user.
func TestTheImage(t *testing.T) {
	out := build(t, "linux/amd64,linux/arm64")
	images := make(map[string]v1.Image)
	index, err := layout.ImageIndexFromPath(filepath.Join(out, "layout"))
	require.NoError(t, err)
	collect(t, index, images)
	require.Len(t, images, 2)
	for _, platform := range []string{"linux/amd64", "linux/arm64"} {
		file := filepath.Join(out, "readiness-exporter-"+strings.ReplaceAll(platform, "/", "-")+".tar")
		t.Run("is labelled for "+platform, func(t *testing.T) { labelled(t, images[platform]) })
		t.Run("is the same in the tarball for "+platform, func(t *testing.T) {
			archived, err := tarball.ImageFromPath(file, nil)
			require.NoError(t, err)
			require.Equal(t, configOf(t, images[platform]), configOf(t, archived))
		})
		t.Run("says what is in it for "+platform, func(t *testing.T) {
			content, err := os.ReadFile(filepath.Join(out, "sbom", "readiness-exporter-"+strings.ReplaceAll(platform, "/", "-")+".spdx.json"))
			require.NoError(t, err)
			var sbom struct {
				SPDXVersion string `json:"spdxVersion"`
				Packages    []struct{ Name string }
			}
			require.NoError(t, json.Unmarshal(content, &sbom))
			require.Regexp(t, `^SPDX-2\.`, sbom.SPDXVersion)
			require.Contains(t, string(content), "github.com/prometheus/client_golang")
			require.Greater(t, len(sbom.Packages), 50)
		})
	}
	t.Run("is the same byte for byte when it is built again", func(t *testing.T) {
		t.Setenv("TZ", "Asia/Tokyo")
		again := make(map[string]v1.Image)
		index, err := layout.ImageIndexFromPath(filepath.Join(build(t, "linux/amd64"), "layout"))
		require.NoError(t, err)
		collect(t, index, again)
		want, err := images["linux/amd64"].Digest()
		require.NoError(t, err)
		got, err := again["linux/amd64"].Digest()
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
	t.Run("is published with signatures", func(t *testing.T) { publish(t, out) })
	t.Run("starts", func(t *testing.T) {
		image, err := tarball.ImageFromPath(filepath.Join(out, "readiness-exporter-linux-amd64.tar"), nil)
		require.NoError(t, err)
		start(t, image)
	})
}

// publish pushes to a registry of the test's own. cosign, which needs a pipeline's identity, is played by a script that notes
// what it is asked for.
func publish(t *testing.T, out string) {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	address := strings.TrimPrefix(server.URL, "http://")
	folder := t.TempDir()
	cosign, asked := filepath.Join(folder, "cosign"), filepath.Join(folder, "asked")
	require.NoError(t, os.WriteFile(cosign, []byte("#!/bin/sh\necho \"$@\" >> "+asked+"\n"), 0o755))
	command := exec.CommandContext(t.Context(), "deploy/image/publish")
	command.Dir = root
	command.Env = append(os.Environ(), "OUT="+out, "VERSION="+version, "REVISION=abc", "KO_DOCKER_REPO="+address+"/own", "COSIGN="+cosign)
	command.Stderr = os.Stderr
	output, err := command.Output()
	require.NoError(t, err)
	published := strings.TrimSpace(string(output))
	reference, err := name.NewDigest(published)
	require.NoError(t, err)
	index, err := remote.Index(reference)
	require.NoError(t, err)
	pushed := make(map[string]v1.Image)
	collect(t, index, pushed)
	require.Len(t, pushed, 2)
	calls, err := os.ReadFile(asked)
	require.NoError(t, err)
	sbom := "attest --yes --type spdxjson --predicate " + out + "/sbom/readiness-exporter-linux-"
	require.Equal(t, []string{
		"sign --yes " + published, sbom + "amd64.spdx.json " + published, sbom + "arm64.spdx.json " + published,
		"attest --yes --type slsaprovenance1 --predicate " + out + "/provenance.json " + published,
	}, strings.Split(strings.TrimSpace(string(calls)), "\n"))
	content, err := os.ReadFile(out + "/provenance.json")
	require.NoError(t, err)
	require.True(t, json.Valid(content))
}

func collect(t *testing.T, index v1.ImageIndex, into map[string]v1.Image) {
	t.Helper()
	manifest, err := index.IndexManifest()
	require.NoError(t, err)
	for _, entry := range manifest.Manifests {
		if entry.MediaType.IsIndex() {
			inner, err := index.ImageIndex(entry.Digest)
			require.NoError(t, err)
			collect(t, inner, into)
			continue
		}
		image, err := index.Image(entry.Digest)
		require.NoError(t, err)
		config, err := image.ConfigFile()
		require.NoError(t, err)
		into[config.Platform().String()] = image
	}
}

// configOf is the digest of an image's configuration, which has those of all layers.
func configOf(t *testing.T, image v1.Image) string {
	t.Helper()
	digest, err := image.ConfigName()
	require.NoError(t, err)
	return digest.String()
}

func labelled(t *testing.T, image v1.Image) {
	t.Helper()
	config, err := image.ConfigFile()
	require.NoError(t, err)
	require.Equal(t, "65532:65532", config.Config.User)
	require.Equal(t, version, config.Config.Labels["org.opencontainers.image.version"])
	require.Equal(t, "abc", config.Config.Labels["org.opencontainers.image.revision"])
	require.Equal(t, []string{"/ko-app/readiness-exporter"}, config.Config.Entrypoint)
	require.Equal(t, int64(built), config.Created.Unix())
}

// rendered is the container of the chart's Deployment, and its configuration.
func rendered(t *testing.T) (args []string, user int, configuration string) {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), root+"/.cache/bin/helm", "template", "readiness-exporter", root+"/deploy/chart").Output()
	require.NoError(t, err, "make tools-deploy")
	decode := func(kind string, into any) {
		for _, document := range strings.Split(string(output), "\n---\n") {
			if strings.Contains(document, "\nkind: "+kind+"\n") {
				require.NoError(t, yaml.Unmarshal([]byte(document), into))
			}
		}
	}
	var deployment appsv1.Deployment
	decode("Deployment", &deployment)
	var configMap corev1.ConfigMap
	decode("ConfigMap", &configMap)
	pod := deployment.Spec.Template.Spec
	container := pod.Containers[0]
	require.True(t, *container.SecurityContext.ReadOnlyRootFilesystem)
	require.False(t, *container.SecurityContext.AllowPrivilegeEscalation)
	require.Equal(t, []corev1.Capability{"ALL"}, container.SecurityContext.Capabilities.Drop)
	return container.Args, int(*pod.SecurityContext.RunAsUser), configMap.Data["readiness.yaml"]
}

func start(t *testing.T, image v1.Image) {
	t.Helper()
	files := t.TempDir()
	unpack(t, image, files)
	bundle, err := os.ReadFile(filepath.Join(files, "etc/ssl/certs/ca-certificates.crt"))
	require.NoError(t, err)
	require.True(t, x509.NewCertPool().AppendCertsFromPEM(bundle))

	args, user, configuration := rendered(t)
	config, data := t.TempDir(), t.TempDir()
	for _, folder := range []string{filepath.Dir(files), files, filepath.Dir(config), config, filepath.Dir(data)} {
		require.NoError(t, os.Chmod(folder, 0o755)) // The user of the container must get there.
	}
	require.NoError(t, os.Chmod(data, 0o777))
	// A zone that is not in the image would be a mistake.
	configuration += "\ncollectors: {kubernetes: {schedule: CRON_TZ=Europe/Berlin 15 * * * *}}\n"
	require.NoError(t, os.WriteFile(filepath.Join(config, "readiness.yaml"), []byte(configuration), 0o644))
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	for i := range args {
		if strings.HasPrefix(args[i], "--web.listen-address=") {
			args[i] = "--web.listen-address=" + address
		}
	}
	meta, err := image.ConfigFile()
	require.NoError(t, err)
	began := time.Now()
	container := servers.Container(t, world.ContainerSpec{
		RootFS: files, User: user, Args: append(meta.Config.Entrypoint, args...), Env: meta.Config.Env,
		ReadOnly: map[string]string{"/etc/readiness-exporter/config": config},
		Writable: map[string]string{"/var/lib/readiness-exporter": data},
		Ready:    "http://" + address + "/-/ready",
	})
	took := time.Since(began)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", container.Inside(t)))
	require.NoError(t, err)
	for _, want := range []string{`Uid:\t65532\t65532\t65532\t65532`, `CapEff:\t0000000000000000`, `CapBnd:\t0000000000000000`, `NoNewPrivs:\t1`} {
		require.Regexp(t, want, string(status))
	}
	memory := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindStringSubmatch(string(status))
	require.Len(t, memory, 2)
	t.Logf("ready after %s, with %s kB of memory at most", took, memory[1])
	require.Contains(t, container.Log(), "version="+version)
	entries, err := os.ReadDir(data)
	require.NoError(t, err)
	require.NotEmpty(t, entries, "it stores changes of status")
}

// unpack writes the files of an image, as a runtime sees them, to a folder. Names in it may be absolute.
func unpack(t *testing.T, image v1.Image, into string) {
	t.Helper()
	folder, err := os.OpenRoot(into)
	require.NoError(t, err)
	defer folder.Close()
	content := mutate.Extract(image)
	defer content.Close()
	archive := tar.NewReader(content)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
		name := strings.TrimPrefix(path.Clean("/"+header.Name), "/")
		if header.Typeflag == tar.TypeDir {
			require.NoError(t, folder.MkdirAll(name, 0o755))
			continue
		}
		require.Equal(t, byte(tar.TypeReg), header.Typeflag, header.Name)
		require.NoError(t, folder.MkdirAll(path.Dir(name), 0o755))
		file, err := folder.OpenFile(name, os.O_CREATE|os.O_WRONLY, header.FileInfo().Mode())
		require.NoError(t, err)
		_, err = io.Copy(file, archive)
		require.NoError(t, err)
		require.NoError(t, file.Close())
	}
}
