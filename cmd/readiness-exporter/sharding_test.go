package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/alecthomas/kingpin/v2"
	"github.com/stretchr/testify/require"
)

func TestMistakesInShardsAreNamed(t *testing.T) {
	for name, test := range map[string]struct{ arguments, host, want string }{
		"beyond the last":              {"--shard 5 --shards 5", "", "--shard 5: expected a number from 0 to 4, since --shards is 5"},
		"before the first":             {"--shard=-1 --shards 5", "", "--shard -1: expected a number from 0 to 4"},
		"one of how many":              {"--shard 2", "", "--shard 2: expected a number from 0 to 0, since --shards is 1"},
		"no shards":                    {"--shards 0", "", "--shards 0: expected 1 or more"},
		"a pod of a Deployment":        {"--shards 5", "web-7d9f-x2x", `--shards: the host name is "web-7d9f-x2x": it ends in no number, as those of a StatefulSet do: expected --shard`},
		"no name":                      {"--shards 5", "", "--shards: find the host name: gone"},
		"an address, and no shards":    {"--shard.address https://a", "", "--shard.address: expected --shards with more than 1"},
		"one address of five":          {"--shard 0 --shards 5 --shard.address https://a", "", "--shard.address given 1 times for 5 shards"},
		"each describes its own world": {"--shard 0 --shards 5 --config.file=", "", "--shards: expected --config.file too"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := shardOf(t, test.arguments, test.host)
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestTheShardIsThatOfTheFlagsOrOfThePod(t *testing.T) {
	for name, test := range map[string]struct {
		arguments, host string
		want            int
	}{
		"as it is given":                       {"--shard 4 --shards 5", "readiness-2", 4},
		"the first, which is given too":        {"--shard 0 --shards 5", "readiness-2", 0},
		"as the pod is called":                 {"--shards 5", "readiness-2", 2},
		"a further replica of the third shard": {"--shards 5", "readiness-7", 2},
	} {
		t.Run(name, func(t *testing.T) {
			index, err := shardOf(t, test.arguments, test.host)
			require.NoError(t, err)
			require.Equal(t, test.want, index)
		})
	}
	index, err := shardOf(t, "--shard 0 --shards 1", "web")
	require.NoError(t, err)
	require.Equal(t, -1, index, "one exporter is no shard")
}

// shardOf gives the shard that a command line makes of a host; -1: none.
func shardOf(t *testing.T, arguments, host string) (int, error) {
	t.Helper()
	app := kingpin.New("test", "")
	f, file := &shardFlags{}, ""
	app.Flag("config.file", "").Default("readiness.yaml").StringVar(&file)
	f.register(app.Command("serve", "").Default())
	_, err := app.Parse(strings.Fields(arguments))
	require.NoError(t, err)
	one, err := f.shard(func() (string, error) {
		if host == "" {
			return "", errors.New("gone")
		}
		return host, nil
	}, file)
	if one == nil {
		return -1, err
	}
	return one.Index, err
}
