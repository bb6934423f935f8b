package system

import (
	"net/url"
	"path/filepath"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
	"github.com/readiness-exporter/readiness-exporter/internal/secret"
)

// BasicAuth is a login by name and password.
type BasicAuth struct {
	Username     string `yaml:"username"`      // the name
	PasswordFile string `yaml:"password_file"` // a file that holds the password
}

// validateURL reads the address of a server, or notes what is wrong with it and gives nil. It is shown, and so holds no secret.
func validateURL(list *mistake.List, path []any, text, example string) *url.URL {
	path = mistake.At(path, "url")
	address, err := url.Parse(text)
	switch {
	case err != nil || !isWebAddress(address):
		list.Add(path, "url: expected one such as %s", example)
	case address.User != nil:
		list.Add(path, "url: credentials do not belong in it; use bearer_token_file or basic_auth")
	case address.Fragment != "":
		list.Add(path, "url: expected no # in it")
	case holdsSecret(address):
		list.Add(path, "url: a parameter looks like a credential, and the URL is shown: use bearer_token_file or basic_auth")
	default:
		return address
	}
	return nil
}

// holdsSecret tells whether a parameter of an address, or what cannot be read as one, is a credential.
func holdsSecret(address *url.URL) bool {
	parameters, err := url.ParseQuery(address.RawQuery)
	if err != nil {
		return true
	}
	for name, values := range parameters {
		for _, value := range values {
			if secret.Holds(name, value) {
				return true
			}
		}
	}
	return false
}

// validateLogin notes what is wrong with a login by a token, or by a name and a password.
func validateLogin(list *mistake.List, path []any, bearerTokenFile string, basic *BasicAuth) {
	checkFile(list, path, "bearer_token_file", bearerTokenFile)
	if basic == nil {
		return
	}
	if bearerTokenFile != "" {
		list.Add(path, "expected either bearer_token_file or basic_auth, not both")
	}
	path = mistake.At(path, "basic_auth")
	if basic.Username == "" {
		list.Add(path, "username is missing")
	}
	if basic.PasswordFile == "" {
		list.Add(path, "password_file is missing")
	}
	checkFile(list, path, "password_file", basic.PasswordFile)
}

// checkFile notes a file that is named by a path that depends on where the exporter was started.
func checkFile(list *mistake.List, path []any, key, file string) {
	if file != "" && !filepath.IsAbs(file) {
		list.Add(mistake.At(path, key), "%s %q: expected an absolute path", key, file)
	}
}
