package configuration_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/configuration"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestRequired(t *testing.T) {
	v := checktest.Of(t, configuration.Required(), fact.Workloads())
	v.Finds("all that it refers to exists", fact.Workload{Name: "api"})
	v.Finds("a Secret does not exist", fact.Workload{
		Name: "api", Unresolved: []fact.Reference{{Kind: "Secret", Name: "database", From: "volume certificates"}},
	},
		"fail not_found: The Secret database does not exist; the workload needs it for volume certificates.")
	v.Finds("a variable has no value", fact.Workload{
		Name: "api", Containers: []fact.Container{{Name: "api", Variables: []fact.Variable{{Name: "A", Empty: true}, {Name: "B"}}}},
	},
		"warn empty: The variable A of the container api has no value.")
}

func TestEnvironmentFile(t *testing.T) {
	file := fact.EnvironmentFile{Host: "web-1", Path: "/srv/.env", Mode: "600", OwnerOnly: true, Example: "/srv/.env.example"}
	open, unset, alone := file, file, file
	open.Mode, open.OwnerOnly = "644", false
	unset.Missing, alone.Example = []string{"MAIL", "TOKEN"}, ""
	v := checktest.Of(t, configuration.EnvironmentFile(), fact.EnvironmentFiles())
	v.Finds("all keys are set, for its owner", file)
	v.Finds("others can read it", open, "fail open_to_others: Its mode is 644; 600 is wanted, or 400.")
	v.Finds("keys are not set", unset, "fail key_missing: Of the keys in /srv/.env.example it does not set MAIL and TOKEN.")
	v.Finds("nothing names the keys", alone, "unknown no_example: Which keys it ought to set is not known.")
}

func with(values ...fact.ConfiguredValue) fact.Configuration {
	return fact.Configuration{Cluster: "main", Namespace: "shop", Kind: "Secret", Name: "database", Values: values}
}

func TestCredentials(t *testing.T) {
	password := func(length, strength int) fact.Configuration {
		return with(fact.ConfiguredValue{Key: "password", Credential: true, AtLeast: length, Strength: strength})
	}
	v := checktest.Of(t, configuration.Credentials(), fact.Configurations())
	v.Finds("as long and as strong as wanted", password(20, 3))
	v.Finds("too short", password(16, 4),
		"fail too_short: The credential password has fewer than 20 characters.")
	v.Finds("long, but a pattern", password(24, 2),
		"fail guessable: The credential password is guessed easily: its strength is 2 of 4; at least 3 is wanted.")
	v.Finds("a placeholder", with(fact.ConfiguredValue{Key: "password", Credential: true, AtLeast: 24, Strength: 4, Placeholder: true}),
		"fail placeholder: The credential password is a placeholder.")
	v.Finds("what is no credential is left out", with(fact.ConfiguredValue{Key: "level", Placeholder: true}),
		"undeclared no_credential on the item: No Secret, ConfigMap or environment of the system holds a credential.")
}

func TestProduction(t *testing.T) {
	kind := configuration.Production()
	kind.Defaults.AllowedKeys = []string{"SIDECAR"}
	v := checktest.Of(t, kind, fact.Configurations())
	v.Finds("nothing says otherwise", with(fact.ConfiguredValue{Key: "LEVEL"}))
	v.Finds("another environment", with(fact.ConfiguredValue{Key: "APP_ENV", Development: "it names the environment development"}),
		"fail not_of_production: The value of APP_ENV is not one of production: it names the environment development.")
	v.Finds("a placeholder", with(fact.ConfiguredValue{Key: "ADDRESS", Placeholder: true}),
		"fail placeholder: The value of ADDRESS is a placeholder.")
	v.Finds("what is allowed", with(fact.ConfiguredValue{Key: "SIDECAR", Development: "it leads to localhost"}))
}

func TestSecretRotation(t *testing.T) {
	secret := func(days int) fact.Secret {
		return fact.Secret{Cluster: "main", Namespace: "shop", Name: "database", ChangedAt: checktest.Now().AddDate(0, 0, -days)}
	}
	v := checktest.Of(t, configuration.SecretRotation(), fact.Secrets())
	v.Finds("180 days ago", secret(180))
	v.Finds("181 days ago", secret(181),
		"fail not_rotated: The Secret was last changed at least 181 d ago, on 2026-05-25 or before; at most 180 d is wanted.")
	unnoted := func(days int) fact.Secret {
		s := secret(days)
		s.Unnoted = true
		return s
	}
	v.Finds("made 180 days ago, and not changed before", unnoted(180))
	v.Finds("made 181 days ago, and perhaps changed since", unnoted(181),
		"unknown not_noted: The Secret was made 181 d ago, on 2026-05-25; whether it was changed since is not noted.")
}

