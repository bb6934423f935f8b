package fact_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestNeedsAreAddedUp(t *testing.T) {
	var needs fact.Needs
	needs.Add("workload", []string{})
	require.Equal(t, fact.Topics{"workload": {}}, needs.Topics, "the fact, and no topic of it")
	needs.Add("workload", []string{"pods", "budgets"})
	needs.Add("workload", []string{"pods"})
	require.Equal(t, fact.Topics{"workload": {"budgets", "pods"}}, needs.Topics)
	needs.Add("workload", nil)
	needs.Add("workload", []string{"pods"})
	require.Equal(t, fact.Topics{"workload": nil}, needs.Topics, "all there are")
}

// A question is a request that is compared by value.
type question struct{ text string }

func (question) FactKind() string { return "answer" }

func TestARequestIsNeededOnce(t *testing.T) {
	var needs fact.Needs
	needs.Request(question{"a"}, question{"b"})
	needs.Request(question{"a"})
	require.Equal(t, []fact.Request{question{"a"}, question{"b"}}, needs.Requests)
}

func TestTopics(t *testing.T) {
	some := fact.Topics{"workload": {"pods"}, "cluster": nil, "secret": {}}
	for _, c := range []struct {
		name        string
		topics      fact.Topics
		kind, topic string
		want        bool
	}{
		{"a topic that is named is needed", some, "workload", "pods", true},
		{"a topic that is not named is not", some, "workload", "budgets", false},
		{"what makes the fact is needed with any topic", some, "workload", "", true},
		{"what makes the fact is needed without a topic", some, "secret", "", true},
		{"without a topic none is needed", some, "secret", "values", false},
		{"of all topics each is needed", some, "cluster", "nodes", true},
		{"of a kind that is not asked for nothing is needed", some, "host", "", false},
		{"of everything each kind and topic is needed", nil, "host", "disks", true},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, c.topics.Needs(c.kind, c.topic)) })
	}
	require.Equal(t, fact.Topics{"cluster": nil}, some.Only([]fact.Any{fact.Clusters(), fact.Hosts()}))
	require.Nil(t, fact.Topics(nil).Only([]fact.Any{fact.Clusters()}), "of everything all is left")
}

func TestTopicsCoverOthers(t *testing.T) {
	pods, both := fact.Topics{"workload": {"pods"}}, fact.Topics{"workload": {"budgets", "pods"}}
	all, none := fact.Topics{"workload": nil}, fact.Topics{}
	for _, c := range []struct {
		name          string
		topics, other fact.Topics
		want          bool
	}{
		{"as much covers", pods, pods, true}, {"more covers", both, pods, true}, {"less does not", pods, both, false},
		{"all topics cover some", all, both, true}, {"some do not cover all", both, all, false},
		{"everything covers all", nil, all, true}, {"all of one kind is not everything", all, nil, false},
		{"nothing is covered by anything", none, none, true}, {"nothing covers no kind", none, pods, false},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, c.topics.Covers(c.other)) })
	}
}

func TestWhatIsAddedUpCoversWhatWasAdded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sum, parts := make(fact.Topics), rapid.SliceOfN(rapid.Custom(func(t *rapid.T) fact.Topics {
			topics := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 3).Draw(t, "topics")
			if rapid.Bool().Draw(t, "all") {
				topics = nil
			}
			return fact.Topics{rapid.SampledFrom([]string{"x", "y"}).Draw(t, "kind"): topics}
		}), 0, 5).Draw(t, "parts")
		for _, part := range parts {
			for kind, topics := range part {
				sum.Add(kind, topics)
			}
		}
		for _, part := range parts {
			if !sum.Covers(part) {
				t.Fatalf("%v does not cover %v", sum, part)
			}
		}
	})
}
