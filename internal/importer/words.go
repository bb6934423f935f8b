package importer

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// A wording is what a text says, as the matcher compares it.
type wording struct {
	words   map[string]bool // what it is about, each word in one form
	markers []string        // what turns its sense round, sorted
	numbers []number
}

// wordingOf reads a text, in which code stands in backquotes.
func wordingOf(text string) wording {
	text = simplify(text)
	numbers, rest := numbersIn(text)
	w := wording{words: make(map[string]bool), numbers: numbers}
	w.read(rest)
	slices.Sort(w.markers)
	return w
}

// read sorts the words of a text into what it is about and what turns its sense round. A negation is kept with the word
// that it stands before: "not exposed" and "not tested" differ.
func (w *wording) read(text string) {
	negations := 0
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		marker := markerOf(word)
		if marker == negation {
			negations++
			continue
		}
		if marker != "" {
			w.markers = append(w.markers, marker)
			continue
		}
		same := sameWord(word)
		if same == "" {
			continue
		}
		w.words[same] = true
		if negations > 0 && !isFiller(same) {
			for range negations {
				w.markers = append(w.markers, negation+" "+same)
			}
			negations = 0
		}
	}
	for range negations {
		w.markers = append(w.markers, negation)
	}
}

// subject are the words that say what a text is about, without those that fill a sentence.
func (w *wording) subject() int {
	count := 0
	for word := range w.words {
		if !isFiller(word) {
			count++
		}
	}
	return count
}

// Compounds that people write as one word, as two, or with a hyphen, and other ways to say a thing.
var compounds = []struct {
	found *regexp.Regexp
	as    string
}{
	{regexp.MustCompile(`\bpod\s*disruption\s*budgets?\b|\bpdbs?\b`), "disruptionbudget"},
	{regexp.MustCompile(`\bnetwork\s*polic(?:y|ies)\b`), "network policy"},
	{regexp.MustCompile(`\bpersistent\s*volume\s*claims?\b|\bpvcs?\b`), "pvc"},
	{regexp.MustCompile(`\bservice\s*monitors?\b`), "servicemonitor"},
	{regexp.MustCompile(`\b(?:horizontal )?pod autoscal(?:ers?|ing)\b|\bhorizontal(?:ly)? scaling\b|\bhpas?\b|\bauto[- ]?scal(?:e|es|ers?|ing)\b`), "autoscaling"},
	{regexp.MustCompile(`\bvertical (?:autoscaling|pod autoscaling)\b|\bvpas?\b`), "vpa"},
	{regexp.MustCompile(`\bcluster autoscaling\b`), "clusterscaling"},
	{regexp.MustCompile(`\b(?:pod |node )?anti[- ]?affinit(?:y|ies)\b`), "antiaffinity"},
	{regexp.MustCompile(`\boff[- ]?site\b|\bdifferent (?:site|region|location)\b|\banother (?:site|region|location)\b`), "offsite"},
	{regexp.MustCompile(`\bon[- ]?call\b`), "oncall"},
	{regexp.MustCompile(`\bhealth[- ]?checks?\b`), "healthcheck"},
	{regexp.MustCompile(`\b(?:version|source) control\b|\b(?:code |source )?repositor(?:y|ies)\b`), "git"},
	{regexp.MustCompile(`\bat[- ]rest\b`), "atrest"},
	{regexp.MustCompile(`\bin[- ]transit\b`), "intransit"},
	{regexp.MustCompile(`\bend[- ]to[- ]end\b`), "e2e"},
	{regexp.MustCompile(`\bauto(?:matic(?:ally)?)?[- ]renew(?:al|s|ed|ing)?\b`), "automatic renewal"},
	{regexp.MustCompile(`\brole[- ]based access control\b`), "rbac"},
	{regexp.MustCompile(`\bservice level (?:objectives?|indicators?|agreements?)\b|\bsl[ois]s?\b|\bslas?\b`), "slo"},
	{regexp.MustCompile(`\bpoint[- ]in[- ]time\b`), "pointintime"},
	{regexp.MustCompile(`\bby hand\b`), "manually"},
	{regexp.MustCompile(`\b(?:back )?(?:to|as|is|are|with|at|on|keeps?|uses?|using) (?:its |their |the )?(?:factory )?defaults?(?: (?:values?|settings?))?\s*$`), "still default"},
	{regexp.MustCompile(`\b(?:from|of) (?:its |their |the )?defaults?\b`), "from default"},
	{regexp.MustCompile(`\b(?:switched|turned|turn|switch) off\b`), "disabled"},
	{regexp.MustCompile(`\bout of date\b`), "outdated"},
	{regexp.MustCompile(`\bat least\b|\bno (?:less|fewer) than\b|\bnot (?:less|fewer) than\b`), "atleast"},
	{regexp.MustCompile(`\bat most\b|\bup to\b|\b(?:no|not) more than\b|\bdoes not exceed\b`), "atmost"},
	{regexp.MustCompile(`\bmore than\b|\bgreater than\b|\bhigher than\b`), "morethan"},
	{regexp.MustCompile(`\b(?:less|fewer|lower) than\b`), "lessthan"},
	{regexp.MustCompile(`\bor more\b|\bor greater\b|\bor higher\b|\bor newer\b`), "+"},
	{regexp.MustCompile(`\bor less\b|\bor fewer\b|\bor lower\b`), "ormost"},
	{regexp.MustCompile(`\be\.?g\.?(?:\W|$)`), " "},
}

