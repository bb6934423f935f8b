package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"runtime"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// user is who the image runs as: a number, so that Kubernetes can tell that it is not root.
const user = "65532"

// Where certificates and zone data are on the machine that builds: Mozilla's authorities as Debian has them, without those that
// somebody added to the machine, and the zones that come with Go.
const (
	authorities = "usr/share/ca-certificates/mozilla"
	zones       = "lib/time/zoneinfo.zip"
)

// baseIndex is the base image for every architecture: one and the same layer.
func baseIndex(machine fs.FS) (v1.ImageIndex, error) {
	content, err := baseLayer(machine)
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil },
		tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, fmt.Errorf("make the layer of the base image: %w", err)
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, architecture := range []string{"amd64", "arm64"} {
		image := mutate.MediaType(mutate.ConfigMediaType(empty.Image, types.OCIConfigJSON), types.OCIManifestSchema1)
		image, err := mutate.ConfigFile(image, &v1.ConfigFile{
			OS: "linux", Architecture: architecture,
			Config: v1.Config{
				User: user + ":" + user, WorkingDir: "/",
				Env: []string{"PATH=/usr/local/bin:/usr/bin:/bin", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"},
			},
			RootFS: v1.RootFS{Type: "layers"},
		})
		if err != nil {
			return nil, fmt.Errorf("configure the base image: %w", err)
		}
		if image, err = mutate.AppendLayers(image, layer); err != nil {
			return nil, fmt.Errorf("make the base image: %w", err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}},
		})
	}
	return index, nil
}

// baseLayer is all that is in the base image, always in the same order and without times.
func baseLayer(machine fs.FS) ([]byte, error) {
	certificates, err := bundle(machine)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{
		"etc/ssl/certs/ca-certificates.crt": certificates,
		"etc/passwd": []byte("root:x:0:0:root:/root:/sbin/nologin\n" +
			"nonroot:x:" + user + ":" + user + ":nonroot:/home/nonroot:/sbin/nologin\n"),
		"etc/group": []byte("root:x:0:\nnonroot:x:" + user + ":\n"),
	}
	if err := addZones(machine, files); err != nil {
		return nil, err
	}
	var buffer bytes.Buffer
	archive := tar.NewWriter(&buffer)
	folders := map[string]int64{"tmp": 0o1777, "home/nonroot": 0o700}
	for name := range files {
		for folder := path.Dir(name); folder != "."; folder = path.Dir(folder) {
			folders[folder] = 0o755
		}
	}
	folders["home"] = 0o755
	for _, name := range slices.Sorted(maps.Keys(folders)) {
		header := &tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: folders[name], Format: tar.FormatPAX}
		if name == "home/nonroot" {
			header.Uid, header.Gid = 65532, 65532
		}
		if err := archive.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("write the base image: %w", err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(files[name])), Format: tar.FormatPAX}
		if err := archive.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("write the base image: %w", err)
		}
		if _, err := archive.Write(files[name]); err != nil {
			return nil, fmt.Errorf("write the base image: %w", err)
		}
	}
	if err := archive.Close(); err != nil {
		return nil, fmt.Errorf("write the base image: %w", err)
	}
	return buffer.Bytes(), nil
}

// bundle is one file of all authorities.
func bundle(machine fs.FS) ([]byte, error) {
	found, err := fs.Glob(machine, authorities+"/*.crt")
	if err != nil {
		return nil, fmt.Errorf("list /%s: %w", authorities, err)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no authorities in /%s: install the package ca-certificates", authorities)
	}
	var all bytes.Buffer
	for _, name := range found {
		content, err := fs.ReadFile(machine, name)
		if err != nil {
			return nil, fmt.Errorf("read an authority: %w", err)
		}
		all.Write(bytes.TrimSpace(content))
		all.WriteByte('\n')
	}
	return all.Bytes(), nil
}

// addZones adds the zone data of Go.
func addZones(machine fs.FS, files map[string][]byte) error {
	name := strings.TrimPrefix(path.Join(runtime.GOROOT(), zones), "/") //nolint:staticcheck // go run, which this is for, sets it.
	content, err := fs.ReadFile(machine, name)
	if err != nil {
		return fmt.Errorf("read the zone data: %w", err)
	}
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return fmt.Errorf("read the zone data in /%s: %w", name, err)
	}
	for _, entry := range archive.File {
		if entry.FileInfo().IsDir() {
			continue
		}
		data, err := fs.ReadFile(archive, entry.Name)
		if err != nil {
			return fmt.Errorf("read the zone %s: %w", entry.Name, err)
		}
		files["usr/share/zoneinfo/"+entry.Name] = data
	}
	return nil
}
