package backup_test

import (
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// bucket describes a bucket of the store, as seen at an endpoint.
func bucket(t *testing.T, store *world.S3, endpoint, name string) *system.S3 {
	t.Helper()
	return &system.S3{
		Endpoint: endpoint, Region: store.Region, Bucket: name, PathStyle: true,
		AccessKeyFile: file(t, store.AccessKey+"\n"), SecretKeyFile: file(t, store.SecretKey+"\n"),
	}
}

// dated is a bucket with four backups a day apart under db/, and what is none.
func dated(t *testing.T, store *world.S3) string {
	t.Helper()
	name := store.Bucket(t)
	for i, key := range []string{"db/2026/4.dump", "db/2026/3.dump", "db/2026/2.dump", "db/2027/1.dump"} {
		store.Put(t, name, key, make([]byte, 10*(i+1)), hour(24*(4-i)))
	}
	store.Put(t, name, "db/readme.txt", []byte("x"), time.Time{})
	store.Put(t, name, "db/0.dump.partial", []byte("x"), time.Time{})
	store.Put(t, name, "other/0.dump", []byte("x"), time.Time{})
	return name
}

// requireDated compares with the bucket that dated made.
func requireDated(t *testing.T, place *system.S3) {
	t.Helper()
	place.Prefix, place.Pattern = "db/", "*.dump"
	facts, err := collect(t.Context(), t, "", system.Backup{S3: place})
	require.NoError(t, err)
	require.Equal(t, []fact.Backup{{
		Name: "database", Place: "s3", Copies: 4,
		Newest: hour(24), NewestName: "db/2027/1.dump", NewestBytes: bytes(40), EarlierSizes: 3, MedianBytes: 20,
		Oldest: hour(96), DatedBy: fact.DatedByStore, TotalBytes: bytes(100), LongestGap: 24 * time.Hour, LongestGapEnd: hour(72),
	}}, facts)
}

func TestS3(t *testing.T) {
	store := servers.S3(t)
	name := dated(t, store)
	t.Run("with keys in files", func(t *testing.T) {
		requireDated(t, bucket(t, store, "http://"+store.Endpoint, name))
	})
	t.Run("with keys in the environment", func(t *testing.T) {
		t.Setenv("BACKUP_ACCESS_KEY", store.AccessKey)
		t.Setenv("BACKUP_SECRET_KEY", store.SecretKey)
		requireDated(t, &system.S3{
			Endpoint: "http://" + store.Endpoint, Region: store.Region, Bucket: name, PathStyle: true,
			AccessKeyEnv: "BACKUP_ACCESS_KEY", SecretKeyEnv: "BACKUP_SECRET_KEY",
		})
	})
	t.Run("with the role that the machine is given, where no key is declared", func(t *testing.T) {
		roles := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			assert.Equal(t, "/role", r.URL.Path)
			fmt.Fprintf(w, `{"AccessKeyId": %q, "SecretAccessKey": %q, "Expiration": %q}`,
				store.AccessKey, store.SecretKey, time.Now().Add(time.Hour).Format(time.RFC3339))
		}))
		defer roles.Close()
		t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", roles.URL+"/role")
		place := bucket(t, store, "http://"+store.Endpoint, name)
		place.AccessKeyFile, place.SecretKeyFile = "", ""
		requireDated(t, place)
	})
	t.Run("in the region that the store says", func(t *testing.T) {
		place := bucket(t, store, "http://"+store.Endpoint, name)
		place.Region = ""
		requireDated(t, place)
	})
	t.Run("over a slow network", func(t *testing.T) {
		proxy := world.NewProxy(t, store.Endpoint)
		proxy.Slow(t, 50*time.Millisecond)
		requireDated(t, bucket(t, store, "http://"+proxy.Addr, name))
	})
	t.Run("over TLS, by the authorities that are named", func(t *testing.T) {
		target, err := url.Parse("http://" + store.Endpoint)
		require.NoError(t, err)
		front := httptest.NewTLSServer(&httputil.ReverseProxy{
			Rewrite:   func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = target.Scheme, target.Host },
			Transport: &http.Transport{DisableKeepAlives: true},
		})
		defer front.Close()
		place := bucket(t, store, front.URL, name)
		reason, _ := failure(t, "", system.Backup{S3: place})
		require.Equal(t, fact.ReasonInvalid, reason)
		authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw})
		place.CAFile = file(t, string(authority))
		requireDated(t, place)
	})
	t.Run("nothing under the prefix is a fact", func(t *testing.T) {
		place := bucket(t, store, "http://"+store.Endpoint, name)
		place.Prefix = "files/"
		facts, err := collect(t.Context(), t, "", system.Backup{S3: place})
		require.NoError(t, err)
		require.Equal(t, []fact.Backup{{Name: "database", Place: "s3"}}, facts)
	})
}

