package system

import (
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// A Retention says how long backups are kept: each for one duration (30d), or ever fewer of the older ones, as
// {daily: 7, weekly: 4, monthly: 3} keeps the last of each of 7 days, 4 weeks and 3 months.
type Retention struct {
	Within  quantity.Duration `yaml:"-"`
	Hourly  quantity.Count    `yaml:"hourly,omitempty"`  // of how many hours the last one is kept
	Daily   quantity.Count    `yaml:"daily,omitempty"`   // of how many days
	Weekly  quantity.Count    `yaml:"weekly,omitempty"`  // of how many weeks
	Monthly quantity.Count    `yaml:"monthly,omitempty"` // of how many months
	Yearly  quantity.Count    `yaml:"yearly,omitempty"`  // of how many years
}

// UnmarshalText reads the duration that each backup is kept.
func (r *Retention) UnmarshalText(text []byte) error {
	*r = Retention{}
	return r.Within.UnmarshalText(text)
}

// UnmarshalYAML reads a duration or a scheme.
func (r *Retention) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return r.UnmarshalText([]byte(node.Value))
	}
	var read scheme
	if err := node.Decode(&read); err != nil {
		return err
	}
	*r = Retention(read)
	return nil
}

// A scheme is a Retention of which only the fields are read and written.
type scheme Retention

// MarshalYAML writes the retention as it is read.
func (r Retention) MarshalYAML() (any, error) {
	if r.Within > 0 || r.IsZero() {
		return r.Within.String(), nil
	}
	return scheme(r), nil
}

// IsZero tells whether no retention is declared.
func (r Retention) IsZero() bool { return r == Retention{} }

// A Tier keeps one backup of each of the last Count periods.
type Tier struct {
	Period time.Duration
	Count  int
}

// Tiers are those of the scheme, the finest first; none where each backup is kept for one duration.
func (r Retention) Tiers() (tiers []Tier) {
	const day = 24 * time.Hour
	for _, tier := range []Tier{
		{time.Hour, int(r.Hourly)}, {day, int(r.Daily)}, {7 * day, int(r.Weekly)}, {31 * day, int(r.Monthly)}, {366 * day, int(r.Yearly)},
	} {
		if tier.Count > 0 {
			tiers = append(tiers, tier)
		}
	}
	return tiers
}

// Longest is how old a backup can get; zero where no retention is declared.
func (r Retention) Longest() time.Duration {
	longest := r.Within.Std()
	for _, tier := range r.Tiers() {
		longest = max(longest, tier.Period*time.Duration(tier.Count))
	}
	return longest
}

// Assured is how far back backups reach at any time once there are any from so far back. Of a scheme it is less than Longest:
// the current day, week or month counts as one, and the last one of that which was kept can be of its last day.
func (r Retention) Assured() time.Duration {
	const day = 24 * time.Hour
	assured := r.Within.Std()
	for _, tier := range r.Tiers() {
		whole := time.Duration(tier.Count - 1)
		if tier.Period > day {
			whole--
		}
		// A month is 28 days at least.
		assured = max(assured, whole*tier.Period*9/10)
	}
	return assured
}
