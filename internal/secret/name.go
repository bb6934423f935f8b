package secret

import (
	"math"
	"regexp"
	"slices"
	"strings"
)

// A noun is what the name of a variable or a key announces.
type noun int

const (
	nothing          noun = iota
	perhaps               // password_of_admin, partition_key: a credential if it looks generated
	passwordNoun          // digits are one, too
	tokenNoun             // MAX_TOKEN apart, a number is a count of tokens
	keyNoun               // API_KEY, and not PARTITION_KEY
	secretNoun            // CLIENT_SECRET
	secretOrNameNoun      // DB_SECRET: also the name of a Secret
	secretNameNoun        // TLS_SECRET: the name of a Secret, as long as it can be one
)

// Names are read word by word, in capitals.
var (
	// A name with one of these is a switch, a limit, or what everybody may know.
	setting = regexp.MustCompile(`^(?:ALLOW|ALLOWED|ENABLED?|DISABLED?|REQUIRED?|FORBID|SKIP|USE|IGNORE|HAS|IS|NO|MAX(?:IMUM)?|` +
		`MIN(?:IMUM)?|NUM|NUMBER|LIMIT|COUNT|PUBLIC|PUBLISHABLE)$`)
	// These end a name that is about a credential: where it is, how long it lasts, what it must be like.
	describing = regexp.MustCompile(`^(?:FILES?|PATHS?|DIR|DIRECTORY|NAMES?|NAMESPACE|REF|IDS?|UR[IL]S?|ENDPOINT|HOST|PORT|ARN|TTL|` +
		`EXPIRY|EXPIRATION|EXPIRES|LIFETIME|DURATION|TIMEOUT|INTERVAL|AGE|LENGTH|LEN|SIZE|POLICY|TYPE|ALGORITHM|ALG|METHOD|MODE|` +
		`FORMAT|PREFIX|SUFFIX|FIELD|HEADER|PARAM|CLAIM|ISSUER|AUDIENCE|ROUNDS|COST|HASH(?:ES)?|FINGERPRINT|CHECKSUM|VERSION|` +
		`PROVIDER|BACKEND|STORE|ENGINE|MOUNT|SCOPES?|ROTATION|REGEX|PATTERN|STRENGTH|COMPLEXITY|HINT|HELP|TEXT|LABEL|SERVICE|` +
		`CONNECTOR|CMD|COMMAND|TEMPLATE|REALM|ATTEMPTS|RETRIES)$`)
	// These end a name without saying more of its value.
	filling = regexp.MustCompile(`^(?:|VALUE|PLAIN|PLAINTEXT|RAW|BASE|B|HEX|OLD|NEW|CURRENT|PREVIOUS|PRIMARY|SECONDARY|ADMIN|` +
		`SUPERUSER|STANDBY|ROOT|REPLICATION)$`)

	passwordWord = regexp.MustCompile(`^(?:\w*PASSWORDS?|\w*PASSWD|\w*PASSPHRASE|\w*PASSWORT|\w*PASSCODE|PSWD?|PWORD|REQUIREPASS|` +
		`MASTERAUTH|SALT|` +
		`(?:DB|PG|\w*SQL|MARIADB|POSTGRES|MONGO|REDIS|SMTP|E?MAIL|S?FTP|SSH|ROOT|ADMIN|USER|LDAP|MQTT|AMQP|RABBIT(?:MQ)?|HTTP)(?:PASS|PWD)|` +
		`(?:\w*STORE|BIND|AUTH|DATABASE)(?:PASS|PWD))$`)
	shortPassword = regexp.MustCompile(`^(?:PASS|PWD)$`)
	// PROXY_PASS of nginx, FIRST_PASS of a compiler, OLD_PWD of a shell.
	otherPass   = regexp.MustCompile(`^(?:PROXY|FIRST|SECOND|LAST|MULTI|TWO|OLD|BY)$`)
	tokenWord   = regexp.MustCompile(`^(?:\w*TOKENS?)$`)
	secretWord  = regexp.MustCompile(`^(?:\w*SECRETS?)$`)
	credentials = regexp.MustCompile(`^(?:CREDENTIALS?|CREDS?)$`)
	keyWord     = regexp.MustCompile(`^(?:KEYS?)$`)
	joinedKey   = regexp.MustCompile(`^(?:\w*(?:API|SECRET|PRIVATE|ACCESS|ENCRYPTION|SIGNING|MASTER|ACCOUNT|LICENSE|AUTH)KEYS?)$`)
	secretKeyOf = regexp.MustCompile(`^(?:API|SECRET|PRIVATE|ACCESS|(?:EN|DE)CRYPT(?:ION)?|SIGN(?:ING|ATURE)?|MASTER|ACCOUNT|` +
		`LICEN[SC]E|AUTH(?:ENTICATION)?|SESSION|COOKIE|HMAC|AES|JW[TES]|APP(?:LICATION)?|SHARED|FERNET|ROOT|ADMIN|DEPLOY|` +
		`INGEST(?:ION)?|WEBHOOK|CRYPT|CIPHER|(?:UN)?SEAL|RECOVERY|NONCE|SUBSCRIPTION|AGENT|TSIG|SECURITY|SET)$`)
	openKeyOf = regexp.MustCompile(`^(?:SITE|GPG|PGP|AUTHORIZED|KNOWN)$`) // of which everybody may know
	secretOf  = regexp.MustCompile(`^(?:CLIENT|APP(?:LICATION)?|JWT|SESSION|COOKIE|SIGNING|HMAC|SHARED|(?:WEB)?HOOK|OAUTH|AUTH|` +
		`NEXTAUTH|TOKEN|API|ENCRYPTION|CONSUMER|CSRF|XSRF|ACCESS|ADMIN|MASTER|HASH|STATE|CALLBACK|OIDC|T?OTP|BOT|KEY|DASHBOARD)$`)
	secretNameOf = regexp.MustCompile(`^(?:TLS|SSL|CERTS?|CERTIFICATES?|CA|PULL|EXISTING|REGISTRY|INGRESS|KUBE|KUBERNETES|` +
		`CREDENTIALS?|CREDS?|DOCKER|GATEWAY|HTTPS|TARGET|OUTPUT|CONFIG|BASIC|IMAGE|KEYSTORE|TRUSTSTORE)$`)
)

