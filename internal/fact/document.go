package fact

import (
	"strings"
	"time"
)

// A DocumentRequest asks for the document, or the folder of documents, that an item is about.
type DocumentRequest struct {
	Document string // the name by which it can be declared
	// Names are those by which it is found where it is not declared, in lower case, separated by lines.
	Names  string
	Folder bool // a folder of documents is asked for
}

// FactKind is the kind of fact that answers it.
func (r DocumentRequest) FactKind() string {
	if r.Folder {
		return "document_folder"
	}
	return "document"
}

// A Document is one that an item asks for, as far as it is judged. Its text is not kept.
type Document struct {
	Document string `json:"document"` // the name by which it is asked for
	// Place is where it is: the path in a repository or folder, or the address; empty where there is none.
	Place string `json:"place"`
	// Searched says in words where it was sought.
	Searched string `json:"searched"`

	Changed  time.Time `json:"changed,omitzero"`  // when its content last changed
	Released time.Time `json:"released,omitzero"` // when the newest tag of its repository was made; zero: there is none
	// Words it has without markup; a character of a script without blanks between words counts as half of one.
	Words        int               `json:"words"`
	Headings     []DocumentHeading `json:"headings,omitempty"`
	Placeholders []DocumentPoint   `json:"placeholders,omitempty"` // for what nobody has written yet
	Broken       []DocumentPoint   `json:"broken,omitempty"`       // links that lead nowhere within the repository or folder
	Diagrams     int               `json:"diagrams"`               // blocks of Mermaid, PlantUML or Graphviz, and pictures that are there
	// Owners are those whom the file OwnersFile of the repository names; without such a file it is empty.
	Owners     []string `json:"owners,omitempty"`
	OwnersFile string   `json:"owners_file,omitempty"`
	// Terms are words that can be the names of variables: in code, or with capitals or underscores only. They are sorted.
	Terms []string `json:"terms,omitempty"`

	lacks []string
}

// A DocumentHeading is one with what is beneath it, further headings included.
type DocumentHeading struct {
	Text  string `json:"text"`
	Words int    `json:"words"`
}

// A DocumentPoint is something in a line of a document.
type DocumentPoint struct {
	Line int    `json:"line"`
	Text string `json:"text"`
}

// TopicChange is when a document last changed.
const TopicChange = "change"

// Lack notes that a topic could not be collected.
func (d *Document) Lack(topic string) { d.lacks = append(d.lacks, topic) }

// Lacks gives the topics of what could not be collected.
func (d *Document) Lacks() []string { return d.lacks }

// Exists tells whether there is one.
func (d *Document) Exists() bool { return d.Place != "" }

// Documents describes the facts of documents.
func Documents() *Kind[Document] {
	return &Kind[Document]{
		Name:    "document",
		Help:    "A document that an item asks for, as far as it is judged; its text is not kept.",
		Subject: func(d *Document) string { return d.Document },
		Labels:  []Label[Document]{{Name: "document", Value: func(d *Document) string { return d.Document }}},
		Gauges: []Gauge[Document]{{
			Name:  "document_changed_timestamp_seconds",
			Help:  "When the content of the document last changed: by its commit, or as the folder or server reports it.",
			Value: func(d *Document) (float64, bool) { return Timestamp(d.Changed) },
		}},
	}
}

// A DocumentFolder is a folder of documents of one sort, such as runbooks.
type DocumentFolder struct {
	Document string `json:"document"` // the name by which it is asked for
	Place    string `json:"place"`    // where it is; empty: there is none
	Searched string `json:"searched"` // says in words where it was sought
	// Documents in it and in the folders below; an index of the others is none.
	Documents []FolderDocument `json:"documents"`
	More      int              `json:"more,omitempty"` // beyond those that were read
}

// A FolderDocument is one of a folder.
type FolderDocument struct {
	Path  string `json:"path"`
	Words int    `json:"words"`
}

// DocumentFolders describes the facts of folders of documents. They export nothing: how many there are the item tells.
func DocumentFolders() *Kind[DocumentFolder] {
	return &Kind[DocumentFolder]{
		Name:    "document_folder",
		Help:    "A folder of documents of one sort that an item asks for, such as runbooks.",
		Subject: func(d *DocumentFolder) string { return d.Document },
	}
}

// A VocabularyRequest asks for the words of a document, to find names of things in it.
type VocabularyRequest DocumentRequest

// FactKind is the kind of fact that answers it.
func (VocabularyRequest) FactKind() string { return "document_vocabulary" }

// A DocumentVocabulary is which words a document has, as far as they can be names of things: identifiers, and texts that stand in
// quotation marks or as code.
type DocumentVocabulary struct {
	Document string `json:"document"` // the name by which it is asked for
	Place    string `json:"place"`    // where it is; empty: there is none
	Searched string `json:"searched"` // says in words where it was sought
	// Words are sorted, each as it is written, and with A to Z in lower case too.
	Words []string `json:"words,omitempty"`
}

// Exists tells whether there is one.
func (d *DocumentVocabulary) Exists() bool { return d.Place != "" }

// DocumentVocabularies describes the facts of words of documents. They export nothing.
func DocumentVocabularies() *Kind[DocumentVocabulary] {
	return &Kind[DocumentVocabulary]{
		Name:    "document_vocabulary",
		Help:    "The words of a document in which an item finds names of things, such as tables.",
		Subject: func(d *DocumentVocabulary) string { return d.Document },
	}
}

// NamesOf are the names by which a request finds a document.
func (r DocumentRequest) NamesOf() []string { return strings.Split(r.Names, "\n") }