// staging is production compared with a namespace in which all is the same, as the edit changes it.
func staging(edit func(*fact.Staging)) fact.Staging {
	s := fact.Staging{
		Cluster: "main", Namespace: "shop", With: "namespace shop-staging of cluster main", Compared: 9,
		Images: []fact.StagedImage{{Object: "Deployment/api", Image: "shop/api:1", Staged: true}}, CompareValues: true, Values: 4,
	}
	edit(&s)
	return s
}

func same(*fact.Staging) {}

func TestParity(t *testing.T) {
	differs := func(all ...fact.Difference) fact.Staging {
		return staging(func(s *fact.Staging) { s.Differences = all })
	}
	kind := configuration.Parity()
	kind.Defaults.AllowedDifferences = []string{"ConfigMap/*", "Deployment/api: container api: image"}
	require.NoError(t, kind.Defaults.Validate())
	require.ErrorContains(t, configuration.ParityParameters{AllowedDifferences: []string{"["}}.Validate(), `allowed_differences: "["`)
	v := checktest.Of(t, kind, fact.Stagings())
	v.Finds("all is the same", staging(same))
	v.Finds("a difference", differs(fact.Difference{Object: "Deployment/api", Aspect: "container api: readiness probe", Production: "http", Staging: "tcp"}),
		`fail differs: The Deployment/api differs in container api: readiness probe: "http" in production, "tcp" in the namespace shop-staging of cluster main.`)
	v.Finds("an aspect that may differ", differs(fact.Difference{Object: "Deployment/api", Aspect: "container api: image", Production: "1", Staging: "2"}))
	v.Finds("an object that may differ", differs(fact.Difference{Object: "ConfigMap/settings", Production: "there"}))
	v.Finds("only in production", differs(fact.Difference{Object: "Deployment/web", Production: "there"}),
		"fail only_in_one: The Deployment/web is not in the namespace shop-staging of cluster main.")
	v.Finds("only in staging", differs(fact.Difference{Object: "Deployment/mock", Staging: "there"}),
		"fail only_in_one: The Deployment/mock is only in the namespace shop-staging of cluster main.")
}

func TestStagedImages(t *testing.T) {
	v := checktest.Of(t, configuration.StagedImages(), fact.Stagings())
	v.Finds("the image ran in staging", staging(same))
	v.Finds("it did not", staging(func(s *fact.Staging) { s.Images[0].Staged = false }),
		"fail not_staged: The image shop/api:1 of the Deployment/api has not run in the namespace shop-staging of cluster main.")
	v.Finds("nothing runs in production", staging(func(s *fact.Staging) { s.Images = nil }),
		"undeclared nothing_to_compare on the item: There is nothing in production to compare with staging.")
}

func TestSecretReuse(t *testing.T) {
	v := checktest.Of(t, configuration.SecretReuse(), fact.Stagings())
	v.Finds("another password in each", staging(same))
	v.Finds("the same password in both", staging(func(s *fact.Staging) { s.SameValues = []string{"Secret/database password"} }),
		"fail reused: Of 4 credentials compared, 1 is the same in the namespace shop-staging of cluster main: Secret/database password.")
	v.Finds("values are not compared", staging(func(s *fact.Staging) { s.CompareValues = false }),
		"undeclared nothing_to_compare on the item: There is nothing in production to compare with staging.")
}

func TestWithoutATargetTheRemedySaysHowToGetOne(t *testing.T) {
	for _, c := range []struct {
		kind check.Any
		says string
	}{
		{configuration.Credentials(), "Set secret_values: true"}, {configuration.Production(), "Set secret_values: true"},
		{configuration.Parity(), "Add staging"}, {configuration.StagedImages(), "Add staging"},
		{configuration.SecretReuse(), "Add staging to the cluster in the system description, with secret_values: true"},
	} {
		problems := checktest.Case{Kind: c.kind, Now: checktest.Now()}.Result(t).Problems
		require.Len(t, problems, 1)
		require.Equal(t, "no_target", problems[0].Reason)
		require.Contains(t, problems[0].Remedy, c.says)
	}
}

func TestParametersThatCannotBeAreRefused(t *testing.T) {
	require.NoError(t, configuration.Credentials().Defaults.Validate())
	require.ErrorContains(t, configuration.CredentialsParameters{MinimumLength: 9}.Validate(), "minimum_length: 9: expected one of [8 12")
	require.EqualError(t, configuration.CredentialsParameters{MinimumLength: 8, MinimumStrength: 5}.Validate(), "minimum_strength: 5: expected 0 to 4")
	require.EqualError(t, configuration.SecretRotationParameters{}.Validate(), "maximum_age: expected more than 0")
}
