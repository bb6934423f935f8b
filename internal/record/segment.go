package record

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// A segment is a file of lines: a checksum (CRC-32C, eight hexadecimal digits), a blank, and a record in JSON. Its first
// line names the format. Each begins with all that was kept when it was made, and is then appended to.
const (
	format        = 1
	checksumBytes = 9 // with the blank
	maximumLine   = 1 << 20
)

// A line is one record. Of the kinds that a version does not know it keeps the lines as they are.
type line struct {
	Format    int        `json:"format,omitempty"`
	Change    *Change    `json:"change,omitempty"`
	Evidence  *Evidence  `json:"evidence,omitempty"`
	Signature *Signature `json:"signature,omitempty"`
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// appendLine appends a record as a segment has it.
func appendLine(to []byte, record line) []byte {
	text, err := json.Marshal(record)
	if err != nil {
		return to // a time that no calendar has
	}
	to = fmt.Appendf(to, "%08x ", crc32.Checksum(text, castagnoli()))
	return append(append(to, text...), '\n')
}

// parseLine reads a line, without its end.
func parseLine(text []byte) (record line, whole bool) {
	if len(text) < checksumBytes || text[checksumBytes-1] != ' ' {
		return line{}, false
	}
	sum, err := strconv.ParseUint(string(text[:checksumBytes-1]), 16, 32)
	if err != nil || uint32(sum) != crc32.Checksum(text[checksumBytes:], castagnoli()) {
		return line{}, false
	}
	return record, json.Unmarshal(text[checksumBytes:], &record) == nil
}

// A scan is what was found in a segment.
type scan struct {
	whole     int64 // the bytes up to the last whole line
	torn      int64 // the bytes after it
	corrupted int   // lines
}

var errForeign = errors.New("this version of the program did not write it")

// readSegment calls use for each record of a segment. The line is only good until use returns.
func readSegment(path string, use func(record line, text []byte)) (found scan, err error) {
	file, err := openRegular(path, os.O_RDONLY)
	if err != nil {
		return scan{}, err
	}
	defer func() { _ = file.Close() }()
	reader := bufio.NewReaderSize(file, maximumLine)
	for first := true; ; first = false {
		text, err := reader.ReadSlice('\n')
		long := int64(0)
		for errors.Is(err, bufio.ErrBufferFull) {
			long += int64(len(text))
			text, err = reader.ReadSlice('\n')
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return found, err
		}
		if err != nil {
			found.torn = long + int64(len(text))
			if first {
				return found, errForeign
			}
			return found, nil
		}
		found.whole += long + int64(len(text))
		text = bytes.TrimSuffix(text, []byte{'\n'})
		record, whole := parseLine(text)
		switch {
		case first && (!whole || long > 0 || record.Format != format):
			return found, errForeign
		case first:
		case !whole || long > 0:
			found.corrupted++
		default:
			use(record, text)
		}
	}
}

// openRegular opens a regular file, and waits for nothing else.
func openRegular(path string, flag int) (*os.File, error) {
	file, err := os.OpenFile(path, flag|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(errForeign, err, file.Close())
	}
	return file, nil
}

const unfinished = ".tmp" // the end of the name of a segment that is being made

// segmentName is the name of a segment, in whose order they were made.
func segmentName(number int) string { return fmt.Sprintf("record-%08d.jsonl", number) }

// segmentNumber reads the name of a segment, or of one that was not finished.
func segmentNumber(name string) (number int, finished, is bool) {
	name, isUnfinished := strings.CutSuffix(name, unfinished)
	_, err := fmt.Sscanf(name, "record-%d.jsonl", &number)
	return number, !isUnfinished, err == nil && name == segmentName(number)
}
