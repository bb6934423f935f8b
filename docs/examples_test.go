package docs_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
)

// TestThePipelineOfGitLabIsValid holds the example to GitLab's own schema, which refuses a key that it does not know. That of GitHub is
// held to by actionlint, as make lint runs it.
func TestThePipelineOfGitLabIsValid(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("testdata/gitlab-ci.json")
	require.NoError(t, err)
	content, err := os.ReadFile("examples/pipelines/gitlab-ci.yaml")
	require.NoError(t, err)
	var document any
	require.NoError(t, yaml.Unmarshal(content, &document))
	require.NoError(t, schema.Validate(document))

	broken := bytes.Replace(content, []byte("after_script:"), []byte("after_scripts:"), 1)
	require.NotEqual(t, content, broken)
	document = nil
	require.NoError(t, yaml.Unmarshal(broken, &document))
	require.ErrorContains(t, schema.Validate(document), "after_scripts")
}
