package image

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// summaries reads layers as they are made of files.
func summaries(t *testing.T, all ...map[string]string) (read []*layer) {
	t.Helper()
	for _, files := range all {
		content := world.Tar(t, files)
		into := &layer{found: make(map[fact.ImageRule]*matches)}
		counted := &meter{from: bytes.NewReader(content), most: int64(len(content))}
		require.NoError(t, newReader(usualBounds()).read(counted, into))
		read = append(read, into)
	}
	return read
}

const pem = "-----BEGIN RSA PRIVATE" + " KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwMIIE\n"

func TestRules(t *testing.T) {
	for rule, names := range map[fact.ImageRule][]string{
		fact.RuleCompilers: {
			"*usr/bin/gcc", "*usr/bin/x86_64-linux-gnu-gcc-12", "*usr/bin/aarch64-alpine-linux-musl-g++", "*usr/local/cargo/bin/rustc", "*opt/java/openjdk/bin/javac",
			"*usr/local/go/bin/go", "usr/share/dotnet/sdk/8.0.100/dotnet.dll", "*./usr/bin/clang-17",
		},
		fact.RulePackageCaches: {
			"var/cache/apt/archives/gcc_12_amd64.deb", "var/lib/apt/lists/mirror.example.com_debian_dists_bookworm_main_binary-amd64_Packages.lz4",
			"var/cache/apk/APKINDEX.066df28d.tar.gz", "root/.cache/pip/http/a/b", "home/node/.npm/_cacache/index-v5/00/11", "var/cache/dnf/a/repodata/repomd.xml",
			"root/.m2/repository/a/b.jar", "usr/local/cargo/registry/cache/a/b.crate", "go/pkg/mod/cache/download/a.zip", "usr/local/share/.cache/yarn/v6/a",
		},
		fact.RuleTestFrameworks: {
			"app/node_modules/jest/package.json", "usr/local/lib/python3.13/site-packages/pytest/__init__.py", "app/vendor/phpunit/phpunit/composer.json",
			"usr/local/bundle/gems/rspec-core-3.13.0/lib/rspec/core.rb", "app/lib/junit-jupiter-api-5.11.0.jar", "app/nunit.framework.dll",
		},
		fact.RuleGitDirectory: {"app/.git/HEAD"},
		fact.RuleEnvironment:  {"app/.env", ".env.production", "srv/app/.env.local", "usr/src/app/.env", "usr/share/nginx/html/.env"},
		fact.RulePrivateKeys:  {"app/tls.key", "usr/src/app/tls.key", "root/.ssh/id_rsa", "etc/ssh/ssh_host_rsa_key", "app/server.PEM"},
	} {
		for _, name := range names {
			found := summaries(t, map[string]string{name: pem})[0].found
			require.Equal(t, []fact.ImageRule{rule}, slices.Collect(maps.Keys(found)), name)
		}
	}
}

// TestWhatIsNoneOfThem has what scanners are silenced for: what distributions and packages ship, examples, and folders of caches that
// are as good as empty.
func TestWhatIsNoneOfThem(t *testing.T) {
	for name, content := range map[string]string{
		"usr/bin/gcc": "not executable", "*usr/share/doc/gcc/gcc": "x", "*usr/bin/gcc-ranlib": "x", "*usr/bin/ccat": "x", "*usr/bin/go": "x",
		"usr/lib/gcc/x86_64-linux-gnu/12/libgcc_s.so": "x", "*usr/bin/node": "x", "*bin/busybox": "x",
		"var/lib/apt/lists/lock": "", "var/lib/apt/lists/partial/x": "", "var/cache/apt/archives/lock": "", "var/cache/apt/pkgcache.bin": "x",
		"var/cache/dnf/expired_repos.json": "[]", "var/cache/debconf/templates.dat": "x", "etc/apk/repositories": "x",
		"app/node_modules/left-pad/package.json": "{}", "app/node_modules/left-pad/.env": "A=b", "app/.env.example": "A=", "app/.env": "", "app/.env.ts": "x",
		"app/.environment": "x", "app/.gitignore": "x", "app/git/HEAD": "x",
		"etc/ssl/private/ssl-cert-snakeoil.key": pem, "usr/lib/python3/dist-packages/test/key.pem": pem, "app/test/key.pem": pem, "usr/share/doc/openssl/key.pem": pem,
		"usr/src/linux-headers-6.1.0-18/certs/signing_key.pem": pem,
		"app/public.pem": "-----BEGIN PUBLIC KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw\n", "etc/ssl/certs/ca.pem": "-----BEGIN CERTIFICATE-----\nMIIEvQIBADAN\n",
		"app/header.pem": "-----BEGIN RSA PRIVATE" + " KEY-----\n", "app/locked.pem": "-----BEGIN ENCRYPTED PRIVATE" + " KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwMIIE\n",
		"app/locked.key":       "-----BEGIN RSA PRIVATE" + " KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,1\n\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwMIIE\n",
		"app/translations.key": "hello", "usr/local/lib/python3.13/site-packages/requests/__init__.py": "x",
	} {
		require.Empty(t, summaries(t, map[string]string{name: content})[0].found, name)
	}
}

