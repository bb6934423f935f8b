package dns

import (
	"fmt"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// AddressParameters say which names are judged.
type AddressParameters struct {
	// Host is the first part of the name: api of api.example.com.
	Host string `yaml:"host"`
}

// Validate says what cannot be.
func (p AddressParameters) Validate() error { return check.NotBlank("host", []string{p.Host}) }

type hostReasons struct {
	addressReasons
	other, noneExpected check.Reason
}

// Address judges whether a name leads to the declared addresses, and nowhere else.
func Address() check.Kind[AddressParameters] {
	reasons := hostReasons{
		addressReasons: addressReasonsOf(),
		other: check.Reason{
			Name: "other_addresses", Level: check.Fail, Sentence: "The name has other addresses than are declared.",
			Remedy: "Correct the A and AAAA records of the name, or addresses in the system description.",
		},
		noneExpected: check.Reason{
			Name: "no_addresses_declared", Level: check.Undeclared, Sentence: "The addresses that the name must have are not declared.",
			Remedy: "List them under addresses of the name, under domains in the system description.",
		},
	}
	isAbout := func(d *fact.DomainName, p AddressParameters) bool { return d.Host() == p.Host }
	return check.Kind[AddressParameters]{
		Name:     "dns_address",
		Summary:  "Every declared name that begins with the host of the item has exactly the addresses that are declared for it.",
		Remedy:   "Correct the records in the zone of the name.",
		Reasons:  append(reasons.list(), reasons.other, reasons.noneExpected),
		Defaults: AddressParameters{Host: "api"},
		Over: []check.Quantified[AddressParameters]{
			check.Each(fact.DomainNames(), func(_ check.Context, d *fact.DomainName, _ AddressParameters) []check.Problem {
				return reasons.judge(d)
			}).
				Where(func(_ check.Context, d *fact.DomainName, p AddressParameters) bool { return isAbout(d, p) }).
				Known(isAbout),
		},
		WhenEmpty: none("the name, such as api.example.com, with its addresses,"),
	}
}

func (r hostReasons) judge(d *fact.DomainName) []check.Problem {
	if len(d.Expected) == 0 {
		return []check.Problem{r.noneExpected.Problem("The addresses that the name must have are not declared.")}
	}
	if problems := r.addressReasons.judge(d); problems != nil {
		return problems
	}
	for _, answer := range d.Known() {
		if len(answer.Addresses) > 0 && !slices.Equal(answer.Addresses, d.Expected) {
			return []check.Problem{r.other.Problem(fmt.Sprintf("The server %s answers %s, and %s %s expected.",
				answer.Server, inWords(answer), words.List(d.Expected), words.Verb(len(d.Expected))))}
		}
	}
	return nil
}