func TestS3_pages(t *testing.T) {
	store := servers.S3(t)
	name := store.Bucket(t)
	for i := range 1001 {
		store.Put(t, name, fmt.Sprintf("%04d", i), nil, time.Time{})
	}
	facts, err := collect(t.Context(), t, "", system.Backup{S3: bucket(t, store, "http://"+store.Endpoint, name)})
	require.NoError(t, err)
	require.Equal(t, 1001, facts[0].Copies)
}

func TestS3_unavailable(t *testing.T) {
	store := servers.S3(t)
	name := dated(t, store)
	for _, c := range []struct {
		name   string
		edit   func(t *testing.T, place *system.S3)
		reason fact.Reason
		detail string
	}{
		{
			"a bucket that is not there is not found",
			func(_ *testing.T, place *system.S3) { place.Bucket = "nonexistent" },
			fact.ReasonNotFound, "list backups in bucket nonexistent of ENDPOINT: The specified bucket does not exist.",
		},
		{
			"a wrong secret key is denied",
			func(t *testing.T, place *system.S3) { place.SecretKeyFile = file(t, canary) },
			fact.ReasonDenied, "",
		},
		{
			"an unknown access key is denied",
			func(t *testing.T, place *system.S3) { place.AccessKeyFile = file(t, canary) },
			fact.ReasonDenied, "",
		},
		{
			"a key file that is not there is not found",
			func(_ *testing.T, place *system.S3) { place.SecretKeyFile = "/nonexistent/key" },
			fact.ReasonNotFound,
			"list backups in bucket " + name + " of ENDPOINT: read secret: stat /nonexistent/key: no such file or directory",
		},
		{
			"an empty key is not taken for no key",
			func(t *testing.T, place *system.S3) { place.AccessKeyFile = file(t, "\n") },
			fact.ReasonInvalid,
			"list backups in bucket " + name + " of ENDPOINT: the declared access key or secret key is empty",
		},
		{
			"authorities that are none are invalid",
			func(t *testing.T, place *system.S3) { place.CAFile = file(t, "nothing") },
			fact.ReasonInvalid, "",
		},
		{
			"a server that speaks no TLS is invalid",
			func(_ *testing.T, place *system.S3) { place.Endpoint = "https://" + store.Endpoint },
			fact.ReasonInvalid, "",
		},
		{
			"a closed port is refused",
			func(t *testing.T, place *system.S3) {
				proxy := world.NewProxy(t, store.Endpoint)
				proxy.Refuse()
				place.Endpoint = "http://" + proxy.Addr
			},
			fact.ReasonRefused, "",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			place := bucket(t, store, "http://"+store.Endpoint, name)
			c.edit(t, place)
			reason, detail := failure(t, "", system.Backup{S3: place})
			t.Log(detail)
			require.Equal(t, c.reason, reason, detail)
			if c.detail != "" {
				require.Equal(t, c.detail, strings.ReplaceAll(detail, place.Endpoint, "ENDPOINT"))
			}
		})
	}
}

