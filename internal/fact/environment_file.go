package fact

// An EnvironmentFile is a file of assignments on a host, by which a program is configured. No value is kept.
type EnvironmentFile struct {
	Host string `json:"host"`
	Path string `json:"path"`
	Mode string `json:"mode"` // as chmod takes it: "600"
	// OwnerOnly: nobody but its owner, and root, can read it or write to it.
	OwnerOnly bool   `json:"owner_only"`
	Example   string `json:"example"` // the file that names its keys; empty: there is none
	// Missing are the keys of the example that it does not set, or sets to nothing while the example does not.
	Missing []string `json:"missing"`
}

// EnvironmentFiles describes the facts of files of assignments. They export nothing: an item says all there is to say.
func EnvironmentFiles() *Kind[EnvironmentFile] {
	return &Kind[EnvironmentFile]{
		Name:    "environment_file",
		Help:    "A file of assignments on a host, by which a program is configured; no value is kept.",
		Subject: func(f *EnvironmentFile) string { return f.Host + ":" + f.Path },
	}
}
