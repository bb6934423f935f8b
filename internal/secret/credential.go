package secret

import (
	"encoding/base64"
	"regexp"
	"strings"
)

// longestScanned bounds how much of a value is searched for credentials, in bytes.
const longestScanned = 64 << 10

// Holds tells whether a value is a credential or has one within it: see Credential.
func Holds(name, value string) bool {
	_, holds := Credential(name, value)
	return holds
}

// Credential gives the credential that a value is, or has within it. A value is one by its form (a private key, a token
// of a well-known service, the password in an address or a connection string), or by the name of the variable or key, as
// long as the value can be one: switches, numbers, paths, addresses, names of Secrets and references to what is kept
// elsewhere are none, whatever the name.
func Credential(name, value string) (string, bool) {
	value = strings.TrimSpace(value[:min(len(value), longestScanned)])
	if value == "" || reference(value) {
		return "", false
	}
	for _, find := range []func(string) (string, bool){privateKey, wellKnown, passwordOfAddress, assigned} {
		if credential, found := find(value); found {
			return credential, true
		}
	}
	if loginName.MatchString(name) {
		if login := loginPair.FindStringSubmatch(value); login != nil && !reference(login[1]) {
			return login[1], true
		}
	}
	if fits(nounOf(name), value) {
		return value, true
	}
	return "", false
}

var (
	privateKeyPEM = regexp.MustCompile(`-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY( BLOCK)?-----`)
	encodedPEM    = regexp.MustCompile(`LS0tLS1CRUdJTi[A-Za-z0-9+/]{20,}`)
)

// privateKey finds a private key in PEM, as it is or in base64.
func privateKey(value string) (string, bool) {
	if privateKeyPEM.MatchString(value) {
		return value, true
	}
	encoded := encodedPEM.FindString(value)
	decoded, err := base64.RawStdEncoding.DecodeString(encoded[:len(encoded)/4*4])
	return value, err == nil && privateKeyPEM.Match(decoded)
}

// A Form is one in which a well-known service gives out credentials.
type Form struct {
	Name    string // of a rule: "github-token"
	Pattern string // a regular expression (RE2)
	// Plain: texts that are no credential have the form too, so that it counts only where a credential can be.
	Plain bool
}

// Forms are those of tokens of well-known services.
func Forms() []Form {
	return []Form{
		{"json-web-token", `eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*`, true},
		{"github-token", `gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}`, false},
		{"gitlab-token", `gl(?:pat|ptt|dt|rt|cbt|ft)-[\w-]{16,}`, false},
		{"slack-token", `xox[abeoprs]-[\w-]{8,}|xapp-\d-[\w-]{8,}`, false},
		{"slack-webhook", `https://hooks\.slack\.com/(?:services|workflows|triggers)/\w+/\w+/\w+`, false},
		{"discord-webhook", `https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/\d+/[\w-]+`, false},
		{"teams-webhook", `https://[\w-]+\.webhook\.office\.com/webhookb2/[\w@-]+/\w+/\w+`, false},
		{"aws-access-key", `A(?:KIA|SIA)[A-Z0-9]{12,}`, false},
		{"stripe-key", `(?:sk|rk)_live_\w{8,}|whsec_[A-Za-z0-9+/=]{16,}`, false},
		{"model-key", `sk-(?:ant-|proj-|svcacct-)[\w-]{20,}|hf_[A-Za-z0-9]{20,}`, false},
		{"model-key", `sk-[\w-]{20,}`, true},
		{"google-key", `AIza[\w-]{30,}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}`, false},
		{"registry-token", `npm_[A-Za-z0-9]{30,}|pypi-[\w-]{40,}|dckr_[po]at_[\w-]{20,}`, false},
		{"mail-key", `SG\.[\w-]{16,}\.[\w-]{16,}`, false},
		{"mail-key", `key-[0-9a-f]{32}`, true},
		{"telegram-token", `\d{8,10}:AA[\w-]{33}`, false},
		{"vault-token", `hv[sbr]\.[\w-]{20,}`, false},
		{"digitalocean-token", `do[opr]_v1_[0-9a-f]{40,}`, false},
		{"shopify-token", `shp(?:at|ca|pa|ss)_[0-9a-f]{32}`, false},
		{"grafana-token", `glsa_\w{30,}|glc_[A-Za-z0-9+/=]{30,}`, false},
		{"newrelic-key", `NRAK-[A-Z0-9]{20,}`, false},
		{"databricks-token", `dapi[0-9a-f]{32}`, false},
		{"age-key", `AGE-SECRET-KEY-1[A-Z0-9]{50,}`, false},
	}
}

// tokens are all forms.
var tokens = regexp.MustCompile(AnyOf(Forms()))

// AnyOf is a regular expression for credentials of any of the forms, whose first group is the credential.
func AnyOf(forms []Form) string {
	patterns := make([]string, len(forms))
	for i, form := range forms {
		patterns[i] = form.Pattern
	}
	return `(?:^|[^A-Za-z0-9])(` + strings.Join(patterns, `|`) + `)`
}

