package importer

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/checklist"
)

func TestEveryWordingMatchesItsItemAndNoOther(t *testing.T) {
	var known checklist.Checklist
	require.NoError(t, yaml.Load(checklist.Production(), &known))
	m, err := newMatcher(&known)
	require.NoError(t, err)
	others := make(map[string][]string)
	require.NoError(t, yaml.Load(wordings, &others))
	items := make(map[string]*knownItem)
	for i := range m.known {
		items[m.known[i].Item.ID] = &m.known[i]
	}
	for id, texts := range others {
		require.Contains(t, items, id)
		for _, text := range texts {
			wanted := high
			if strings.HasSuffix(text, "?") {
				wanted = medium
			}
			if needsNumber(id) { // TestNumbersOfALineAreTakenOver has them
				continue
			}
			said := m.wordingOf(text)
			found := m.best(said, said)
			assert.Equal(t, wanted, found.confidence, "%s: %s is near %s", id, text, found.item.Item.ID)
			assert.True(t, found.item == items[id] || sameCheck(found.item, items[id]) || m.saySame(found.item.wordings[0], items[id].wordings[0]),
				"%s: %s is %s", id, text, found.item.Item.ID)
			assert.Empty(t, m.wordingOf(text).numbers, "%s: %s", id, text)
		}
	}
}
