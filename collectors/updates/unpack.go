package updates

import (
	"bufio"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// unpacked reads what may be compressed, by the end of its name: apt keeps lists so where Acquire::GzipIndexes is set.
func unpacked(file io.Reader, extension string) (plain io.Reader, closePlain func(), err error) {
	nothing := func() {}
	switch extension {
	case ".gz":
		plain, err = gzip.NewReader(file)
	case ".lz4":
		plain = lz4.NewReader(file)
	case ".zst":
		decoder, failed := zstd.NewReader(file, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
		if failed != nil {
			return nil, nothing, fact.Errorf(fact.ReasonInvalid, "%w", failed)
		}
		return decoder, decoder.Close, nil
	case ".xz":
		plain, err = unpackedXZ(file)
	case ".bz2":
		plain = bzip2.NewReader(file)
	case ".lzma":
		return nil, nothing, fact.Errorf(fact.ReasonUnsupported,
			"lists that are compressed by lzma cannot be read: set Acquire::CompressionTypes::Order \"lz4\" in /etc/apt/apt.conf.d")
	case ".zck":
		return nil, nothing, fact.Errorf(fact.ReasonUnsupported,
			"metadata in chunks (zchunk) cannot be read: set zchunk=False in /etc/dnf/dnf.conf, and run dnf clean metadata and dnf makecache")
	default:
		return file, nothing, nil
	}
	if err != nil {
		err = fact.Errorf(fact.ReasonInvalid, "%w", err)
	}
	return plain, nothing, err
}

// maximumDictionary is how much memory a list in xz may take to be unpacked, as it says at its start; the highest preset takes as much.
const maximumDictionary = 64 << 20

// unpackedXZ reads xz (https://tukaani.org/xz/xz-file-format.txt) unless it says that it needs more memory than anybody gives it.
func unpackedXZ(file io.Reader) (io.Reader, error) {
	buffered := bufio.NewReader(file)
	start, err := buffered.Peek(32)
	if err != nil {
		return nil, err
	}
	// After the magic and flags of the stream, a block has its size and flags, its lengths where the flags say so, and its filters.
	at := 14
	for lengths := start[13] >> 6; lengths > 0; lengths >>= 1 {
		if lengths&1 == 0 {
			continue
		}
		for ; at < len(start)-3 && start[at] >= 0x80; at++ {
			continue
		}
		at++
	}
	if at > len(start)-3 || start[13]&3 != 0 || start[at] != 0x21 || start[at+1] != 1 {
		return nil, errors.New("expected one block of LZMA2")
	}
	if bits := start[at+2]; (2|int64(bits&1))<<(bits/2+11) > maximumDictionary {
		return nil, fmt.Errorf("it takes more than %d MiB of memory to be unpacked", maximumDictionary>>20)
	}
	return xz.ReaderConfig{SingleStream: true}.NewReader(buffered)
}
