package jsonrule_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/jsonrule"
)

func TestARuleHoldsOrSaysWhyNot(t *testing.T) {
	const document = `{"status":"ok","checks":[{"name":"db","ok":true},{"name":"queue","ok":false}],"lag":3}`
	for name, c := range map[string]struct {
		rule, document string
		held           bool
		fault          string
	}{
		"a field that is as it should be":  {`body.status == "ok"`, document, true, ""},
		"one that is not":                  {`body.status == "down"`, document, false, ""},
		"all of a list":                    {`body.checks.all(c, c.ok)`, document, false, ""},
		"numbers are compared":             {`body.lag < 5 && size(body.checks) == 2`, document, true, ""},
		"a field that is not there":        {`body.state == "ok"`, document, false, "no such key: state"},
		"one that may be away":             {`!has(body.state)`, document, true, ""},
		"no JSON":                          {`body.status == "ok"`, "<html>", false, "it is no JSON: invalid character"},
		"nothing":                          {`body.status == "ok"`, "", false, "it is no JSON: EOF"},
		"two documents":                    {`body.status == "ok"`, document + document, false, "it is no JSON: more follows the document"},
		"a document that is too deep":      {`body == 1`, strings.Repeat("[", 20_000), false, "it is no JSON: invalid character"},
		"a list where an object should be": {`body.status == "ok"`, `[1]`, false, "unsupported index type"},
		"what is no yes":                   {`body.status`, document, false, "neither yes nor no"},
		"work without end": {
			`range(1000).all(b, range(1000).all(c, range(1000).all(d, d + c + b >= body.least)))`, `{"least":0}`, false, "limit",
		},
	} {
		t.Run(name, func(t *testing.T) {
			rule, err := jsonrule.Compile(strings.ReplaceAll(c.rule, "range(", "lists.range("))
			require.NoError(t, err)
			held, err := rule.Holds(t.Context(), []byte(c.document))
			require.Equal(t, c.held, held)
			if c.fault != "" {
				require.ErrorContains(t, err, c.fault)
			}
		})
	}
}

func TestWhatIsNoRuleIsSaid(t *testing.T) {
	for text, want := range map[string]string{
		`body.status = "ok"`:            "Syntax error",
		`1 + 1`:                         "it gives int, and not yes or no",
		`answer.status == "ok"`:         "undeclared reference to 'answer'",
		strings.Repeat("(", 3000) + "1": "expression code point size exceeds limit",
	} {
		_, err := jsonrule.Compile(text)
		require.ErrorContains(t, err, want, text)
	}
}
