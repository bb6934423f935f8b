package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// declared is a system that runs images of a registry, which it declares.
func declared(r *world.Registry, references ...string) *system.System {
	s := &system.System{Registries: []system.Registry{{Host: r.Addr, PlainHTTP: true}}}
	for _, reference := range references {
		s.Images = append(s.Images, system.Image{Reference: reference})
	}
	return s
}

func everything() fact.Needs { return fact.Needs{Topics: fact.Topics{fact.Images().Name: nil}} }

func jobs(t *testing.T, from collector.Any, s *system.System) []collector.Job {
	t.Helper()
	return from.Jobs(s, everything())
}

func collect(t *testing.T, job collector.Job) (fact.Image, []fact.Gap) {
	t.Helper()
	sets, err := job.Collect(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, 1, sets[0].Len(), "%+v", sets[0].Gaps())
	return *sets[0].At(0).(*fact.Image), sets[0].Gaps()
}

// one collects a single image.
func one(t *testing.T, s *system.System) (fact.Image, []fact.Gap) {
	t.Helper()
	return collect(t, jobs(t, New(), s)[0])
}

func TestAnImageIsAsItsRegistryHoldsIt(t *testing.T) {
	r := world.NewRegistry(t)
	reference, digest := r.Push(t, "shop/api:1.0.0", world.Image{
		Layers: []map[string]string{{"app/api": "12345", "etc/os-release": "x"}, {"app/.wh.api": "", "app/web": "123"}},
		Config: v1.Config{
			User: "65532", Healthcheck: &v1.HealthConfig{Test: []string{"CMD", "/api", "health"}},
			Labels: map[string]string{"org.opencontainers.image.revision": "1a2b3c4"},
		},
	})
	found, gaps := one(t, declared(r, reference))
	require.Empty(t, gaps)
	require.Positive(t, found.Builds[0].Compressed)
	found.Builds[0].Compressed = 0
	require.Equal(t, fact.Image{
		Reference: reference, Wanted: []string{"linux/amd64"}, Digest: digest, Offers: []string{"linux/amd64"},
		Builds: []fact.ImageBuild{{
			Platform: "linux/amd64", Digest: digest, Layers: 2, Unpacked: 9, User: "65532", HealthCheck: true, Revision: "1a2b3c4",
		}},
	}, found)
}

// TestAnIndexIsReadForTheWantedPlatforms has what BuildKit adds to an index, which is for no platform.
func TestAnIndexIsReadForTheWantedPlatforms(t *testing.T) {
	r := world.NewRegistry(t)
	reference, _ := r.Push(t, "shop/api:1.0.0",
		world.Image{Platform: "linux/amd64", Layers: []map[string]string{{"a": "1"}}},
		world.Image{Platform: "linux/arm64", Layers: []map[string]string{{"a": "22"}}},
		world.Image{Platform: "unknown/unknown", Layers: []map[string]string{{"*usr/bin/gcc": "333"}}},
	)
	s := declared(r, reference)
	s.Images[0].Platforms = []string{"linux/arm64", "linux/s390x"}
	found, gaps := one(t, s)
	require.Empty(t, gaps)
	require.Equal(t, []string{"linux/amd64", "linux/arm64"}, found.Offers)
	require.Len(t, found.Builds, 1)
	require.Equal(t, int64(2), found.Builds[0].Unpacked)
	require.Equal(t, []string{"linux/s390x"}, found.Lacking())
}

func TestOneForAnotherPlatformIsNoneForThisOne(t *testing.T) {
	r := world.NewRegistry(t)
	reference, _ := r.Push(t, "shop/api:1.0.0", world.Image{Platform: "linux/arm64", Layers: []map[string]string{{"a": "1"}}})
	found, _ := one(t, declared(r, reference))
	require.Equal(t, []string{"linux/amd64"}, found.Lacking())
	require.Empty(t, found.Builds)
}