var bearer = regexp.MustCompile(`(?i)\b(?:bearer|basic)(?:\s+|%20)([\w.~+/=-]{8,})`)

// wellKnown finds a token by its form, and what follows "Bearer" in a header.
func wellKnown(value string) (string, bool) {
	if found := tokens.FindStringSubmatch(value); found != nil {
		return found[1], true
	}
	if found := bearer.FindStringSubmatch(value); found != nil && strings.ContainsAny(found[1], "0123456789=") {
		return found[1], true
	}
	return "", false
}

var (
	// withUserinfo is an address of any scheme with a password; where the password has characters that ought to be
	// encoded, all up to the last @ is taken for it.
	withUserinfo = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^\s:/?#@\[\]]*:(?:([^\s/?#@]+)@|([^\s]+)@)`)
	// withLogin is a data source of Go's MySQL driver, Oracle's form, or a login before a host with a port.
	withLogin = regexp.MustCompile(`^(?:[\w.-]+:(\S+)@(?:tcp6?|unix|udp)?\(|[\w.-]+/([^\s/@]+)@(?://)?[\w.-]+[:/]|` +
		`[\w.-]+:([^\s@/]+)@[\w.-]+:\d+(?:/|$))`)
	portOnly = regexp.MustCompile(`^\d+(?:[/?#]|$)`)
	// blank stands for a password in a documentation or a template of a program.
	blank = regexp.MustCompile(`^(?:\{[^{}]*\}|%[sv]|\*+|\.{3,}|\[[\w ]+\])$`)
)

// passwordOfAddress finds the password of an address or a data source: postgres://user:password@host/database.
func passwordOfAddress(value string) (string, bool) {
	all := withUserinfo.FindAllStringSubmatch(value, -1)
	if login := withLogin.FindStringSubmatch(value); login != nil {
		all = append(all, login)
	}
	for _, found := range all {
		for at, password := range found[1:] {
			// http://host:8080/?to=a@b has a port, and no password.
			port := at == 1 && strings.Contains(found[0], "://") && portOnly.MatchString(password)
			if password != "" && !port && !reference(password) && !blank.MatchString(password) {
				return password, true
			}
		}
	}
	return "", false
}

// The forms in which a name and a value stand within a value.
var (
	quotedPair  = regexp.MustCompile(`([A-Za-z][\w.-]*)="([^"]+)"`)
	plainPair   = regexp.MustCompile(`([A-Za-z][\w.-]*)=([^\s"';&,}]+)`) // of a connection string, or an address
	memberPair  = regexp.MustCompile(`["']([A-Za-z_][\w.-]*)["']\s*:\s*["']([^"']+)["']`)
	optionPair  = regexp.MustCompile(`(?:^|\s)--?([A-Za-z][\w-]+)\s+([^\s-]\S*)`)
	linePair    = regexp.MustCompile(`(?m)^\s*(?:-\s+)?([A-Za-z_][\w.-]*):[ \t]+["']?([^\s"'|>]+)["']?\s*$`)
	signedShare = regexp.MustCompile(`[?&]sig=([\w%+/-]{30,})`) // an address that Azure has signed
)

// assigned finds a credential by the name that it has within a value.
func assigned(value string) (string, bool) {
	if signature := signedShare.FindStringSubmatch(value); signature != nil {
		return signature[1], true
	}
	for _, form := range []*regexp.Regexp{quotedPair, plainPair, memberPair, optionPair, linePair} {
		for _, found := range form.FindAllStringSubmatch(value, -1) {
			if !reference(found[2]) && !blank.MatchString(found[2]) && fits(nounOf(found[1]), found[2]) {
				return found[2], true
			}
		}
	}
	return "", false
}

var (
	// loginName is a variable that holds a user and a password.
	loginName = regexp.MustCompile(`(?i)^(?:.*[_.-])?(?:(?:basic|http|neo4j|proxy|npm)[_.-]?auth|credentials?|creds|user_?pass|userpwd)$`)
	loginPair = regexp.MustCompile(`^[\w.@-]+[:/]([^\s/:][^\s]*)$`)
)

var (
	variable  = regexp.MustCompile(`\$\([\w.-]+\)|\$\{[\w.:]+\}|^\$[A-Z_][A-Z0-9_]*$|^%[A-Z_][A-Z0-9_]*%$`)
	elsewhere = regexp.MustCompile(
		`^(?:(?:vault|bao|env|file):|ref\+\w+://|op://|arn:[\w-]+:(?:secretsmanager|ssm):|projects/[^/]+/secrets/|` +
			`(?:gcp-?|aws-?|az-?)?(?:sm|ssm|secretsmanager|secretmanager|keyvault)://|@Microsoft\.KeyVault\(|` +
			`ENC\[|\{cipher\}|secretKeyRef:|<path:)`)
	letterOrDigit = regexp.MustCompile(`[A-Za-z0-9]`)
)

// reference tells a value that only names what is kept elsewhere: $(PASSWORD), vault:secret/data/shop#password.
func reference(value string) bool {
	return elsewhere.MatchString(value) || variable.MatchString(value) && !letterOrDigit.MatchString(variable.ReplaceAllString(value, ""))
}
