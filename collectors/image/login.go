package image

import (
	"encoding/base64"
	"encoding/json"
	"path"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
)

// maximumConfig is how long a configuration of Docker may be.
const maximumConfig = 1 << 20

// A dockerConfig is what docker login writes (https://docs.docker.com/reference/cli/docker/login/).
type dockerConfig struct {
	Auths      map[string]dockerLogin `json:"auths"`
	Store      string                 `json:"credsStore"`
	HelpersFor map[string]string      `json:"credHelpers"`
}

type dockerLogin struct {
	Auth          string `json:"auth"` // base64 of user:password
	Username      string `json:"username"`
	Password      string `json:"password"`
	IdentityToken string `json:"identitytoken"`
	RegistryToken string `json:"registrytoken"`
}

// readLogin reads with what a registry is logged in to for a repository; without a file it is asked by nobody. Of several logins that of
// the longest path counts, as it does for Kubernetes.
func readLogin(file, host, repository string) (authn.Authenticator, error) {
	if file == "" {
		return authn.Anonymous, nil
	}
	content, err := readfile.Read(file, maximumConfig)
	if err != nil {
		return nil, err
	}
	var config dockerConfig
	if err := json.Unmarshal(content, &config); err != nil {
		return nil, fact.Errorf(fact.ReasonInvalid, "read docker_config_file %s: it is no configuration of Docker", file)
	}
	longest, login := -1, dockerLogin{}
	for key, each := range config.Auths {
		if length, matches := matchLogin(key, host, repository); matches && length > longest && each != (dockerLogin{}) {
			longest, login = length, each
		}
	}
	if longest < 0 {
		if config.Store != "" || len(config.HelpersFor) > 0 {
			return nil, fact.Errorf(fact.ReasonUnsupported, "read docker_config_file %s: it names a program that knows the password of %s, "+
				"which is not run; put the login into the file", file, host)
		}
		return nil, fact.Errorf(fact.ReasonNotFound, "read docker_config_file %s: it holds no login for %s", file, host)
	}
	return login.authenticator(file)
}

// matchLogin tells whether the login of a key is for a repository, and how closely.
func matchLogin(key, host, repository string) (length int, matches bool) {
	key = strings.TrimPrefix(strings.TrimPrefix(key, "https://"), "http://")
	of, beneath, _ := strings.Cut(strings.ToLower(key), "/")
	beneath = strings.Trim(beneath, "/")
	if beneath == "v1" || beneath == "v2" {
		beneath = ""
	}
	if of == "index.docker.io" || of == "registry-1.docker.io" {
		of = "docker.io"
	}
	fits, err := path.Match(of, strings.ToLower(host))
	if err != nil || !fits || beneath != "" && beneath != repository && !strings.HasPrefix(repository, beneath+"/") {
		return 0, false
	}
	return len(of) + len(beneath), true
}

func (l dockerLogin) authenticator(file string) (authn.Authenticator, error) {
	if l.Auth != "" {
		decoded, err := base64.StdEncoding.DecodeString(strings.TrimRight(l.Auth, "\n"))
		user, password, whole := strings.Cut(strings.TrimRight(string(decoded), "\x00"), ":")
		if err != nil || !whole {
			return nil, fact.Errorf(fact.ReasonInvalid, "read docker_config_file %s: a login in it is not user:password in base64", file)
		}
		l.Username, l.Password = user, password
	}
	return authn.FromConfig(authn.AuthConfig{
		Username: l.Username, Password: l.Password, IdentityToken: l.IdentityToken, RegistryToken: l.RegistryToken,
	}), nil
}
