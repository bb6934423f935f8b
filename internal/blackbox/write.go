package blackbox

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// YAML is the configuration file of a system with the endpoints.
func (i *Import) YAML(name, environment string) ([]byte, error) {
	type described struct {
		Name        string            `yaml:"name"`
		Environment string            `yaml:"environment"`
		Endpoints   []system.Endpoint `yaml:"endpoints"`
	}
	content, err := yaml.Dump(map[string][]described{"systems": {{Name: name, Environment: environment, Endpoints: i.Endpoints}}})
	if err != nil {
		return nil, fmt.Errorf("write the description: %w", err)
	}
	var file bytes.Buffer
	file.WriteString("# Made of the configuration of a blackbox_exporter. Each purpose is a guess: it says which items judge an endpoint.\n")
	file.Write(content)
	return file.Bytes(), nil
}
