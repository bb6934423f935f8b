package secret_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/secret"
)

const canary = "canary-5f2b"

func TestASecretIsNotShown(t *testing.T) {
	type login struct {
		Password secret.Value  `json:"password" yaml:"password"`
		Pointer  *secret.Value `json:"pointer" yaml:"pointer"`
	}
	value := secret.New(canary)
	l := login{Password: value, Pointer: &value}
	asJSON, err := json.Marshal(l)
	require.NoError(t, err)
	asYAML, err := yaml.Dump(l)
	require.NoError(t, err)
	for _, shown := range []string{
		value.String(), fmt.Sprint(value), fmt.Sprintf("%v %+v %#v %s %q %x %d", value, value, value, value, value, value, value),
		fmt.Sprintf("%v %+v %#v", l, l, l), fmt.Errorf("log in with %v", value).Error(), string(asJSON), string(asYAML),
	} {
		require.NotContains(t, shown, canary)
		require.NotContains(t, shown, fmt.Sprintf("%x", canary))
	}
	require.Equal(t, canary, value.Reveal())
}

func TestASecretIsReadFromAFileFirst(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(file, []byte(canary+" \r\n\n"), 0o600))
	t.Setenv("READINESS_TEST_SECRET", "from the environment")

	value, err := secret.Read(file, "READINESS_TEST_SECRET")
	require.NoError(t, err)
	require.Equal(t, canary+" ", value.Reveal(), "only line breaks at its end are no part of it")

	value, err = secret.Read("", "READINESS_TEST_SECRET")
	require.NoError(t, err)
	require.Equal(t, "from the environment", value.Reveal())

	value, err = secret.Read("", "")
	require.NoError(t, err)
	require.True(t, value.Empty())
	require.False(t, secret.New("x").Empty())
}

func TestASecretThatIsNotThereIsNotFound(t *testing.T) {
	_, err := secret.Read(filepath.Join(t.TempDir(), "none"), "")
	require.ErrorContains(t, err, "read secret: stat ")
	require.Equal(t, fact.ReasonNotFound, fact.ReasonOf(err))

	_, err = secret.Read("", "READINESS_TEST_UNSET")
	require.EqualError(t, err, "read secret: environment variable READINESS_TEST_UNSET is not set")
	require.Equal(t, fact.ReasonNotFound, fact.ReasonOf(err))
}

func TestSecretsAreTakenOutOfTexts(t *testing.T) {
	require.Equal(t, "login <secret>:<secret> refused, <secret>",
		secret.Redact("login admin:"+canary+" refused, "+canary, secret.New(canary), secret.New("admin"), secret.New("")))
	require.Equal(t, "nothing to hide", secret.Redact("nothing to hide"))
}

func TestAnAddressIsSecretInEachOfItsParts(t *testing.T) {
	address := secret.New("rest:https://backup:hunter2hunter2@store.example.com:8000/t0kenInThePath/shop?key=anotherT0ken")
	said := "Head \"https://store.example.com:8000/t0kenInThePath/shop/config\": 401 for hunter2hunter2 and anotherT0ken"
	redacted := secret.Redact(said, address.Pieces()...)
	for _, part := range []string{"t0kenInThePath", "hunter2hunter2", "anotherT0ken", "store.example.com"} {
		require.NotContains(t, redacted, part)
	}
	require.Contains(t, redacted, "401 for", "what is no part of it stays")
}