func TestS3_timeout(t *testing.T) {
	store := servers.S3(t)
	name := dated(t, store)
	t.Run("a server that never answers", func(t *testing.T) {
		proxy := world.NewProxy(t, store.Endpoint)
		proxy.Hang(t)
		requireTimeout(t, "", system.Backup{S3: bucket(t, store, "http://"+proxy.Addr, name)})
	})
	t.Run("a listing that has no end", func(t *testing.T) {
		endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, listing, true, "<NextContinuationToken>again</NextContinuationToken>", "")
		}))
		defer endless.Close()
		requireTimeout(t, "", system.Backup{S3: bucket(t, store, endless.URL, name)})
	})
}

// listing is a page of objects: whether there is more, the token for it, and the objects.
const listing = `<?xml version="1.0"?><ListBucketResult><IsTruncated>%t</IsTruncated>%s%s</ListBucketResult>`

// Stores that no real one is: what they answer is not to be trusted.
func TestS3_strangeStores(t *testing.T) {
	const object = `<Contents><Key>db.dump</Key><LastModified>2026-11-22T12:00:00Z</LastModified><Size>1</Size></Contents>`
	for _, c := range []struct {
		name   string
		answer func(w http.ResponseWriter)
		reason fact.Reason
	}{
		{
			"a page of something else is invalid",
			func(w http.ResponseWriter) { fmt.Fprint(w, "<!DOCTYPE html><html><br>Welcome</html>") },
			fact.ReasonInvalid,
		},
		{
			"a well-formed page of something else is invalid too, and no empty bucket",
			func(w http.ResponseWriter) { fmt.Fprint(w, "<html><body>Welcome</body></html>") },
			fact.ReasonInvalid,
		},
		{
			"an object without a time is invalid",
			func(w http.ResponseWriter) {
				fmt.Fprintf(w, listing, false, "", "<Contents><Key>db.dump</Key><Size>1</Size></Contents>")
			},
			fact.ReasonInvalid,
		},
		{
			"a time that is none is invalid",
			func(w http.ResponseWriter) {
				fmt.Fprintf(w, listing, false, "", "<Contents><Key>db.dump</Key><LastModified>today</LastModified></Contents>")
			},
			fact.ReasonInvalid,
		},
		{
			"an answer that does not end is cut off",
			func(w http.ResponseWriter) {
				fmt.Fprint(w, `<?xml version="1.0"?><ListBucketResult>`)
				for {
					if _, err := fmt.Fprint(w, object); err != nil {
						return
					}
				}
			},
			fact.ReasonInvalid,
		},
		{
			"a listing that says that there is more, and not where, is an error",
			func(w http.ResponseWriter) { fmt.Fprintf(w, listing, true, "", object) },
			fact.ReasonFailed,
		},
		{
			"an answer that breaks off is unreachable",
			func(w http.ResponseWriter) {
				w.Header().Set("Content-Length", "1000")
				fmt.Fprint(w, `<?xml version="1.0"?><ListBucketResult>`)
			},
			fact.ReasonUnreachable,
		},
		{
			"a store that is out of order has failed",
			func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) },
			fact.ReasonFailed,
		},
		{
			"a refusal that repeats the secret does not get it shown",
			func(w http.ResponseWriter) {
				w.WriteHeader(http.StatusForbidden)
				fmt.Fprintf(w, "<Error><Code>AccessDenied</Code><Message>not with %s and %s</Message></Error>",
					"access-"+canary, "secret-"+canary)
			},
			fact.ReasonDenied,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			strange := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				c.answer(w)
			}))
			defer strange.Close()
			reason, detail := failure(t, "", system.Backup{S3: &system.S3{
				Endpoint: strange.URL, Region: "anywhere", Bucket: "backups", PathStyle: true,
				AccessKeyFile: file(t, "access-"+canary), SecretKeyFile: file(t, "secret-"+canary),
			}})
			t.Log(detail)
			require.Equal(t, c.reason, reason, detail)
			require.Less(t, len(detail), 500)
		})
	}
}