// nounOf says what a name announces.
func nounOf(name string) noun {
	all := wordsOf(name)
	last, before := all[len(all)-1], ""
	if len(all) > 1 {
		before = all[len(all)-2]
	}
	has := func(word *regexp.Regexp) bool { return slices.ContainsFunc(all, word.MatchString) }
	switch {
	case describing.MatchString(last), has(setting),
		all[0] == "ETCD" && last == "TOKEN": // the kind of its tokens, or the name of its cluster
		return nothing
	case secretWord.MatchString(last):
		return nounOfSecret(last, before)
	case credentials.MatchString(last):
		return secretOrNameNoun
	case passwordWord.MatchString(last), shortPassword.MatchString(last) && !otherPass.MatchString(before),
		last == "COOKIE" && strings.HasPrefix(before, "ERL"), last == "AUTH" && strings.HasPrefix(before, "REDIS"):
		return passwordNoun
	case tokenWord.MatchString(last):
		return tokenNoun
	case joinedKey.MatchString(last), keyWord.MatchString(last) && secretKeyOf.MatchString(before):
		return keyNoun
	case openKeyOf.MatchString(before):
		return nothing
	case keyWord.MatchString(last), has(passwordWord), has(tokenWord), has(secretWord):
		return perhaps
	default:
		return nothing
	}
}

func nounOfSecret(last, before string) noun {
	switch {
	case secretNameOf.MatchString(before):
		return secretNameNoun
	case secretOf.MatchString(before), len(last) > len("SECRETS"): // CLIENTSECRET
		return secretNoun
	default:
		return secretOrNameNoun
	}
}

var (
	lowerUpper = regexp.MustCompile(`([a-z0-9])([A-Z])`)
	upperWord  = regexp.MustCompile(`([A-Z])([A-Z][a-z])`)
	separator  = regexp.MustCompile(`[^A-Za-z0-9]+`)
)

