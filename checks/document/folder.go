package document

import (
	"fmt"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// FolderParameters say which folder an item is about, and how many documents it must have.
type FolderParameters struct {
	// Folder is the name by which it can be declared under documents.
	Folder string `yaml:"folder"`
	// Names are those by which the folder is found where it is not declared. Default: the name of the folder.
	Names []string `yaml:"names"`
	// Minimum is how many documents it must have that are no stubs; an index is none.
	Minimum quantity.Count `yaml:"minimum"`
	// MinimumWords is how many words each must have to count.
	MinimumWords quantity.Count `yaml:"minimum_words"`
}

// Validate wants a name, and that something is asked for.
func (p FolderParameters) Validate() error {
	if err := validName("folder", p.Folder); err != nil {
		return err
	}
	if p.Minimum < 1 {
		return check.Wrong("minimum", "expected at least 1")
	}
	return check.NotBlank("names", p.Names)
}

// Folder wants a number of documents in a folder.
func Folder() check.Kind[FolderParameters] {
	tooFew := check.Reason{Name: "too_few", Level: check.Fail, Sentence: "The folder has too few documents.", Absence: true}
	return check.Kind[FolderParameters]{
		Name:     "document_folder",
		Summary:  "A folder has enough documents that are no stubs, such as runbooks.",
		Remedy:   "Write what is missing: one document for each problem that somebody had to solve at night.",
		Reasons:  []check.Reason{tooFew},
		Defaults: FolderParameters{Minimum: 5, MinimumWords: 30},
		Over: []check.Quantified[FolderParameters]{
			check.Each(fact.DocumentFolders(), func(_ check.Context, d *fact.DocumentFolder, p FolderParameters) []check.Problem {
				if d.Place == "" {
					return []check.Problem{missing(d.Document, d.Searched)}
				}
				whole, stubs := 0, []string(nil)
				for _, each := range d.Documents {
					if each.Words >= int(p.MinimumWords) {
						whole++
					} else {
						stubs = append(stubs, each.Path)
					}
				}
				if whole+d.More >= int(p.Minimum) {
					return nil
				}
				detail := fmt.Sprintf("The folder %s has %s (limit %d).", d.Place, words.Count(whole, "document"), int(p.Minimum))
				if len(stubs) > 0 {
					detail = fmt.Sprintf("The folder %s has %s (limit %d) beside stubs of less than %d words: %s.",
						d.Place, words.Count(whole, "document"), int(p.Minimum), int(p.MinimumWords), words.List(stubs))
				}
				return []check.Problem{tooFew.Problem(detail)}
			}).
				Where(func(_ check.Context, d *fact.DocumentFolder, p FolderParameters) bool { return d.Document == p.Folder }).
				Known(func(d *fact.DocumentFolder, p FolderParameters) bool { return d.Document == p.Folder }),
		},
		WhenEmpty: noDocument(),
		Requests: func(p FolderParameters) []fact.Request {
			return []fact.Request{request(p.Folder, p.Names, true)}
		},
	}
}
