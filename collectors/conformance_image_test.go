package collectors_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/readiness-exporter/readiness-exporter/internal/collector/conformance"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// imageCase is that of a registry with a login, and of an image with a file that no fact may hold.
func imageCase(t *testing.T) conformance.Case {
	t.Helper()
	const password, content = "password-of-the-registry", "value-of-an-environment"
	registry := world.NewRegistry(t)
	registry.Push(t, "shop/api:1.0.0", world.Image{Layers: []map[string]string{{"app/.env": "A=" + content}}})
	registry.Before(func(w http.ResponseWriter, request *http.Request) bool {
		if _, given, _ := request.BasicAuth(); given == password {
			return false
		}
		w.Header().Set("Www-Authenticate", `Basic realm="shop"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	})
	proxy := world.NewProxy(t, registry.Addr)
	login := base64.StdEncoding.EncodeToString([]byte("ci:" + password))
	return conformance.Case{
		System: &system.System{
			Images:     []system.Image{{Reference: proxy.Addr + "/shop/api:1.0.0"}},
			Registries: []system.Registry{{Host: proxy.Addr, PlainHTTP: true, DockerConfigFile: file(t, fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, proxy.Addr, login))}},
		},
		Secrets: []string{password, content, login},
		Faults:  httpFaults(t, proxy, httptest.NewServer),
	}
}
