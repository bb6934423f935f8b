package secret_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/secret"
)

const strong = "vT7-kPq2-Wm9x-Zr4L-cE8n"

func TestJudge(t *testing.T) {
	cases := []struct {
		name, key, value string
		want             fact.ConfiguredValue
	}{
		{"a strong password", "password", strong, fact.ConfiguredValue{Credential: true, AtLeast: 20, Strength: 4}},
		{"a common one", "DB_PASSWORD", "password123", fact.ConfiguredValue{Credential: true, AtLeast: 8, Strength: 0}},
		{"a long one that repeats itself", "api-key", "aaaaaaaaaaaaaaaaaaaaaaaa", fact.ConfiguredValue{Credential: true, AtLeast: 24}},
		{"one within an address", "DATABASE_URL", "postgres://shop:" + strong + "@db/shop", fact.ConfiguredValue{Credential: true, AtLeast: 20, Strength: 4}},
		{"an address without one", "DATABASE_URL", "postgres://db/shop", fact.ConfiguredValue{}},
		{"a user name", "username", "shop", fact.ConfiguredValue{}},
		{"nothing", "password", "", fact.ConfiguredValue{}},
		{"a placeholder", "SMTP_PASSWORD", "changeme", fact.ConfiguredValue{Credential: true, AtLeast: 8, Placeholder: true}},
		{"a placeholder of something else", "SMTP_HOST", "<your mail server>", fact.ConfiguredValue{Placeholder: true}},
		{"a placeholder in a sentence", "SMTP_HOST", "insert-your-mail-server-here", fact.ConfiguredValue{Placeholder: true}},
		{"a template of underscores", "SMTP_HOST", "__SMTP_HOST__", fact.ConfiguredValue{Placeholder: true}},
		{"a name of underscores", "MODULE", "__main__", fact.ConfiguredValue{}},
		{"a template of Octopus", "SMTP_HOST", "#{SmtpHost}", fact.ConfiguredValue{Placeholder: true}},
		{"what JavaScript makes of nothing", "SMTP_HOST", "undefined", fact.ConfiguredValue{Placeholder: true}},
		{"what was blackened", "SMTP_HOST", "[REDACTED]", fact.ConfiguredValue{Placeholder: true}},
		{"production", "APP_ENV", "production", fact.ConfiguredValue{}},
		{"another environment", "NODE_ENV", "development", fact.ConfiguredValue{Development: "the environment is not production"}},
		{"debugging", "DEBUG", "true", fact.ConfiguredValue{Development: "debugging is on"}},
		{"no debugging", "DEBUG", "false", fact.ConfiguredValue{}},
		{"the machine itself", "REDIS_URL", "redis://localhost:6379/0", fact.ConfiguredValue{Development: "it leads to the machine itself"}},
		{"a host that is called alike", "HOST", "localhost.contoso.com", fact.ConfiguredValue{}},
		{"a key for tests", "STRIPE", "sk_test_4eC39HqLyjWDarjtT1zdp7dc", fact.ConfiguredValue{Development: "it is a key for tests"}},
		{"a sandbox", "PAYPAL", "https://api-m.sandbox.paypal.com", fact.ConfiguredValue{Development: "it leads to a sandbox or staging"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.want.Key = c.key
			require.Equal(t, []fact.ConfiguredValue{c.want}, secret.Judge(c.key, c.value))
		})
	}
}

func TestFilesOfAssignmentsAreJudgedByLine(t *testing.T) {
	require.Equal(t, []fact.ConfiguredValue{
		{Key: "APP_ENV", Development: "the environment is not production"},
		{Key: "TOKEN", Credential: true, AtLeast: 20, Strength: 4},
	}, secret.Judge("shop.env", "# settings\nAPP_ENV=dev\n\nexport TOKEN='"+strong+"'\n"))
	require.Empty(t, secret.Judge("application.yaml", "password: none\nhost: localhost\n"), "other files say nothing")
}

func TestUnfilled(t *testing.T) {
	for _, value := range []string{"${DB_PASSWORD}", " $(DB_PASSWORD)\n", "$DB_PASSWORD", "%DB_PASSWORD%", "${var.db}"} {
		require.True(t, secret.Unfilled(value), value)
	}
	for _, value := range []string{"", "postgres://u:${DB_PASSWORD}@db/x", "${A}${B}x", "$2b$12$abc", "pa$$word"} {
		require.False(t, secret.Unfilled(value), value)
	}
}
