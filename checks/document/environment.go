package document

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// EnvironmentParameters say in which document the variables are named.
type EnvironmentParameters struct {
	// Document is the name by which it can be declared under documents.
	Document string `yaml:"document"`
	// Names are those by which it is found where it is not declared. Default: the name of the document.
	Names []string `yaml:"names"`
	// Except are names of variables that need not be in it, such as those of a base image.
	Except []string `yaml:"except"`
}

// Validate wants a name.
func (p EnvironmentParameters) Validate() error {
	if err := validName("document", p.Document); err != nil {
		return err
	}
	if err := check.NotBlank("names", p.Names); err != nil {
		return err
	}
	return check.NotBlank("except", p.Except)
}

// variableName tells the keys that are variables of an environment from those that are files.
var variableName = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)

// Environment wants every variable of Secrets, ConfigMaps and workloads to be named in a document.
func Environment() check.Kind[EnvironmentParameters] {
	undocumented := check.Reason{
		Name: "undocumented", Level: check.Fail, Sentence: "A variable is not named in the document.",
		Remedy: "Add the name of each variable to the document, with what it is for and how it may be set.",
	}
	noVariable := check.Reason{
		Name: "no_variable", Level: check.Undeclared, Sentence: "There is no variable that a document could name.",
		Remedy: "Declare the cluster with secret_values under kubernetes, or list the item under not_applicable with a reason.",
	}
	return check.Kind[EnvironmentParameters]{
		Name:    "environment_document",
		Summary: "Every environment variable of Secrets, ConfigMaps and workloads is named in the document.",
		Remedy:  "Name each variable in the document.",
		Reasons: []check.Reason{undocumented, noVariable},
		Over: []check.Quantified[EnvironmentParameters]{
			check.Each(fact.Documents(), func(c check.Context, d *fact.Document, p EnvironmentParameters) []check.Problem {
				variables := variablesOf(check.Read(c, fact.Configurations()), p.Except)
				if len(variables) == 0 {
					return []check.Problem{noVariable.Problem("No Secret, ConfigMap or workload that was collected has a variable.")}
				}
				if !d.Exists() {
					return []check.Problem{missing(d.Document, d.Searched)}
				}
				var absent []string
				for _, name := range variables {
					if _, named := slices.BinarySearch(d.Terms, name); !named {
						absent = append(absent, name)
					}
				}
				if len(absent) == 0 {
					return nil
				}
				return []check.Problem{undocumented.Problem(fmt.Sprintf("The document %s names %d of %s. Not named: %s.",
					d.Place, len(variables)-len(absent), words.Count(len(variables), "variable"), words.List(absent)))}
			}).
				Where(func(_ check.Context, d *fact.Document, p EnvironmentParameters) bool { return d.Document == p.Document }).
				Known(func(d *fact.Document, p EnvironmentParameters) bool { return d.Document == p.Document }).
				Needs(),
		},
		With:      []check.Input{check.Reading(fact.Configurations())},
		WhenEmpty: noDocument(),
		Requests: func(p EnvironmentParameters) []fact.Request {
			return []fact.Request{request(p.Document, p.Names, false)}
		},
	}
}

// variablesOf are the names of all variables but some, sorted, each once.
func variablesOf(all []*fact.Configuration, except []string) (names []string) {
	for _, each := range all {
		for _, value := range each.Values {
			if variableName.MatchString(value.Key) && !slices.Contains(except, value.Key) {
				names = append(names, value.Key)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