func TestWhatCannotBePulledIsAFact(t *testing.T) {
	r := world.NewRegistry(t)
	reference, digest := r.Push(t, "shop/api:1.0.0", world.Image{Layers: []map[string]string{{"a": "1"}}})
	repository := strings.TrimSuffix(reference, ":1.0.0")
	for broken, trouble := range map[string]fact.ImageTrouble{
		repository + ":2.0.0":                             fact.ImageAbsent,
		r.Addr + "/shop/web:1.0.0":                        fact.ImageAbsent,
		repository + "@sha256:" + strings.Repeat("0", 64): fact.ImageAbsent,
		r.Addr + "/Shop/api":                              fact.ImageMalformed,
		"${REGISTRY}/api":                                 fact.ImageMalformed,
		repository + "@" + digest:                         "",
		repository + ":1.0.0@" + digest:                   "",
	} {
		found, _ := one(t, declared(r, broken))
		require.Equal(t, trouble, found.Trouble, broken)
	}
	for content, trouble := range map[string]fact.ImageTrouble{
		`{"schemaVersion":1,"name":"shop/api","fsLayers":[{"blobSum":"sha256:` + strings.Repeat("1", 64) + `"}]}`: fact.ImageObsolete,
		`{"schemaVersion":2,"config":{"mediaType":"application/vnd.cncf.helm.config.v1+json","size":2,"digest":"sha256:` +
			strings.Repeat("1", 64) + `"},"layers":[]}`: fact.ImageForeign,
		`{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":2,"digest":"sha256:` +
			strings.Repeat("1", 64) + `"},"layers":[]}`: fact.ImageIncomplete,
		`{"schemaVersion":2,"manifests":[{"size":2,"digest":"sha256:` + strings.Repeat("1", 64) +
			`","platform":{"os":"linux","architecture":"amd64"}}]}`: fact.ImageIncomplete,
	} {
		r.Before(answerManifest(content))
		found, _ := one(t, declared(r, reference))
		require.Equal(t, trouble, found.Trouble, content)
		r.Before(nil)
	}
	r.Before(func(w http.ResponseWriter, request *http.Request) bool {
		gone := request.Method == http.MethodGet && strings.Contains(request.URL.Path, "/blobs/") && request.Header.Get("Range") == "" &&
			blobsAsked.Add(1) > 1
		if gone {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"errors":[{"code":"BLOB_UNKNOWN"}]}`)
		}
		return gone
	})
	found, _ := one(t, declared(r, reference))
	require.Equal(t, fact.ImageIncomplete, found.Trouble, "a layer is gone")
}

var blobsAsked atomic.Int32

// answerManifest answers with a manifest of the tag; digests are those that are asked for, and are not held.
func answerManifest(content string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, request *http.Request) bool {
		if !strings.Contains(request.URL.Path, "/manifests/1.0.0") {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, content)
		return true
	}
}

// TestAnswersThatSayNothingOfTheImageLeaveItUnavailable has what registries, and what stands before them, answer.
func TestAnswersThatSayNothingOfTheImageLeaveItUnavailable(t *testing.T) {
	r := world.NewRegistry(t)
	reference, _ := r.Push(t, "shop/api:1.0.0", world.Image{Layers: []map[string]string{{"a": "1"}}})
	status := func(code int, header, body string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			if name, value, set := strings.Cut(header, ": "); set {
				w.Header().Set(name, value)
			}
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
			return true
		}
	}
	const secret = "hunter2-of-the-server"
	for _, c := range []struct {
		name   string
		answer func(http.ResponseWriter, *http.Request) bool
		want   fact.Reason
	}{
		{"401 as Docker Hub has it for what does not exist", status(401, "", `{"errors":[{"code":"UNAUTHORIZED","message":"`+secret+`"}]}`), fact.ReasonDenied},
		{"403", status(403, "", secret), fact.ReasonDenied},
		{"404 of a web server", status(404, "", "<html>"+secret), fact.ReasonInvalid},
		{"429", status(429, "", `{"errors":[{"code":"TOOMANYREQUESTS","message":"`+secret+`"}]}`), fact.ReasonDenied},
		{"502", status(502, "", "<html>"+secret), fact.ReasonFailed},
		{"a page of a portal", status(200, "Content-Type: text/html", "<html>"+secret), fact.ReasonInvalid},
		{"a redirect in a circle", func(w http.ResponseWriter, request *http.Request) bool {
			http.Redirect(w, request, request.URL.Path, http.StatusTemporaryRedirect)
			return true
		}, fact.ReasonInvalid},
		{"a token server without a token", status(401, `Www-Authenticate: Bearer realm="http://`+r.Addr+`/token"`, secret), fact.ReasonDenied},
		{"no realm", status(401, `Www-Authenticate: Bearer realm=""`, secret), fact.ReasonInvalid},
		{"a manifest without end", func(w http.ResponseWriter, request *http.Request) bool {
			if !strings.Contains(request.URL.Path, "/manifests/") || request.Method == http.MethodHead {
				return false
			}
			for range 6 {
				_, _ = w.Write(bytes.Repeat([]byte(" "), 1<<20))
			}
			return true
		}, fact.ReasonInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			r.Before(c.answer)
			_, err := jobs(t, New(), declared(r, reference))[0].Collect(t.Context(), nil)
			require.Equal(t, c.want, fact.ReasonOf(err), "%v", err)
			require.NotContains(t, err.Error(), secret)
		})
	}
}

func TestARegistryThatAsksToWaitIsLeftAlone(t *testing.T) {
	r := world.NewRegistry(t)
	reference, _ := r.Push(t, "shop/api:1.0.0", world.Image{Layers: []map[string]string{{"a": "1"}}})
	var asked atomic.Int32
	r.Before(func(w http.ResponseWriter, _ *http.Request) bool {
		asked.Add(1)
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	})
	job := jobs(t, New(), declared(r, reference))[0]
	for range 3 {
		_, err := job.Collect(t.Context(), nil)
		require.Equal(t, fact.ReasonDenied, fact.ReasonOf(err))
	}
	require.Equal(t, int32(1), asked.Load())
}

// TestWhatIsKnownIsNotReadAgain counts what a registry is asked: limits are of manifests that are read.
func TestWhatIsKnownIsNotReadAgain(t *testing.T) {
	r := world.NewRegistry(t)
	base := map[string]string{"etc/os-release": "x"}
	first, _ := r.Push(t, "shop/api:1.0.0", world.Image{Layers: []map[string]string{base, {"app/api": "1"}}})
	second, _ := r.Push(t, "shop/web:1.0.0", world.Image{Layers: []map[string]string{base, {"app/web": "1"}}})
	var manifests, blobs atomic.Int32
	r.Before(func(_ http.ResponseWriter, request *http.Request) bool {
		if request.Method == http.MethodGet && strings.Contains(request.URL.Path, "/manifests/1.0.0") {
			manifests.Add(1)
		}
		if strings.Contains(request.URL.Path, "/blobs/") {
			blobs.Add(1)
		}
		return false
	})
	all := jobs(t, New(), declared(r, first, second))
	for range 3 {
		for _, job := range all {
			_, gaps := collect(t, job)
			require.Empty(t, gaps)
		}
	}
	require.Equal(t, int32(2), manifests.Load())
	require.Equal(t, int32(2+3), blobs.Load(), "a configuration each, and three layers")

	r.Push(t, "shop/api:1.0.0", world.Image{Layers: []map[string]string{base, {"app/api": "22"}}})
	found, _ := collect(t, all[0])
	require.Equal(t, int64(3), found.Builds[0].Unpacked, "a tag that was moved is read anew")
	all[0].Forget()
}

func TestLoginsAreOfTheRegistryAndNobodyElse(t *testing.T) {
	r, store := world.NewRegistry(t), world.NewRegistry(t)
	image := world.Image{Layers: []map[string]string{{"a": "1"}}}
	reference, _ := r.Push(t, "shop/api:1.0.0", image)
	store.Push(t, "shop/api:1.0.0", image)
	var tokens, leaked atomic.Int32
	r.Before(func(w http.ResponseWriter, request *http.Request) bool {
		user, password, basic := request.BasicAuth()
		switch {
		case request.URL.Path == "/token" && basic && user == "ci" && password == "s3cr3t-word":
			tokens.Add(1)
			_, _ = io.WriteString(w, `{"token":"a-token-of-the-server"}`)
		case request.Header.Get("Authorization") != "Bearer a-token-of-the-server":
			w.Header().Set("Www-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="shop"`, r.Addr))
			w.WriteHeader(http.StatusUnauthorized)
		case strings.Contains(request.URL.Path, "/blobs/"):
			http.Redirect(w, request, "http://"+store.Addr+request.URL.Path, http.StatusTemporaryRedirect)
		default:
			return false
		}
		return true
	})
	store.Before(func(_ http.ResponseWriter, request *http.Request) bool {
		if request.Header.Get("Authorization") != "" {
			leaked.Add(1)
		}
		return false
	})
	file := filepath.Join(t.TempDir(), "config.json")
	write := func(content string) { require.NoError(t, os.WriteFile(file, []byte(content), 0o600)) }
	s := declared(r, reference)
	s.Registries[0].DockerConfigFile = file
	s.Registries[0].LeadsTo = []string{store.Addr}
	write(`{"auths":{"https://` + r.Addr + `/v2/":{"auth":"Y2k6czNjcjN0LXdvcmQ="},"` + r.Addr + `/other":{"auth":"eDp5"}}}`)
	found, gaps := one(t, s)
	require.Empty(t, gaps)
	require.Len(t, found.Builds, 1)
	require.Positive(t, tokens.Load())
	require.Zero(t, leaked.Load(), "the store was sent the registry's login")

	s.Registries[0].LeadsTo = nil
	_, err := jobs(t, New(), s)[0].Collect(t.Context(), nil)
	require.Equal(t, fact.ReasonDenied, fact.ReasonOf(err), "the store is not declared: %v", err)

	for content, want := range map[string]fact.Reason{
		`{"auths":{"` + r.Addr + `":{"auth":"eDp5"}}}`: fact.ReasonDenied,
		`{"auths":{"example.com":{"auth":"eDp5"}}}`:    fact.ReasonNotFound,
		`{"credsStore":"desktop"}`:                     fact.ReasonUnsupported,
		`{"auths":{"` + r.Addr + `":{"auth":"%"}}}`:    fact.ReasonInvalid,
		"s3cr3t-word": fact.ReasonInvalid,
	} {
		write(content)
		_, err := jobs(t, New(), s)[0].Collect(t.Context(), nil)
		require.Equal(t, want, fact.ReasonOf(err), "%s: %v", content, err)
		require.NotContains(t, err.Error(), "s3cr3t-word")
	}
}

