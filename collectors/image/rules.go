package image

import (
	"archive/tar"
	"io"
	"path"
	"regexp"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

var (
	// compilers are programs by their names, with the platform that they are for and their version: x86_64-linux-gnu-gcc-12.
	compilers = regexp.MustCompile(`^([a-z0-9_]+-([a-z0-9]+-)?linux-(gnu|musl)[a-z]*-)?` +
		`(gcc|g\+\+|cc|c\+\+|clang|clang\+\+|gfortran|gccgo|tcc|rustc|javac|kotlinc|scalac|ghc|nvcc|zig)(-[0-9.]+)?$`)
	// kits are those of compilers that are found by where they are.
	kits = regexp.MustCompile(`^(usr/local/go|usr/lib/go[^/]*)/bin/go$|^usr/(share|lib|lib64)/dotnet/sdk/[^/]+/dotnet\.dll$`)

	// systemCaches are those of the package managers of distributions.
	systemCaches = regexp.MustCompile(`^var/cache/apt/archives/.*\.deb$|^var/lib/apt/lists/.*_(Packages|Sources|InRelease|Release)[^/]*$|` +
		`^(var/cache|etc/apk/cache|lib/apk)/(apk/)?[^/]*(APKINDEX[^/]*\.tar\.gz|\.apk)$|` +
		`^var/cache/(dnf|yum|libdnf5|zypp|microdnf)/.*\.(rpm|solv|solvx|sqlite|xml|gz|zst|zck|xz|bz2)$|^var/cache/pacman/pkg/.`)
	// languageCaches are those of the package managers of languages, wherever the home is.
	languageCaches = regexp.MustCompile(`(^|/)(\.npm/_cacache|\.cache/(pip|uv|pypoetry/cache|go-build|yarn|composer)|\.yarn/berry/cache|` +
		`\.pnpm-store|\.local/share/pnpm/store|\.composer/cache|\.m2/repository|\.gradle/caches|\.cargo/registry/(cache|src)|` +
		`\.nuget/packages|\.bundle/cache)/.|` +
		`^usr/local/(share/\.cache/yarn|cargo/registry/(cache|src))/.|^(root/)?go/pkg/mod/cache/download/.`)

	testFrameworks = regexp.MustCompile(`(^|/)node_modules/(jest|@jest/core|mocha|vitest|cypress|karma|jasmine|@playwright/test)/` +
		`package\.json$|` +
		`/(site|dist)-packages/(pytest|nose2|behave|robot)/__init__\.py$|` +
		`/gems/(rspec-core|cucumber|capybara)-[0-9][^/]*/lib/(rspec/core|cucumber|capybara)\.rb$|` +
		`(^|/)vendor/(phpunit/phpunit|pestphp/pest|behat/behat)/composer\.json$|` +
		`(^|/)(junit|junit-jupiter-(api|engine)|testng|mockito-core|spock-core)-[0-9][^/]*\.jar$|` +
		`(?i)(^|/)(xunit\.core|nunit\.framework|moq|microsoft\.visualstudio\.testplatform\.testframework)\.dll$`)

	gitDirectory = regexp.MustCompile(`(^|/)\.git/HEAD$`)

	// foreign are folders of what others have written: files to test with and examples are among it.
	foreign = regexp.MustCompile(`(^|/)(node_modules|site-packages|dist-packages|site-library|gems|vendor)/|` +
		`(^|/)(tests?|testdata|__tests__|examples?|docs?)/`)
	// shipped are those of distributions and toolchains; /usr/src/app is where many images have their program.
	shipped = regexp.MustCompile(`^usr/(share|lib|lib64|include)/|^usr/src/(linux|kernels)[^/]*/|^usr/local/(go|lib|share)/`)
	// served are those in which images have what an installed server serves.
	served          = regexp.MustCompile(`^usr/share/(nginx|caddy)/`)
	environmentFile = regexp.MustCompile(`(?i)(^|/)\.env(\.[^/]+)?$`)
	filledIn        = regexp.MustCompile(`(?i)\.(example|sample|template|tmpl|dist|defaults|schema)(\.|$)|\.(ts|js|mjs|md|py)$`)

	keyFile = regexp.MustCompile(`(?i)(^|/)(id_(rsa|dsa|ecdsa|ed25519)|ssh_host_[a-z0-9]+_key|[^/]+\.(pem|key|p8))$`)
	// privateKey is one with its content, which a mere header has not, and that no password protects.
	privateKey = regexp.MustCompile(`-----BEGIN ((RSA|EC|DSA|OPENSSH) )?PRIVATE KEY-----\s+[A-Za-z0-9+/]{32}`)
)

const (
	// snakeoil is a key that Debian makes to try TLS with, and that nobody trusts.
	snakeoil = "etc/ssl/private/ssl-cert-snakeoil.key"
	// longestKey is how much is read of a file that may hold a key.
	longestKey = 64 << 10
)

// ruleOf tells by which rule an entry of a layer is none that images for production have; empty: by none. Folders are none.
func ruleOf(name string, header *tar.Header, content io.Reader) (fact.ImageRule, error) {
	regular := header.Typeflag == tar.TypeReg
	link := header.Typeflag == tar.TypeSymlink || header.Typeflag == tar.TypeLink
	switch {
	case !regular && !link:
		return "", nil
	case isCompiler(name, header, link):
		return fact.RuleCompilers, nil
	case link || header.Size == 0:
		return "", nil
	case systemCaches.MatchString(name), languageCaches.MatchString(name):
		return fact.RulePackageCaches, nil
	case testFrameworks.MatchString(name):
		return fact.RuleTestFrameworks, nil
	case gitDirectory.MatchString(name):
		return fact.RuleGitDirectory, nil
	case foreign.MatchString(name), shipped.MatchString(name) && !served.MatchString(name):
		return "", nil
	case environmentFile.MatchString(name) && !filledIn.MatchString(path.Base(name)):
		return fact.RuleEnvironment, nil
	case keyFile.MatchString(name) && name != snakeoil:
		begin, err := io.ReadAll(io.LimitReader(content, longestKey))
		if privateKey.Match(begin) {
			return fact.RulePrivateKeys, err
		}
		return "", err
	default:
		return "", nil
	}
}

// isCompiler tells programs that can be run, and links to them.
func isCompiler(name string, header *tar.Header, link bool) bool {
	if kits.MatchString(name) {
		return true
	}
	folder, base := path.Split(name)
	return (strings.HasSuffix(folder, "bin/")) && (link || header.FileInfo().Mode()&0o111 != 0) && compilers.MatchString(base)
}
