// Package chart_test renders the Helm chart, has it judged, and installs it.
package chart_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

const (
	root    = "../.."
	folder  = root + "/deploy/chart"
	release = "readiness-exporter"
	own     = "monitoring" // the namespace of the release
)

// tool is a program that make tools has built.
func tool(name string) string { return filepath.Join(root, ".cache", "bin", name) }

// helm runs it with nothing of the user's.
func helm(t *testing.T, args ...string) (string, error) {
	t.Helper()
	home := t.TempDir()
	command := exec.CommandContext(t.Context(), tool("helm"), args...)
	command.Env = append(os.Environ(), "HELM_CACHE_HOME="+home, "HELM_CONFIG_HOME="+home, "HELM_DATA_HOME="+home)
	var out, wrong bytes.Buffer
	command.Stdout, command.Stderr = &out, &wrong
	if err := command.Run(); err != nil {
		return "", errors.New(wrong.String() + err.Error())
	}
	return out.String(), nil
}

// profiles are the files of values, by their names.
func profiles(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("testdata/values/*.yaml")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(found), 10)
	return found
}

// renderings are what the chart makes of each profile, once for all tests.
var renderings sync.Map

// render gives what the chart makes of a profile.
func render(t *testing.T, profile string) string {
	t.Helper()
	if known, is := renderings.Load(profile); is {
		return known.(string)
	}
	output, err := helm(t, "template", release, folder, "--namespace", own, "--values", profile)
	require.NoError(t, err, profile)
	renderings.Store(profile, output)
	return output
}

// only gives the objects of a kind.
func only(objects []*unstructured.Unstructured, kind string) (found []*unstructured.Unstructured) {
	for _, each := range objects {
		if each.GetKind() == kind {
			found = append(found, each)
		}
	}
	return found
}

// as is an object by its type.
func as[T any](t *testing.T, object *unstructured.Unstructured) *T {
	t.Helper()
	var typed T
	require.NoError(t, runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, &typed, true))
	return &typed
}

// exporter is the program, built once.
var exporter = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "chart-exporter-")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "readiness-exporter")
	output, err := exec.Command("go", "build", "-o", binary, root+"/cmd/readiness-exporter").CombinedOutput()
	if err != nil {
		return "", errors.New(string(output))
	}
	return binary, nil
})

func exporterBinary(t *testing.T) string {
	t.Helper()
	binary, err := exporter()
	require.NoError(t, err)
	return binary
}
