package system

import (
	"net"
	"path/filepath"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

// A Certificate is a place where certificates are collected: an address that serves them, or files.
type Certificate struct {
	Address    string `yaml:"address,omitempty"`     // host:port of a server that speaks TLS
	ServerName string `yaml:"server_name,omitempty"` // asked for by SNI, and verified; default: the host of address
	StartTLS   string `yaml:"starttls,omitempty"`    // the protocol that is turned to TLS: smtp, postgres
	// Path is a file, a folder (the files in it, not those deeper), or a pattern such as /etc/ssl/*.pem: in PEM, DER, PKCS#7,
	// PKCS#12 or a key store of Java.
	Path         string `yaml:"path,omitempty"`
	PasswordFile string `yaml:"password_file,omitempty"` // a file that holds the password of those in PKCS#12 or of Java
	CAFile       string `yaml:"ca_file,omitempty"`       // PEM file of the authorities that may sign it; default: the public ones
	// LocalOnly: it is not collected from vantage points, since its address cannot be reached from there.
	LocalOnly bool `yaml:"local_only,omitempty"`
	// Found is where it was discovered; nil: it is declared.
	Found *Found `yaml:"-"`
}

// StartTLSProtocols are the protocols that can be turned to TLS.
func StartTLSProtocols() []string { return []string{"smtp", "postgres"} }

func (c Certificate) identity() (string, string) {
	if c.Path != "" {
		return "path", c.Path
	}
	if c.Address == "" {
		return "address", ""
	}
	return "address with server_name", c.Address + " " + c.VerifiedName()
}

// VerifiedName is the name or IP address that the certificate served at Address must be valid for.
func (c Certificate) VerifiedName() string {
	if c.ServerName != "" {
		return c.ServerName
	}
	host, _, err := net.SplitHostPort(c.Address)
	if err != nil {
		return c.Address
	}
	return host
}

func (c Certificate) validate(list *mistake.List, path []any) {
	switch {
	case c.Address == "" && c.Path == "":
		list.Add(path, "expected address (host:port) or path (of PEM files)")
		return
	case c.Address != "" && c.Path != "":
		list.Add(path, "expected either address or path, not both")
		return
	case c.Path != "":
		c.validatePath(list, path)
		return
	}
	if !isAddress(c.Address) {
		list.Add(mistake.At(path, "address"), "address %q: expected host:port", c.Address)
	}
	if c.ServerName != "" && !isHost(c.ServerName) {
		list.Add(mistake.At(path, "server_name"), "server_name %q: expected a host name or an IP address", c.ServerName)
	}
	if c.StartTLS != "" {
		checkOneOf(list, mistake.At(path, "starttls"), "starttls", c.StartTLS, StartTLSProtocols())
	}
	if c.PasswordFile != "" {
		list.Add(mistake.At(path, "password_file"), "password_file goes with path, not with address")
	}
	c.validateCAFile(list, path)
}

func (c Certificate) validateCAFile(list *mistake.List, path []any) {
	if c.CAFile != "" && !filepath.IsAbs(c.CAFile) {
		list.Add(mistake.At(path, "ca_file"), "ca_file %q: expected an absolute path", c.CAFile)
	}
}

func (c Certificate) validatePath(list *mistake.List, path []any) {
	if !filepath.IsAbs(c.Path) {
		list.Add(mistake.At(path, "path"), "path %q: expected an absolute path or pattern", c.Path)
	} else if _, err := filepath.Match(c.Path, ""); err != nil {
		list.Add(mistake.At(path, "path"), "path %q: %v", c.Path, err)
	}
	checkDepth(list, mistake.At(path, "path"), "path", c.Path)
	if c.StartTLS != "" {
		list.Add(mistake.At(path, "starttls"), "starttls goes with address, not with path")
	}
	if c.ServerName != "" {
		list.Add(mistake.At(path, "server_name"), "server_name goes with address, not with path")
	}
	if c.LocalOnly {
		list.Add(mistake.At(path, "local_only"), "local_only goes with address, not with path: files are never collected from vantage points")
	}
	if c.PasswordFile != "" && !filepath.IsAbs(c.PasswordFile) {
		list.Add(mistake.At(path, "password_file"), "password_file %q: expected an absolute path", c.PasswordFile)
	}
	c.validateCAFile(list, path)
}

// checkOneOf notes a value outside a closed set.
func checkOneOf(list *mistake.List, path []any, what, value string, allowed []string) {
	if !slices.Contains(allowed, value) {
		list.Add(path, "%s %q: expected one of %s", what, value, strings.Join(allowed, ", "))
	}
}