var (
	codeInParentheses = regexp.MustCompile("\\s*\\(`[^`]*`\\)")
	linkTarget        = regexp.MustCompile(`\]\([^)]*\)`)
)

// simplify writes a text in small letters, without commands in parentheses, each compound in one way.
func simplify(text string) string {
	text = strings.ToLower(codeInParentheses.ReplaceAllString(linkTarget.ReplaceAllString(text, "]"), ""))
	text = strings.NewReplacer("’", "'", "n't", "n not", "`", " ", "_", " ", "–", "-", "—", "-", "‑", "-").Replace(text)
	for _, each := range compounds {
		text = each.found.ReplaceAllString(text, each.as)
	}
	return text
}

// plain is a text without what people write differently and mean alike: capitals, marks, a command in parentheses.
func plain(text string) string {
	text = codeInParentheses.ReplaceAllString(linkTarget.ReplaceAllString(text, "]"), "")
	return strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}), " ")
}

// negation marks a word that denies the next one.
const negation = "not"

// markerOf gives what a word turns round in a sentence; "" for a word that turns nothing.
func markerOf(word string) string {
	switch word {
	case "no", "not", "never", "without", "none", "neither", "nor", "cannot", "non", "lack", "lacks", "lacking", "missing", "absent", "zero",
		"nothing", "nobody", "nowhere", "hardly":
		return negation
	case "disable", "disabled", "disables", "disabling", "off", "deactivate", "deactivated", "forbid", "forbidden", "prohibit", "prohibited",
		"block", "blocked", "deny", "denied", "reject", "rejected", "remove", "removed", "delete", "deleted", "revoke", "revoked", "stop",
		"stopped", "drop", "dropped", "drops", "suspend", "suspended", "pause", "paused", "skip", "skipped", "skips", "ignore", "ignored",
		"bypass", "bypassed":
		return "disable"
	case "allow", "allows", "allowed", "permit", "permits", "permitted", "accept", "accepts", "accepted", "possible":
		return "allow"
	case "still", "unchanged", "remains", "remain", "stays", "stay", "keeps":
		return "still"
	case "except", "unless", "excluding", "apart", "but", "however", "although", "until":
		return "except"
	case "instead", "rather", "replaces", "replaced":
		return "instead"
	case "avoid", "avoids", "avoided":
		return "avoid"
	case "consider", "considered", "considering", "evaluate", "evaluated", "prefer", "preferred", "planned", "todo", "tbd", "later", "eventually",
		"soon", "maybe", "pending", "someday", "wanted":
		return "consider"
	case "manual", "manually":
		return "manual"
	case "only", "just", "solely", "exactly", "single", "same", "shared":
		return "only"
	case "some", "most", "partly", "partially", "half", "few", "sometimes", "occasionally", "rarely", "seldom":
		return "partly"
	case "fail", "fails", "failed", "failing", "failure", "failures", "broken", "outdated", "expired", "insecure", "weak", "stale", "unhealthy",
		"unavailable", "wrong", "incorrect", "invalid", "inadequate", "insufficient", "lost", "breaks", "corrupt", "corrupted", "obsolete":
		return "fail"
	case "before", "after", "during", "staging":
		return word
	case "dev", "development", "test-environment":
		return "development"
	case "reduce", "reduced", "decrease", "decreased", "lower", "lowered":
		return "less"
	}
	if rest, found := strings.CutPrefix(word, "un"); found && strings.HasSuffix(rest, "ed") && len(rest) > 4 {
		return negation + " " + sameWord(rest)
	}
	return ""
}

// isFiller tells words that fill a sentence: with or without them it says the same.
func isFiller(word string) bool {
	switch word {
	case "set", "instal", "run", "creat", "use", "apply", "activ", "appropriat", "adequat", "applic", "servic", "contain", "pod", "deploy",
		"workload", "system", "regular", "critic", "production", "cluster", "rul", "platform", "current", "good", "key-based":
		return true
	}
	return false
}

// isPivotal tells words that make another claim of a sentence: backups that are tested are not backups that are
// documented. A match needs them on both sides, or on neither.
func isPivotal(word string) bool {
	switch word {
	case "test", "document", "monitor", "alert", "schedul", "auto", "encrypt", "rotat", "renew", "restor", "recover", "plan", "policy", "procedur",
		"strategy", "backup", "chang", "limit", "request", "cpu", "memory", "scan", "audit", "review", "retain", "offsite", "public", "private",
		"expos", "open", "redirect", "expir", "atrest", "intransit", "commit", "log", "metric", "dashboard", "vpa", "clusterscaling", "quota",
		"replicat", "readonly", "anonym", "root", "integrit", "default", "key", "password", "budget", "frequenc", "train", "approv",
		"optimiz", "isol", "notif", "pool", "nod", "database", "kubernete", "zone", "region", "updat", "access", "expens", "cost":
		return true
	}
	return false
}

