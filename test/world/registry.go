package world

import (
	"archive/tar"
	"bytes"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/stream"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/require"
)

// A Registry holds images, and speaks plain HTTP.
type Registry struct {
	Addr string // host:port
	// Before sees each request first, and tells whether it has answered.
	before atomic.Pointer[func(http.ResponseWriter, *http.Request) bool]
}

// NewRegistry starts one that is empty.
func NewRegistry(t testing.TB) *Registry {
	t.Helper()
	r := &Registry{}
	holding := registry.New(registry.WithReferrersSupport(true), registry.Logger(slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if before := r.before.Load(); before != nil && (*before)(w, request) {
			return
		}
		holding.ServeHTTP(w, request)
	}))
	t.Cleanup(server.Close)
	r.Addr = strings.TrimPrefix(server.URL, "http://")
	return r
}

// Before has requests be seen by a function that tells whether it has answered; nil: none does.
func (r *Registry) Before(answer func(http.ResponseWriter, *http.Request) bool) {
	if answer == nil {
		r.before.Store(nil)
		return
	}
	r.before.Store(&answer)
}

// An Image is one that is made on the spot.
type Image struct {
	Platform string              // linux/amd64, unless it is another
	Layers   []map[string]string // contents by path; a path that begins with * can be run
	Blobs    []v1.Layer          // further layers, as they are
	Config   v1.Config
}

// Make makes the image.
func (i Image) Make(t testing.TB) v1.Image {
	t.Helper()
	system, architecture, named := strings.Cut(i.Platform, "/")
	if !named {
		system, architecture = "linux", "amd64"
	}
	made, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: system, Architecture: architecture, Config: i.Config})
	require.NoError(t, err)
	for _, files := range i.Layers {
		made, err = mutate.AppendLayers(made, stream.NewLayer(io.NopCloser(bytes.NewReader(Tar(t, files)))))
		require.NoError(t, err)
	}
	made, err = mutate.AppendLayers(made, i.Blobs...)
	require.NoError(t, err)
	return made
}

// Tar is an archive of files.
func Tar(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var content bytes.Buffer
	archive := tar.NewWriter(&content)
	for _, path := range slices.Sorted(maps.Keys(files)) {
		name, runs := strings.CutPrefix(path, "*")
		header := &tar.Header{Name: name, Mode: 0o644, Size: int64(len(files[path])), Typeflag: tar.TypeReg}
		if runs {
			header.Mode = 0o755
		}
		require.NoError(t, archive.WriteHeader(header))
		_, err := archive.Write([]byte(files[path]))
		require.NoError(t, err)
	}
	require.NoError(t, archive.Close())
	return content.Bytes()
}

// Blob is a layer of these bytes, of whatever they are.
func Blob(content []byte, kind types.MediaType) v1.Layer { return static.NewLayer(content, kind) }

// Push puts an image under a name, such as shop/api:1.0.0; of several, an index of them. It gives the reference, and the digest.
func (r *Registry) Push(t testing.TB, as string, images ...Image) (reference, digest string) {
	t.Helper()
	ref, err := name.ParseReference(r.Addr+"/"+as, name.Insecure)
	require.NoError(t, err)
	if len(images) == 1 {
		require.NoError(t, remote.Write(ref, images[0].Make(t), remote.WithContext(t.Context())))
	} else {
		var index v1.ImageIndex = empty.Index
		for _, each := range images {
			made := each.Make(t)
			require.NoError(t, remote.Write(ref, made, remote.WithContext(t.Context()))) // What is streamed has a digest from now on.
			system, architecture, _ := strings.Cut(each.Platform, "/")
			index = mutate.AppendManifests(index, mutate.IndexAddendum{
				Add: made, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: system, Architecture: architecture}},
			})
		}
		require.NoError(t, remote.WriteIndex(ref, index, remote.WithContext(t.Context())))
	}
	held, err := remote.Head(ref, remote.WithContext(t.Context()))
	require.NoError(t, err)
	return ref.Name(), held.Digest.String()
}
