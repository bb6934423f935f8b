package importer

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// A unit is what a number counts.
type unit int

const (
	count    unit = iota // things, or nothing in particular
	size                 // bytes
	duration             // seconds
	share                // from 0 to 1
	period               // seconds between two times of something that is done again and again
	quantile             // from 0 to 1
)

// A bound says which way a number limits.
type bound int

const (
	unbounded bound = iota
	atLeast
	above
	atMost
	below
)

// A number is a number of a text, with what it counts and which way it limits.
type number struct {
	value float64
	unit  unit
	bound bound
	text  string // of a count and a size, as a parameter is written
}

// What stands before and behind a number.
const (
	boundBefore = `<=|>=|=<|=>|<|>|≤|≥|\b(?:atleast|atmost|morethan|lessthan|minimum|minimal|maximum|min\.?|max\.?|over|above|` +
		`under|below|within|exceeds?)(?: of)?\b`
	boundBehind = `\+|ormost\b|-?(?:minimum|min|maximum|max)\b`
	unitBehind  = `kib|mib|gib|tib|kb|mb|gb|tb|ki|mi|gi|ti|g|t|ms|milliseconds?|seconds?|secs?|s|minutes?|mins?|hours?|hrs?|h|` +
		`days?|d|weeks?|w|months?|years?|y|percent`
)

var (
	numberPattern = regexp.MustCompile(`(?:(` + boundBefore + `)\s*:?\s*)?(\bp)?(\d+(?:\.\d+)?)` +
		`(?:(\+)?\s?(` + unitBehind + `)\b|\s?(%)|(th\b|%ile\b)\s*(?:percentile)?)?(?:\s*(` + boundBehind + `))?`)
	periodPattern = regexp.MustCompile(`\b(hourly|daily|nightly|weekly|monthly|quarterly|annually|yearly)\b|` +
		`\b(?:every|each|once an?|once per|per|an) (hour|day|night|week|month|quarter|year)\b`)
	everyPattern = regexp.MustCompile(`\bevery\s*$`)
	sizeUnit     = regexp.MustCompile(`^[kmgt]i?b?$`)
	wordNumbers  = regexp.MustCompile(`\b(two|three|four|five|six|seven|eight|nine|ten|twelve)\b`)
	otherNumbers = regexp.MustCompile(`\b(?:eleven|(?:thir|four|fif|six|seven|eigh|nine)teen|` +
		`(?:twen|thir|for|fif|six|seven|eigh|nine)ty|hundreds?|thousands?|dozens?|half)\b`)
)

// numbersIn takes the numbers out of a text that was simplified.
func numbersIn(text string) (numbers []number, rest string) {
	if otherNumbers.MatchString(text) { // which is not taken apart, and has no place anywhere
		numbers = append(numbers, number{value: math.NaN()})
	}
	text = wordNumbers.ReplaceAllStringFunc(text, func(word string) string {
		return strconv.Itoa(slices.Index([]string{
			"", "", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "", "twelve"}, word))
	})
	text = periodPattern.ReplaceAllStringFunc(text, func(found string) string {
		match := periodPattern.FindStringSubmatch(found)
		numbers = append(numbers, number{value: periodOf(match[1] + match[2]), unit: period})
		return " "
	})
	var kept strings.Builder
	at := 0
	for _, found := range numberPattern.FindAllStringSubmatchIndex(text, -1) {
		group := func(i int) string {
			if found[2*i] < 0 {
				return ""
			}
			return text[found[2*i]:found[2*i+1]]
		}
		if start := found[6]; start > 0 && group(2) == "" && isWordRune(rune(text[start-1])) {
			continue // a part of a word, such as s3
		}
		each := numberOf(group(3), group(5)+group(6), boundOf(group(1)+group(4)+group(8)))
		switch {
		case group(2) != "" || group(7) != "":
			each.unit, each.value = quantile, each.value/100
		case each.unit == duration && everyPattern.MatchString(text[:found[0]]):
			each.unit = period
		}
		numbers = append(numbers, each)
		kept.WriteString(text[at:found[0]] + " ")
		at = found[1]
	}
	return numbers, kept.String() + text[at:]
}

func isWordRune(r rune) bool { return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' }

func periodOf(word string) float64 {
	day := (24 * time.Hour).Seconds()
	switch word {
	case "hourly", "hour":
		return time.Hour.Seconds()
	case "daily", "nightly", "day", "night":
		return day
	case "weekly", "week":
		return 7 * day
	case "monthly", "month":
		return 30 * day
	case "quarterly", "quarter":
		return 90 * day
	default:
		return 365 * day
	}
}

func boundOf(words string) bound {
	has := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(words, part) })
	}
	switch {
	case words == "":
		return unbounded
	case has("<=", "=<", "≤", "most", "max", "within"):
		return atMost
	case has("<", "less", "under", "below"):
		return below
	case words == ">", has("morethan", "over", "above", "exceed"):
		return above
	default:
		return atLeast
	}
}

