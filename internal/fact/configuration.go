package fact

// A Configuration is what is judged of the values of a Secret, a ConfigMap, or the environment of a workload. No value is
// kept.
type Configuration struct {
	Host      string            `json:"host,omitempty"` // of a file; Name is its path then, and nothing is of a cluster
	Cluster   string            `json:"cluster"`
	Namespace string            `json:"namespace"`
	Kind      string            `json:"kind"` // Secret, ConfigMap, Deployment, StatefulSet, DaemonSet, File
	Name      string            `json:"name"`
	Values    []ConfiguredValue `json:"values"`
}

// A ConfiguredValue is the verdict on one value.
type ConfiguredValue struct {
	Key        string `json:"key"`
	Credential bool   `json:"credential"` // a password or a key, by its name or within an address
	// AtLeast is the greatest of LengthClasses that the credential is as long as, in characters.
	AtLeast int `json:"at_least"`
	// Strength of the credential, from 0, guessed at once, to 4, not guessed at all (zxcvbn).
	Strength    int    `json:"strength"`
	Placeholder bool   `json:"placeholder"` // it stands for a value that nobody has put in
	Development string `json:"development"` // in words: why it is not one of production; empty where nothing says so
}

// LengthClasses are the lengths that are told apart.
func LengthClasses() []int { return []int{0, 8, 12, 16, 20, 24, 32, 64} }

// Subject names the object, or the file.
func (c *Configuration) Subject() string {
	if c.Host != "" {
		return c.Host + ":" + c.Name
	}
	return c.Cluster + "/" + c.Namespace + "/" + c.Kind + "/" + c.Name
}

// Configurations describes the facts of configuration. They export nothing: how many credentials there are says nothing.
func Configurations() *Kind[Configuration] {
	return &Kind[Configuration]{
		Name:    "configuration",
		Help:    "What is judged of the values of a Secret, a ConfigMap, or the environment of a workload; no value is kept.",
		Subject: (*Configuration).Subject,
	}
}
