package metrics

import (
	"bytes"
	"compress/gzip"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPartsOfAnyKindMakeOneMember(t *testing.T) {
	var d deflater
	random := rand.New(rand.NewPCG(1, 2))
	for _, lengths := range [][]int{{}, {0}, {1}, {0, 5, 0}, {15, 16, 17}, {100_000, 1, 70_000}, {65535, 0, 65536, 300}} {
		var compressed, want bytes.Buffer
		answer := newStream(&compressed, true)
		for _, length := range lengths {
			content := make([]byte, length)
			for i := range content {
				content[i] = byte(random.IntN(4)) + 'a'
			}
			want.Write(content)
			answer.add(d.part(true, content))
		}
		require.NoError(t, answer.end())
		reader, err := gzip.NewReader(&compressed)
		require.NoError(t, err)
		reader.Multistream(false)
		got, err := io.ReadAll(reader)
		require.NoError(t, err, lengths)
		require.True(t, bytes.Equal(want.Bytes(), got), lengths)
		require.Zero(t, compressed.Len())
	}
}

func TestChecksumsAreCombined(t *testing.T) {
	first, second := []byte("the one"), []byte(" and the other")
	require.Equal(t, crc32.ChecksumIEEE(append(first, second...)),
		multiply(shifted(len(second)), crc32.ChecksumIEEE(first))^crc32.ChecksumIEEE(second))
}

func TestNothingIsWrittenAfterAnError(t *testing.T) {
	broken := &brokenWriter{}
	answer := newStream(broken, false)
	answer.add(part{content: []byte("a"), length: 1})
	answer.add(part{content: []byte("b"), length: 1})
	require.ErrorIs(t, answer.end(), io.ErrClosedPipe)
	require.Equal(t, 1, broken.writes)
}

type brokenWriter struct{ writes int }

func (b *brokenWriter) Write([]byte) (int, error) {
	b.writes++
	return 0, io.ErrClosedPipe
}