// wordsOf splits a name into its words, in capitals: dbPassword, db.password and DB__PASSWORD_1 are DB and PASSWORD. There is
// one at least.
func wordsOf(name string) []string {
	name = upperWord.ReplaceAllString(lowerUpper.ReplaceAllString(name, "${1}_$2"), "${1}_$2")
	all := strings.Split(strings.ToUpper(strings.Trim(separator.ReplaceAllString(name, "_"), "_")), "_")
	for last := len(all) - 1; ; last-- {
		all[last] = strings.TrimRight(all[last], "0123456789")
		if last == 0 || !filling.MatchString(all[last]) {
			return all[:last+1]
		}
	}
}

// fits tells whether a value can be the credential that a name announces.
func fits(announced noun, value string) bool {
	if announced == nothing || choice.MatchString(value) || place.MatchString(value) || address.MatchString(value) {
		return false
	}
	switch announced {
	case perhaps:
		return generated(value)
	case passwordNoun:
		return !quantity.MatchString(value)
	case tokenNoun:
		return !quantity.MatchString(value) && !shortNumber.MatchString(value)
	case secretOrNameNoun:
		return !quantity.MatchString(value) && (!objectName.MatchString(value) || !telling.MatchString(value))
	case secretNameNoun:
		return !quantity.MatchString(value) && (!objectName.MatchString(value) || generated(value))
	default:
		return !quantity.MatchString(value)
	}
}

var (
	// choice is a switch, or a word by which programs are told what to do.
	choice = regexp.MustCompile(`(?i)^(?:-?[01]|y|n|t|f|yes|no|true|false|on|off|enabled?|disabled?|none|null|nil|undefined|n/?a|` +
		`required?|optional|always|never|auto|automatic|prompt|generated?|include|omit|same-origin|strict|lax|env|file)$`)
	// quantity is a number with a unit.
	quantity    = regexp.MustCompile(`(?i)^\d+(?:\.\d+)?(?:[mµun]?s|[mhdwk]|[kmgt]i?b?|%)$|^\d+\.\d+$|^-\d+$`)
	shortNumber = regexp.MustCompile(`^\d{1,9}$`)
	// place is a path, or the name of a file.
	place = regexp.MustCompile(`^(?:~|\.{1,2})?/[a-z0-9._/-]*$|^(?:~|\.{1,2})/[\w./-]+$|^[A-Z]:\\|` +
		`^/(?:etc|run|var|opt|mnt|usr|home|root|tmp|data|app|vault|secrets|certs)/[\w./-]+$|` +
		`^[\w./-]+\.(?:pem|key|crt|cer|p12|pfx|jks|json|ya?ml|txt|env|conf|cfg|ini|toml|token|password|passwd|secret|asc|gpg|pub)$`)
	address = regexp.MustCompile(`^[a-zA-Z][\w+.-]*://`)
	// objectName is a name, or several, as Kubernetes' objects have; telling is one that says that it is of a Secret.
	objectName = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?:[/,][a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)*$`)
	telling    = regexp.MustCompile(`(?:^|[.-])(?:tls|certs?|certificates?|ca|secrets?|creds?|credentials?|pull|auth|tokens?|keys?|` +
		`passwords?|login|env|config|regcred|dockercfg|dockerconfigjson)(?:[.-]?\d+)?$`)
	readable = regexp.MustCompile(`^(?:[a-z]+|[A-Z]+|\d{1,4})(?:[-_./: ](?:[a-z]+|[A-Z]+|\d{1,4}))*$`)
)

// generated tells a value that a machine has made up from one that somebody has written.
func generated(value string) bool {
	if len(value) < 16 || strings.ContainsAny(value, " \t\n") || readable.MatchString(value) {
		return false
	}
	if !strings.ContainsAny(value, "0123456789") || !strings.ContainsAny(strings.ToLower(value), "abcdefghijklmnopqrstuvwxyz") {
		return false
	}
	counts := make(map[rune]float64)
	for _, r := range value {
		counts[r]++
	}
	entropy := 0.0
	for _, count := range counts {
		share := count / float64(len(value))
		entropy -= share * math.Log2(share)
	}
	return entropy >= 3
}
