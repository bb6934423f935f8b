package rpm

import (
	"encoding/binary"
	"io"
)

// The layout of a write-ahead log (https://www.sqlite.org/fileformat.html#the_write_ahead_log).
const (
	logHeaderSize   = 32
	frameHeaderSize = 24
	logMagic        = 0x377f0682 // and 1 more where its sums are of big-endian integers
	maximumLog      = 1 << 30
)

// readLog finds the pages that were committed and are not in the database yet. As for SQLite itself, the log ends where a sum or a salt
// is wrong: what follows is of before, or was not written to its end.
func (s *sqlite) readLog(size int64) error {
	if size > maximumLog {
		return malformed("its write-ahead log has more than %d MiB", maximumLog>>20)
	}
	reader := io.NewSectionReader(s.log, 0, size)
	header := make([]byte, logHeaderSize)
	if read, _ := io.ReadFull(reader, header); read < len(header) {
		return nil // A log that has no header has nothing to add.
	}
	magic, sum := binary.BigEndian.Uint32(header), logSum{}
	if sum.order = binary.LittleEndian; magic == logMagic|1 {
		sum.order = binary.BigEndian
	}
	sum.add(header[:24])
	if magic&^1 != logMagic || int(binary.BigEndian.Uint32(header[8:])) != s.pageSize || !sum.is(header[24:]) {
		return nil
	}
	frame := make([]byte, frameHeaderSize+s.pageSize)
	committed, pending := make(map[uint32]int64), make(map[uint32]int64)
	for at := int64(logHeaderSize); ; at += int64(len(frame)) {
		read, _ := io.ReadFull(reader, frame)
		sum.add(frame[:8])
		sum.add(frame[frameHeaderSize:])
		if read < len(frame) || string(frame[8:16]) != string(header[16:24]) || !sum.is(frame[16:24]) {
			break
		}
		pending[binary.BigEndian.Uint32(frame)] = at + frameHeaderSize
		if pages := binary.BigEndian.Uint32(frame[4:]); pages > 0 {
			for number, offset := range pending {
				committed[number] = offset
			}
			clear(pending)
			s.pages = pages
		}
	}
	s.logged = committed
	return nil
}

// A logSum is the running sum of a log.
type logSum struct {
	order  binary.ByteOrder
	s0, s1 uint32
}

func (l *logSum) add(data []byte) {
	for ; len(data) >= 8; data = data[8:] {
		l.s0 += l.order.Uint32(data) + l.s1
		l.s1 += l.order.Uint32(data[4:]) + l.s0
	}
}

func (l *logSum) is(stored []byte) bool {
	return l.s0 == binary.BigEndian.Uint32(stored) && l.s1 == binary.BigEndian.Uint32(stored[4:])
}
