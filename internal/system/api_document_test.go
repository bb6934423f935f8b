package system_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestAPIDocument_Validate(t *testing.T) {
	const served = "https://shop.example.com/openapi.json"
	for _, c := range []struct {
		name     string
		document system.APIDocument
		want     []string
	}{
		{"one in a repository", system.APIDocument{Name: "shop", Repository: "shop", Path: "docs/openapi.yaml"}, nil},
		{"one at its usual path, and served", system.APIDocument{Name: "shop", Repository: "shop", URL: served, BearerTokenFile: "/run/token"}, nil},
		{"one that is served", system.APIDocument{Name: "shop", URL: served}, nil},
		{"it has a name", system.APIDocument{URL: served}, []string{"name is missing"}},
		{"it is somewhere", system.APIDocument{Name: "shop"}, []string{"expected repository, url or both"}},
		{"a path is in a repository", system.APIDocument{Name: "shop", Path: "a.yaml"}, []string{"path goes with repository, which names the one that it is in"}},
		{"and not outside of it", system.APIDocument{Name: "shop", Repository: "shop", Path: "../a.yaml"}, []string{
			`path "../a.yaml": expected one within the repository, such as docs/openapi.yaml`,
		}},
		{"the repository is declared", system.APIDocument{Name: "shop", Repository: "other"}, []string{
			`repository "other": expected the name of one under repositories`,
		}},
		{"a login does not stand in its address", system.APIDocument{Name: "shop", URL: "https://ann:canary@shop.example.com/a"}, []string{
			"url: credentials do not belong in it; use bearer_token_file or basic_auth",
		}},
		{"a login is for an address", system.APIDocument{Name: "shop", Repository: "shop", BearerTokenFile: "/b"}, []string{
			"ca_file, bearer_token_file and basic_auth go with url",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &system.System{
				Name: "shop", Environment: "production", APIDocuments: []system.APIDocument{c.document},
				Repositories: []system.Repository{{Name: "shop", Path: "/srv/shop.git"}},
			}
			require.Equal(t, c.want, messagesOf(s))
		})
	}
}
