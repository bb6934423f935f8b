package image

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// ContentsParameters say what no layer may hold.
type ContentsParameters struct {
	// Sorts of files that no layer may hold: compilers, package-manager-caches, test-frameworks, git-directory, environment-files,
	// private-keys, dev-dependencies.
	Forbidden []Sort `yaml:"forbidden"`
	// AllowedPaths are patterns of paths that are meant to be there: opt/java/bin/javac, or etc/app/* for all below.
	AllowedPaths []string `yaml:"allowed_paths"`
	// IgnoredImages are patterns of images that are not judged, such as docker.io/library/* for those of others.
	IgnoredImages []string `yaml:"ignored_images"`
}

// A Sort is one of those of files that images for production do without.
type Sort = quantity.Choice[sorts]

// sorts are those of files.
type sorts struct{}

// Values lists them.
func (sorts) Values() (all []string) {
	for _, rule := range fact.ImageRules() {
		all = append(all, string(rule))
	}
	return all
}

// Validate says what cannot be.
func (p ContentsParameters) Validate() error {
	if len(p.Forbidden) == 0 {
		return check.Wrong("forbidden", "expected at least one of %s", strings.Join(sorts{}.Values(), ", "))
	}
	if err := validatePatterns("allowed_paths", p.AllowedPaths); err != nil {
		return err
	}
	return validatePatterns("ignored_images", p.IgnoredImages)
}

// Contents judges what the layers of images hold.
func Contents() check.Kind[ContentsParameters] {
	reason := func(name, sentence, remedy string) check.Reason {
		return check.Reason{Name: name, Level: check.Fail, Sentence: sentence, Remedy: remedy}
	}
	const stages = "Build in stages, and copy into the last one only what runs: COPY --from=build."
	const ignore = " Name it in .dockerignore, or copy less than the whole folder."
	reasons := map[fact.ImageRule]check.Reason{
		fact.RuleCompilers: reason("compiler", "An image holds a compiler.", stages),
		fact.RulePackageCaches: reason("package_cache", "An image holds the cache of a package manager.",
			"Remove it in the command that fills it: apk add --no-cache, pip install --no-cache-dir, rm -rf /var/lib/apt/lists/*."),
		fact.RuleTestFrameworks: reason("test_framework", "An image holds a framework for tests.",
			"Install without what only tests need: npm ci --omit=dev, composer install --no-dev, bundle config without test."),
		fact.RuleGitDirectory: reason("git_directory", "An image holds a git repository.",
			"Its history can hold more than is meant to be known."+ignore),
		fact.RuleEnvironment: reason("environment_file", "An image holds a file with the environment of a program.",
			"Replace what it holds: whoever can pull the image has it."+ignore),
		fact.RulePrivateKeys: reason("private_key", "An image holds a private key.",
			"Replace the key: whoever can pull the image has it. Give keys to containers as Secrets, and to builds by RUN --mount=type=secret."),
		fact.RuleDevDependencies: reason("dev_dependency", "An image holds packages that only development needs.",
			"Install without them, in the stage that is copied from: npm ci --omit=dev, pnpm install --prod, yarn workspaces focus --production."),
	}
	kind := check.Kind[ContentsParameters]{
		Name:    "image_contents",
		Summary: "No layer of an image holds what only building and development need, or secrets.",
		Remedy:  stages,
		Defaults: ContentsParameters{Forbidden: []Sort{
			"compilers", "package-manager-caches", "test-frameworks", "git-directory", "environment-files", "private-keys", "dev-dependencies",
		}},
		Over: []check.Quantified[ContentsParameters]{
			check.Each(fact.Images(), func(c check.Context, i *fact.Image, p ContentsParameters) (problems []check.Problem) {
				for b := range i.Builds {
					build := &i.Builds[b]
					for f := range build.Findings {
						finding := &build.Findings[f]
						if paths := p.counted(finding); slices.Contains(p.Forbidden, Sort(finding.Rule)) && len(paths) > 0 {
							problems = append(problems, reasons[finding.Rule].Problem(fmt.Sprintf("Layer %d of %d of the image %s%s holds %s.%s",
								finding.Layer, build.Layers, i.Reference, usedBy(c, i), listed(paths, finding.More), hidden(finding))))
						}
					}
				}
				return distinct(problems)
			}).Where(func(_ check.Context, i *fact.Image, p ContentsParameters) bool {
				return len(i.Builds) > 0 && i.Trouble == "" && !matches(i.Reference, p.IgnoredImages)
			}).Known(func(i *fact.Image, p ContentsParameters) bool { return !matches(i.Reference, p.IgnoredImages) }).Needs(fact.TopicContents),
		},
		WhenEmpty: noImage(),
	}
	for _, rule := range fact.ImageRules() {
		kind.Reasons = append(kind.Reasons, reasons[rule])
	}
	return kind
}

// counted are the paths of a finding that are not allowed.
func (p ContentsParameters) counted(finding *fact.ImageFinding) []string {
	return slices.DeleteFunc(slices.Clone(finding.Paths), func(name string) bool {
		return slices.ContainsFunc(p.AllowedPaths, func(pattern string) bool {
			pattern = strings.TrimPrefix(pattern, "/")
			whole, err := path.Match(pattern, name)
			beneath, all := strings.CutSuffix(pattern, "*")
			return err == nil && whole || all && strings.HasSuffix(beneath, "/") && strings.HasPrefix(name, beneath)
		})
	})
}

// named is how many paths a sentence names.
const named = 3

func listed(paths []string, more int) string {
	more += max(0, len(paths)-named)
	shown := slices.Clone(paths[:min(len(paths), named)])
	if more > 0 {
		shown = append(shown, fmt.Sprintf("%d more", more))
	}
	return words.List(shown)
}

func hidden(finding *fact.ImageFinding) string {
	if !finding.Deleted {
		return ""
	}
	return " A later layer removes it, which leaves it in the image."
}

// distinct leaves out what is the same for several platforms.
func distinct(problems []check.Problem) (all []check.Problem) {
	for _, each := range problems {
		if !slices.ContainsFunc(all, func(p check.Problem) bool { return p.Reason == each.Reason && p.Detail == each.Detail }) {
			all = append(all, each)
		}
	}
	return all
}
