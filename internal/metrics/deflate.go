package metrics

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"io"
	"sync"
)

// A part is some bytes of an answer, plain or as a piece of a DEFLATE stream. Pieces refer to nothing before them and
// end at a whole byte, so that any may follow each other: each is compressed when it changes, and not when it is read.
// The answer is one gzip member, since curl and browsers read no further than the first.
type part struct {
	content []byte
	length  uint32 // before compression; 0 when there is nothing
	packed  bool   // it is a piece
	crc     uint32 // of a piece: of what was compressed
	shift   uint32 // of a piece: see shifted
}

// is tells whether two parts are the same bytes in memory.
func (p part) is(other part) bool {
	return len(p.content) == len(other.content) && (len(p.content) == 0 || &p.content[0] == &other.content[0])
}

// plain makes a part of some bytes, which must not change.
func plain(content []byte) part { return part{content: content, length: uint32(len(content))} }

// A deflater makes pieces of DEFLATE streams. It keeps what it needs for that, which is large, for the next one.
type deflater struct{ writers sync.Pool }

// compression is the level that is best for the time that it takes.
const compression = flate.DefaultCompression

// smallest is how many bytes are worth compressing.
const smallest = 16

// part makes a part of some bytes, which must not change.
func (d *deflater) part(gzip bool, content []byte) part {
	switch {
	case !gzip || len(content) == 0:
		return plain(content)
	case len(content) < smallest:
		return stored(content)
	default:
		return d.piece(content)
	}
}

// piece compresses some bytes.
func (d *deflater) piece(content []byte) part {
	var buffer bytes.Buffer
	writer, kept := d.writers.Get().(*flate.Writer)
	if kept {
		writer.Reset(&buffer)
	} else {
		// There is such a level.
		writer, _ = flate.NewWriter(&buffer, compression)
	}
	// A buffer takes all that is written to it.
	_, _ = writer.Write(content)
	_ = writer.Flush()
	d.writers.Put(writer)
	return compressed(bytes.Clone(buffer.Bytes()), content)
}

// stored makes a piece of a few bytes without compressing them.
func stored(content []byte) part {
	piece := make([]byte, 0, 5+len(content))
	piece = append(piece, 0)
	piece = binary.LittleEndian.AppendUint16(piece, uint16(len(content)))
	piece = binary.LittleEndian.AppendUint16(piece, ^uint16(len(content)))
	return compressed(append(piece, content...), content)
}

func compressed(piece, content []byte) part {
	return part{
		content: piece, length: uint32(len(content)), packed: true, crc: crc32.ChecksumIEEE(content), shift: shifted(len(content)),
	}
}

// A stream writes parts one after the other, as one gzip member where they are compressed. The first error is kept, and
// nothing is written after it.
type stream struct {
	to     io.Writer
	gzip   bool
	crc    uint32
	length uint32
	err    error
}

func newStream(to io.Writer, gzip bool) *stream {
	s := &stream{to: to, gzip: gzip}
	if gzip {
		const deflate, unknownSystem = 8, 255
		s.write([]byte{0x1f, 0x8b, deflate, 0, 0, 0, 0, 0, 0, unknownSystem}) // RFC 1952, section 2.3
	}
	return s
}

func (s *stream) write(content []byte) {
	if s.err == nil && len(content) > 0 {
		_, s.err = s.to.Write(content)
	}
}

func (s *stream) add(p part) {
	s.write(p.content)
	if p.packed {
		s.crc = multiply(p.shift, s.crc) ^ p.crc
		s.length += p.length
	}
}

func (s *stream) end() error {
	if s.gzip {
		last := []byte{0x03, 0} // an empty block that is the last
		last = binary.LittleEndian.AppendUint32(last, s.crc)
		s.write(binary.LittleEndian.AppendUint32(last, s.length))
	}
	return s.err
}

// The checksum of two texts after each other is that of the first, times x to the power of how many bits the second has,
// plus that of the second: polynomials over GF(2), modulo that of CRC-32, of which the highest bit is the lowest power.

// shifted is x to the power of so many bytes.
func shifted(bytes int) uint32 {
	result, square := uint32(1<<31), uint32(1<<23) // 1, and x to the power of a byte
	for ; bytes > 0; bytes >>= 1 {
		if bytes&1 == 1 {
			result = multiply(square, result)
		}
		square = multiply(square, square)
	}
	return result
}

func multiply(a, b uint32) uint32 {
	var product uint32
	for ; a != 0; a <<= 1 {
		if a&(1<<31) != 0 {
			product ^= b
		}
		b = b>>1 ^ crc32.IEEE&-(b&1)
	}
	return product
}