// TestARegistryThatWorkloadsNameIsBehindAFence: whoever makes a workload chooses which registry is asked.
func TestARegistryThatWorkloadsNameIsBehindAFence(t *testing.T) {
	r := world.NewRegistry(t)
	r.Before(func(_ http.ResponseWriter, request *http.Request) bool {
		t.Errorf("asked for %s", request.URL)
		return false
	})
	_, port, _ := strings.Cut(r.Addr, ":")
	for _, reference := range []string{r.Addr + "/shop/api:1", "localhost:" + port + "/shop/api:1", "169.254.169.254/latest/meta-data:1"} {
		s := &system.System{Images: []system.Image{{Reference: reference, Found: &system.Found{Source: "Deployment shop/api in main"}}}}
		sets, err := jobs(t, New(), s)[0].Collect(t.Context(), nil)
		require.NoError(t, err, "that of one that nobody has declared is no failure of the collector")
		gap := sets[0].Gaps()[0]
		require.Equal(t, fact.ReasonDenied, gap.Reason, "%s: %s", reference, gap.Detail)
		require.Contains(t, gap.Detail, "is not contacted")
	}
}

func gzipped(content []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(content)
	_ = w.Close()
	return out.Bytes()
}

// TestLayersAreReadWhateverTheirTypeSays has compressions that media types lie about, and what is no layer.
func TestLayersAreReadWhateverTheirTypeSays(t *testing.T) {
	content := world.Tar(t, map[string]string{"*usr/bin/gcc": "1", "app/api": "22"})
	encoder, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	skippable := append([]byte{0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2}, encoder.EncodeAll(content, nil)...)
	sparse := new(bytes.Buffer)
	w := tar.NewWriter(sparse)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "a", Size: 0, Typeflag: tar.TypeReg, Xattrs: map[string]string{"security.capability": "\x00"}})) //nolint:staticcheck // Layers have them.
	require.NoError(t, w.Close())
	zeros := gzipped(make([]byte, 16<<20))
	low := usualBounds()
	low.trusted = 1 << 20
	for _, c := range []struct {
		name    string
		content []byte
		kind    types.MediaType
		want    fact.Reason
		size    int64
	}{
		{"plain, said to be gzip", content, types.DockerLayer, "", 3},
		{"gzip, said to be plain", gzipped(content), types.OCIUncompressedLayer, "", 3},
		{"gzip in two parts", append(gzipped(content[:512]), gzipped(content[512:])...), types.DockerLayer, "", 3},
		{"Zstandard", encoder.EncodeAll(content, nil), types.OCILayerZStd, "", 3},
		{"Zstandard in chunks", skippable, types.OCILayerZStd, "", 3},
		{"attributes", sparse.Bytes(), types.OCILayer, "", 0},
		{"empty", nil, types.OCILayer, "", 0},
		{"garbage", []byte(strings.Repeat("garbage", 1000)), types.OCILayer, fact.ReasonInvalid, 0},
		{"cut off", gzipped(content)[:60], types.OCILayer, fact.ReasonInvalid, 0},
		{"a bomb", zeros, types.OCILayer, fact.ReasonUnsupported, 0},
		{"of Windows", content, types.DockerForeignLayer, fact.ReasonUnsupported, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := world.NewRegistry(t)
			reference, _ := r.Push(t, "shop/api:1.0.0", world.Image{Blobs: []v1.Layer{world.Blob(c.content, c.kind)}})
			job := jobs(t, newReader(low).collector(), declared(r, reference))[0]
			found, gaps := collect(t, job)
			if c.want != "" {
				require.Equal(t, []string{fact.TopicContents}, found.Missing)
				require.Equal(t, c.want, gaps[0].Reason, gaps[0].Detail)
				again, _ := collect(t, job)
				require.Equal(t, found, again)
				return
			}
			require.Empty(t, gaps)
			require.Equal(t, c.size, found.Builds[0].Unpacked)
			require.Len(t, found.Builds[0].Findings, int(min(1, c.size)))
		})
	}
}