// TestWhatALaterLayerRemovesIsPartOfTheImage: to remove a file in a layer of its own makes no image smaller.
func TestWhatALaterLayerRemovesIsPartOfTheImage(t *testing.T) {
	require.Equal(t, []fact.ImageFinding{
		{Rule: fact.RuleCompilers, Layer: 1, Paths: []string{"usr/bin/cc", "usr/bin/gcc"}, Deleted: true},
		{Rule: fact.RuleGitDirectory, Layer: 1, Paths: []string{"app/.git/HEAD"}, Deleted: true},
		{Rule: fact.RuleEnvironment, Layer: 2, Paths: []string{"app/.env"}},
	}, findings(summaries(t,
		map[string]string{"*usr/bin/gcc": "x", "*usr/bin/cc": "x", "app/.git/HEAD": "x"},
		map[string]string{"app/.wh.app.env": "", "app/.env": "A=b", "usr/bin/.wh.gcc": "", "usr/bin/.wh.cc": "", "app/.wh..git": ""},
	)))
	found := findings(summaries(t, map[string]string{"app/.env": "A=b"}, map[string]string{"app/.wh..wh..opq": ""}))
	require.True(t, found[0].Deleted, "the folder was emptied")
	found = findings(summaries(t, map[string]string{"app/.wh..env": ""}, map[string]string{"app/.env": "A=b"}))
	require.False(t, found[0].Deleted, "what was removed before is there")
}

func TestOfManyFilesTheFirstAreNamed(t *testing.T) {
	files := make(map[string]string)
	for _, each := range "abcdefgh" {
		files["root/.cache/pip/"+string(each)] = "x"
	}
	found := findings(summaries(t, files))
	require.Len(t, found[0].Paths, keptPaths)
	require.Equal(t, 3, found[0].More)
}

func TestDevDependencies(t *testing.T) {
	declaration := `{"dependencies":{"express":"5","both":"1"},"devDependencies":{"typescript":"5","eslint":"9","@types/node":"1","both":"1"}}`
	installed := func(names ...string) map[string]string {
		files := map[string]string{"app/node_modules/express/package.json": "{}"}
		for _, name := range names {
			files["app/node_modules/"+name+"/package.json"] = "{}"
		}
		return files
	}
	program := map[string]string{"app/package.json": declaration}
	for _, c := range []struct {
		name   string
		layers []map[string]string
		want   []string
	}{
		{"what production needs is none", []map[string]string{program, installed("both")}, nil},
		{"all of it is", []map[string]string{program, installed("typescript", "eslint", "@types/node")}, []string{"app/node_modules/@types/node", "app/node_modules/eslint", "app/node_modules/typescript"}},
		{"one of three may be another's", []map[string]string{program, installed("typescript")}, nil},
		{"two of three are", []map[string]string{installed("typescript", "eslint"), program}, []string{"app/node_modules/eslint", "app/node_modules/typescript"}},
		{"another program's are none", []map[string]string{{"web/package.json": declaration}, installed("typescript", "eslint")}, nil},
		{
			"what npm has installed counts by its own list",
			[]map[string]string{program, {"app/node_modules/.package-lock.json": `{"packages":{"node_modules/express":{},"node_modules/nodemon":{"dev":true}}}`}},
			[]string{"app/node_modules/nodemon"},
		},
		{
			"and not by names where npm knows better",
			[]map[string]string{program, installed("typescript", "eslint"), {"app/node_modules/.package-lock.json": `{"packages":{"node_modules/eslint":{"devOptional":true}}}`}},
			nil,
		},
		{"what is no JSON says nothing", []map[string]string{{"app/package.json": "{", "app/node_modules/.package-lock.json": "["}, installed("typescript")}, nil},
		{"a program at the root is one", []map[string]string{{"package.json": `{"devDependencies":{"a":"1"}}`, "node_modules/a/index.js": "x"}}, []string{"node_modules/a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var paths []string
			for _, each := range findings(summaries(t, c.layers...)) {
				require.Equal(t, fact.RuleDevDependencies, each.Rule)
				paths = append(paths, each.Paths...)
			}
			require.Equal(t, c.want, paths)
		})
	}
}

// FuzzLayer has layers of any bytes: they are read within their bounds, or refused.
func FuzzLayer(f *testing.F) {
	f.Add([]byte("garbage"))
	f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd, 0, 0})
	f.Add([]byte{0x1f, 0x8b, 8})
	f.Fuzz(func(t *testing.T, content []byte) {
		b := usualBounds()
		b.unpacked, b.trusted = 1<<20, 1<<16
		into := &layer{found: make(map[fact.ImageRule]*matches)}
		counted := &meter{from: bytes.NewReader(content), most: int64(len(content))}
		if newReader(b).read(counted, into) == nil {
			require.LessOrEqual(t, len(findings([]*layer{into})), len(fact.ImageRules()))
		}
		require.LessOrEqual(t, counted.read, int64(len(content)))
	})
}
