package configuration

import (
	"fmt"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// EnvironmentFile judges the files of assignments of hosts: whether they set all that their example names, for their owner's eyes only.
func EnvironmentFile() check.Kind[struct{}] {
	open := check.Reason{
		Name: "open_to_others", Level: check.Fail, Sentence: "Others than its owner can read the file, or write to it.",
		Remedy: "Take that from them: chmod 600 FILE, and chown it to the user of the program.",
	}
	missing := check.Reason{Name: "key_missing", Level: check.Fail, Sentence: "The file does not set every key of its example."}
	without := check.Reason{
		Name: "no_example", Level: check.Unknown, Sentence: "There is no example that names the keys of the file.",
		Remedy: "Put .env.example beside the file, or name it as example in env_files of the system description.",
	}
	return check.Kind[struct{}]{
		Name:    "environment_file",
		Summary: "Every declared file of assignments of a host sets all keys of its example, and only its owner can read it.",
		Remedy:  "Set the keys in the file, and restart what reads it.",
		Reasons: []check.Reason{open, missing, without},
		Over: []check.Quantified[struct{}]{
			check.Each(fact.EnvironmentFiles(), func(_ check.Context, f *fact.EnvironmentFile, _ struct{}) (problems []check.Problem) {
				if !f.OwnerOnly {
					problems = append(problems, open.Problem(fmt.Sprintf("Its mode is %s; 600 is wanted, or 400.", f.Mode)))
				}
				switch {
				case f.Example == "":
					problems = append(problems, without.Problem("Which keys it ought to set is not known."))
				case len(f.Missing) > 0:
					problems = append(problems, missing.Problem(fmt.Sprintf("Of the keys in %s it does not set %s.",
						f.Example, words.List(f.Missing))))
				}
				return problems
			}),
		},
		WhenEmpty: check.Reason{
			Name: "no_env_file", Level: check.Undeclared, Sentence: "No host has a file of assignments.",
			Remedy: "Name it under env_files of the host in the system description, or list the item under not_applicable with a reason.",
		},
	}
}