func TestBoundsOfLayers(t *testing.T) {
	r := world.NewRegistry(t)
	files := make(map[string]string)
	for i := range 20 {
		files[fmt.Sprintf("a/%d", i)] = strings.Repeat("x", 1000)
	}
	reference, _ := r.Push(t, "shop/api:1.0.0", world.Image{Layers: []map[string]string{files}})
	for name, b := range map[string]bounds{
		"compressed": {compressed: 10, unpacked: 1 << 20, ratio: 100, trusted: 1 << 20, entries: 100, keptLayers: 1},
		"unpacked":   {compressed: 1 << 20, unpacked: 2000, ratio: 100, trusted: 1 << 20, entries: 100, keptLayers: 1},
		"ratio":      {compressed: 1 << 20, unpacked: 1 << 20, ratio: 2, trusted: 1000, entries: 100, keptLayers: 1},
		"entries":    {compressed: 1 << 20, unpacked: 1 << 20, ratio: 100, trusted: 1 << 20, entries: 10, keptLayers: 1},
	} {
		_, gaps := collect(t, jobs(t, newReader(b).collector(), declared(r, reference))[0])
		require.Len(t, gaps, 1, name)
		require.Equal(t, fact.ReasonUnsupported, gaps[0].Reason, name)
	}
	kept := newLayers(2)
	for i := range 4 {
		_, done, err := kept.claim(t.Context(), v1.Hash{Hex: fmt.Sprint(i)})
		require.NoError(t, err)
		done(&layer{})
	}
	require.Len(t, kept.known, 2)
}