// sameWord gives a word in the one form that all its forms and synonyms have; "" for a word that says nothing.
func sameWord(word string) string {
	if same, found := synonym(word); found {
		return same
	}
	for _, ending := range []string{
		"ations", "ation", "ators", "ator", "ating", "ated", "ates", "ate", "ions", "ion", "ings", "ing", "ments", "ment", "ies", "ied", "es", "ed", "s",
		"ly", "al", "y", "e",
	} {
		if stem, found := strings.CutSuffix(word, ending); found && len(stem) >= 4 {
			return stem
		}
	}
	return word
}

// synonym gives words that mean the same in one form.
func synonym(word string) (same string, found bool) {
	switch word {
	case "a", "an", "and", "any", "are", "as", "at", "be", "been", "by", "can", "do", "does", "for", "from", "has", "have", "if", "in",
		"into", "is", "it", "its", "of", "on", "or", "our", "that", "the", "their", "there", "they", "this", "to", "up", "was", "we", "were", "will",
		"with", "you", "your", "all", "every", "each", "make", "sure", "ensure", "should", "must", "properly", "correctly", "correct", "proper", "etc",
		"via", "which", "who", "when", "where", "so", "such", "both", "also", "needed", "applicable", "necessary", "required", "needs", "need",
		"atleast", "atmost", "morethan", "lessthan", "ormost", "minimum", "maximum", "min", "max", "minimal", "than", "per", "using", "untuk", "don", "doesn", "isn",
		"aren", "own", "wasn", "won", "shouldn", "expected", "actual", "target", "port", "ports":
		return portWord(word), true
	case "k8s", "k3s", "kubernetes":
		return "kubernete", true
	case "db", "dbs", "databases", "database", "postgres", "postgresql":
		return "database", true
	case "ssl", "https", "tls":
		return "tls", true
	case "cert", "certs", "certificate", "certificates":
		return "certificat", true
	case "auto", "automatic", "automatically", "automated", "automate", "automates":
		return "auto", true
	case "env", "environment", "environments", "environmental":
		return "environment", true
	case "prod", "production":
		return "production", true
	case "docs", "doc", "documented", "documentation", "document", "documents", "written", "described":
		return "document", true
	case "replica", "replicas", "instances", "replicasets":
		return "replica", true
	case "defined", "define", "set", "sets", "configured", "configure", "configuration", "enabled", "enable", "setup", "available", "exist", "exists",
		"place", "implemented", "implement", "present", "established", "activated", "active", "exposed-by", "provided", "done", "performed", "conducted", "made",
		"integrated", "completed", "complete", "availability", "selected", "added", "add", "perform", "performing":
		return "set", true
	case "test", "tested", "verified", "checked", "testing", "tests", "verify", "verification", "validated", "validate", "exercised", "drill", "drills":
		return "test", true
	case "backup", "backups", "backed", "back":
		return "backup", true
	case "restore", "restores", "restored", "restoration", "restoring", "recovery", "recover", "recovered":
		return "restor", true
	case "renew", "renews", "renewed", "renewal", "renewals":
		return "renew", true
	case "rotate", "rotated", "rotation", "rotates", "rotating":
		return "rotat", true
	case "scan", "scans", "scanned", "scanning":
		return "scan", true
	case "vps", "server", "servers", "host", "machine":
		return "server", true
	case "enough", "sufficient", "adequate", "appropriate", "suitable":
		return "adequat", true
	case "requests", "request", "req":
		return "request", true
	case "limits", "limit", "limited":
		return "limit", true
	case "policy", "policies":
		return "policy", true
	case "probe", "probes":
		return "probe", true
	case "auth", "login", "logins", "authentication", "authenticate":
		return "login", true
	case "creds", "credential", "credentials", "secrets", "secret":
		return "secret", true
	case "docker", "container", "containers":
		return "contain", true
	case "expiry", "expiration", "expires", "expire":
		return "expir", true
	case "kept", "keep", "retained", "retention", "retain":
		return "retain", true
	case "retries", "retry":
		return "retry", true
	case "minimumresources":
		return word, true
	case "isolation", "isolated", "isolate", "isolates", "segmentation":
		return "isol", true
	case "apps", "app", "application", "applications":
		return "applic", true
	case "schema", "schemas":
		return "schema", true
	case "monitoring", "monitored", "monitor", "monitors", "tracked", "track":
		return "monitor", true
	case "passing", "pass", "passes", "passed", "green":
		return "pass", true
	case "pods", "pod":
		return "pod", true
	case "ram", "memory":
		return "memory", true
	case "people", "staff":
		return "team", true
	}
	return "", false
}

// portWord keeps the one word among the empty ones that says something.
func portWord(word string) string {
	if word == "port" || word == "ports" {
		return "port"
	}
	return ""
}
