package conformance

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// longestText is how long a name or sentence may be that a server had a part in.
const longestText = 4096

// requireSound wants the facts of a set to be ones that can be judged, exported and shown.
func (c Case) requireSound(t testing.TB, set fact.AnySet) {
	t.Helper()
	kind := set.Kind()
	subjects := make(map[string]bool)
	for i := range set.Len() {
		subject := kind.SubjectOf(set.At(i))
		requireName(t, subject)
		require.False(t, subjects[subject], "two facts of kind %s are about %s", kind.KindName(), subject)
		subjects[subject] = true
		c.requireNoSecret(t, subject)
		text, err := json.Marshal(set.At(i))
		require.NoError(t, err, "%s %s", kind.KindName(), subject)
		c.requireNoSecret(t, string(text))
	}
	c.requireSeries(t, set)
	for _, gap := range set.Gaps() {
		requireName(t, gap.Subject)
		requireText(t, gap.Detail)
		require.Contains(t, fact.Reasons(), gap.Reason, "%s %s", kind.KindName(), gap.Subject)
		c.requireNoSecret(t, gap.Subject)
		c.requireNoSecret(t, gap.Detail)
	}
}

// requireSeries wants every number of the facts to be one that a scrape can carry, under labels of its own.
func (c Case) requireSeries(t testing.TB, set fact.AnySet) {
	t.Helper()
	families := set.Kind().Families()
	series := make(map[string]bool)
	for i := range set.Len() {
		set.Kind().Samples(set.At(i), func(family int, values []string, value float64) {
			require.Less(t, family, len(families))
			name := families[family].Name
			require.Len(t, values, len(families[family].Labels), "labels of %s", name)
			require.False(t, math.IsNaN(value) || math.IsInf(value, 0), "%s is %v", name, value)
			for _, text := range values {
				require.True(t, utf8.ValidString(text), "a label of %s is not UTF-8: %q", name, text)
				require.Less(t, len(text), longestText)
				c.requireNoSecret(t, text)
			}
			key := fmt.Sprintf("%s%q", name, values)
			require.False(t, series[key], "two series are %s", key)
			series[key] = true
		})
	}
}

func (c Case) requireNoSecret(t testing.TB, text string) {
	t.Helper()
	for _, secret := range c.Secrets {
		if strings.Contains(text, secret) { // The message must not show it either.
			require.FailNow(t, "a secret shows in what the collector gives")
		}
	}
}

func requireName(t testing.TB, name string) {
	t.Helper()
	requireText(t, name)
	require.NotContains(t, name, "\n")
}

func requireText(t testing.TB, text string) {
	t.Helper()
	require.NotEmpty(t, text)
	require.True(t, utf8.ValidString(text), "no UTF-8: %q", text)
	require.Less(t, len(text), longestText)
}

func gapsOf(sets []fact.AnySet) (gaps []fact.Gap) {
	for _, set := range sets {
		gaps = append(gaps, set.Gaps()...)
	}
	return gaps
}

// encoded shows what a set holds, for messages.
func encoded(set fact.AnySet) string {
	facts := make([]any, set.Len())
	for i := range facts {
		facts[i] = set.At(i)
	}
	text, err := json.Marshal(facts)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s and gaps %v", text, set.Gaps())
}