// TestABlobThatIsNotTheOneIsNoLayer has a registry that lies.
func TestABlobThatIsNotTheOneIsNoLayer(t *testing.T) {
	r := world.NewRegistry(t)
	reference, _ := r.Push(t, "shop/api:1.0.0", world.Image{Layers: []map[string]string{{"app/api": "1"}}})
	ref, err := name.ParseReference(reference, name.Insecure)
	require.NoError(t, err)
	held, err := remote.Image(ref, remote.WithContext(t.Context()))
	require.NoError(t, err)
	all, err := held.Layers()
	require.NoError(t, err)
	digest, err := all[0].Digest()
	require.NoError(t, err)
	for _, lie := range [][]byte{gzipped(world.Tar(t, map[string]string{"app/api": "2"})), nil, bytes.Repeat([]byte("x"), 10_000)} {
		r.Before(func(w http.ResponseWriter, request *http.Request) bool {
			is := strings.HasSuffix(request.URL.Path, digest.String())
			if is {
				_, _ = w.Write(lie)
			}
			return is
		})
		found, gaps := one(t, declared(r, reference))
		require.Equal(t, []string{fact.TopicContents}, found.Missing)
		require.Equal(t, fact.ReasonInvalid, gaps[0].Reason, gaps[0].Detail)
	}
	r.Before(func(w http.ResponseWriter, request *http.Request) bool {
		is := strings.HasSuffix(request.URL.Path, digest.String())
		if is {
			w.Header().Set("Content-Length", "100000")
			_, _ = w.Write([]byte{0x1f, 0x8b})
			panic(http.ErrAbortHandler)
		}
		return is
	})
	_, gaps := one(t, declared(r, reference))
	require.Contains(t, []fact.Reason{fact.ReasonInvalid, fact.ReasonUnreachable}, gaps[0].Reason, gaps[0].Detail)
}