// numberOf reads a number with its unit.
func numberOf(digits, unitWord string, limits bound) number {
	value, _ := strconv.ParseFloat(digits, 64) // it consists of digits
	each := number{value: value, bound: limits, text: digits}
	seconds := map[string]float64{
		"ms": 0.001, "mil": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "mo": 30 * 86400, "y": 365 * 86400,
	}
	switch {
	case unitWord == "":
	case unitWord == "%" || unitWord == "percent":
		each.unit, each.value = share, value/100
	case sizeUnit.MatchString(unitWord):
		each.unit = size
		each.text = digits + strings.ToUpper(unitWord[:1]) + strings.Replace(unitWord[1:], "b", "B", 1)
		if len(unitWord) == 1 {
			each.text += "B"
		}
		var bytes quantity.Bytes
		_ = bytes.UnmarshalText([]byte(each.text)) // the pattern lets nothing else through
		each.value = float64(bytes)
	default:
		for length := min(3, len(unitWord)); length > 0; length-- {
			if factor, found := seconds[unitWord[:length]]; found {
				each.unit, each.value = duration, value*factor
				break
			}
		}
	}
	return each
}

// same tells whether two numbers say the same.
func (n number) same(other number) bool {
	return n.value == other.value && n.unit == other.unit &&
		(n.bound == other.bound || n.bound == unbounded || other.bound == unbounded)
}

// A numberRule says which parameter of an item a number of a line is.
type numberRule struct {
	parameter string
	unit      unit
	most      bool     // it limits from above
	list      bool     // all such numbers together
	nouns     []string // of which the line has one; none: any line
	optional  bool     // a line that says none of the item's numbers means the same as those of the item
}

// numberRules give for items which of their parameters lines can say.
func numberRules(id string) []numberRule {
	switch id {
	case "server.capacity":
		return []numberRule{
			{parameter: "minimum_memory", unit: size, nouns: []string{"ram", "memory"}},
			{parameter: "minimum_cores", unit: count, nouns: []string{"cpu", "cpus", "vcpu", "vcpus", "core", "cores"}},
		}
	case "server.disk", "resources.storage":
		return []numberRule{{parameter: "minimum_size", unit: size}}
	case "server.firewall-ports":
		return []numberRule{{parameter: "open", unit: count, list: true, nouns: []string{"port", "ports"}}}
	case "access.open-ports":
		return []numberRule{{parameter: "allowed", unit: count, list: true, optional: true, nouns: []string{"port", "ports"}}}
	case "configuration.database-credentials":
		return []numberRule{{parameter: "minimum_length", unit: count, nouns: []string{"char", "chars", "character", "characters"}}}
	case "availability.replicas":
		return []numberRule{{
			parameter: "minimum", unit: count, optional: true,
			nouns: []string{"replica", "replicas", "instance", "instances", "pod", "pods"},
		}}
	case "availability.anti-affinity":
		return []numberRule{{parameter: "minimum_nodes", unit: count, optional: true, nouns: []string{"node", "nodes"}}}
	case "dashboards.exists":
		return []numberRule{{parameter: "minimum", unit: count, optional: true, nouns: []string{"dashboard", "dashboards"}}}
	case "image.size":
		return []numberRule{{parameter: "maximum_size", unit: size, most: true}}
	case "performance.latency":
		return []numberRule{{parameter: "maximum", unit: duration, most: true, optional: true}, {parameter: "quantile", unit: quantile}}
	case "performance.cpu":
		return []numberRule{{parameter: "maximum_used_ratio", unit: share, most: true}}
	case "backup.frequency":
		return []numberRule{{parameter: perPeriod, unit: period}}
	case "backup.retention":
		return []numberRule{{parameter: "minimum", unit: duration, optional: true}}
	case "post-launch.monitored":
		return []numberRule{{parameter: "minimum_duration", unit: duration}}
	default:
		return nil
	}
}

// perPeriod is what a clause asks of something that is done again and again.
const perPeriod = "maximum_age"

// takeNumbers takes the numbers of a line over into the parameters of a clause. It gives what was changed, and false
// where a number has no place there or limits the other way: the line means something else then.
func takeNumbers(id string, clause *checklist.Clause, line, known wording) (changed []string, fits bool) {
	lists := make(map[string][]number)
	taken := make(map[string]bool)
	for _, each := range line.numbers {
		rule, found := ruleFor(id, clause, each, line)
		switch {
		case !found && slices.ContainsFunc(known.numbers, each.same):
			continue
		case !found, taken[rule.parameter]: // no place, or two numbers for one
			return nil, false
		case rule.list:
			lists[rule.parameter] = append(lists[rule.parameter], each)
			continue
		}
		taken[rule.parameter] = true
		current := currently(clause, rule.parameter)
		value, fits := each.as(rule, current)
		if !fits {
			return nil, false
		}
		if value != current {
			setParameter(clause, rule.parameter, scalar(value))
			changed = append(changed, rule.parameter+" "+value)
		}
	}
	for parameter, numbers := range lists {
		list, fits := portsOf(numbers)
		if !fits {
			return nil, false
		}
		setParameter(clause, parameter, list)
		changed = append(changed, parameter+" "+currently(clause, parameter))
	}
	return changed, true
}