func TestSignaturesAndListsOfContentsAreFound(t *testing.T) {
	r := world.NewRegistry(t)
	reference, digest := r.Push(t, "shop/api:1.0.0", world.Image{Layers: []map[string]string{{"a": "1"}}})
	found, gaps := one(t, declared(r, reference))
	require.Empty(t, gaps)
	require.False(t, found.Signed || found.Described)
	r.Push(t, "shop/api:"+strings.Replace(digest, ":", "-", 1)+".sig", world.Image{Layers: []map[string]string{{"s": "1"}}})
	found, _ = one(t, declared(r, reference))
	require.True(t, found.Signed)
	require.False(t, found.Described)

	ref, err := name.ParseReference(reference, name.Insecure)
	require.NoError(t, err)
	hash, err := v1.NewHash(digest)
	require.NoError(t, err)
	list := mutate.Subject(mutate.ConfigMediaType(empty.Image, "application/spdx+json"), v1.Descriptor{MediaType: types.OCIManifestSchema1, Digest: hash}).(v1.Image)
	of, err := list.Digest()
	require.NoError(t, err)
	require.NoError(t, remote.Write(ref.Context().Digest(of.String()), list, remote.WithContext(t.Context())))
	found, gaps = one(t, declared(r, reference))
	require.Empty(t, gaps)
	require.True(t, found.Described)
}

func TestNoContentIsKept(t *testing.T) {
	r := world.NewRegistry(t)
	const content = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw"
	reference, _ := r.Push(t, "shop/api:1.0.0", world.Image{Layers: []map[string]string{
		{"app/.env": "PASSWORD=" + content, "app/tls.key": "-----BEGIN PRIVATE" + " KEY-----\n" + content + "\n"},
	}})
	found, _ := one(t, declared(r, reference))
	require.Len(t, found.Builds[0].Findings, 2)
	text, err := json.Marshal(found)
	require.NoError(t, err)
	require.NotContains(t, string(text), content)
}