// ruleFor gives which parameter of an item a number of a line is.
func ruleFor(id string, clause *checklist.Clause, each number, line wording) (numberRule, bool) {
	for _, rule := range numberRules(id) {
		if rule.unit == each.unit && (len(rule.nouns) == 0 || slices.ContainsFunc(rule.nouns, line.has)) {
			return rule, true
		}
	}
	return numberRule{parameter: perPeriod, unit: period}, each.unit == period && leafWith(clause, perPeriod) != nil
}

// portsOf writes numbers as a list of ports; false where one cannot be a port.
func portsOf(numbers []number) (*yaml.Node, bool) {
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Style: yaml.FlowStyle}
	for _, each := range numbers {
		if each.bound != unbounded || each.value != float64(int(each.value)) || each.value < 1 || each.value > 65535 {
			return nil, false
		}
		list.Content = append(list.Content, scalar(each.text))
	}
	return list, true
}

// as writes the number as a parameter that has a value now; false where it limits the other way, or cannot be one.
func (n number) as(r numberRule, current string) (string, bool) {
	value := n.value
	switch {
	case !(value > 0), // or no number
		r.most && (n.bound == atLeast || n.bound == above),
		!r.most && (n.bound == atMost || n.bound == below):
		return "", false
	}
	switch r.unit {
	case size:
		return n.text, true
	case period:
		if current == quantity.Duration(value*1e9).String() {
			return current, true
		}
		return slackened(value), true
	case duration:
		return quantity.Duration(value * 1e9).String(), true
	case share, quantile:
		return strconv.FormatFloat(value, 'g', 6, 64), value < 1 // of 99.9 / 100, what is meant
	default:
		if n.bound == above {
			value++
		}
		return strconv.FormatFloat(value, 'f', -1, 64), value == float64(int(value))
	}
}

// slackened is a period with a twelfth more, since what is done once a day is never done to the second.
func slackened(seconds float64) string { return quantity.Duration(seconds * 13 / 12 * 1e9).String() }

// leafWith gives the first clause that a parameter is written for.
func leafWith(clause *checklist.Clause, parameter string) *checklist.Clause {
	for leaf := range clause.Leaves() {
		for i := 0; i+1 < len(leaf.Parameters.Content); i += 2 {
			if leaf.Parameters.Content[i].Value == parameter {
				return leaf
			}
		}
	}
	return nil
}

// currently is the value of a parameter as it is written; "" where it is not.
func currently(clause *checklist.Clause, parameter string) string {
	if leaf := leafWith(clause, parameter); leaf != nil {
		for i := 0; i+1 < len(leaf.Parameters.Content); i += 2 {
			if leaf.Parameters.Content[i].Value == parameter {
				value := leaf.Parameters.Content[i+1]
				texts := []string{value.Value}
				for _, each := range value.Content {
					texts = append(texts, each.Value)
				}
				return strings.TrimPrefix(strings.Join(texts, " "), " ")
			}
		}
	}
	return ""
}

// setParameter writes a parameter of a clause, where it is written already or else in its first.
func setParameter(clause *checklist.Clause, parameter string, value *yaml.Node) {
	leaf := leafWith(clause, parameter)
	if leaf == nil {
		leaf = clause.Main()
	}
	if leaf.Parameters.IsZero() {
		leaf.Parameters = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Style: yaml.FlowStyle}
	}
	content := &leaf.Parameters.Content
	for i := 0; i+1 < len(*content); i += 2 {
		if (*content)[i].Value == parameter {
			(*content)[i+1] = value
			return
		}
	}
	*content = append(*content, scalar(parameter), value)
}

// needsNumber tells whether lines must say a number to mean an item.
func needsNumber(id string) bool {
	rules := numberRules(id)
	return len(rules) > 0 && !slices.ContainsFunc(rules, func(r numberRule) bool { return r.optional })
}

// unsaid lists the parameters that an item has and a line does not say.
func unsaid(id string, clause *checklist.Clause, line wording) (parameters []string) {
	for _, each := range numberRules(id) {
		current := currently(clause, each.parameter)
		if current != "" && !slices.ContainsFunc(line.numbers, func(n number) bool { return n.unit == each.unit }) {
			parameters = append(parameters, each.parameter+" "+current)
		}
	}
	return parameters
}

func scalar(value string) *yaml.Node {
	node := &yaml.Node{}
	node.SetString(value)
	if _, err := strconv.ParseFloat(value, 64); err == nil {
		node.Tag = "" // a number, and not a text in quotes
		node.Kind, node.Value, node.Style = yaml.ScalarNode, value, 0
	}
	return node
}
