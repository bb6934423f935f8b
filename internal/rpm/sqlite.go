package rpm

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
)

// The layout of a database of SQLite (https://www.sqlite.org/fileformat.html).
const (
	sqliteMagic      = "SQLite format 3\x00"
	sqliteHeaderSize = 100
	interiorTable    = 0x05
	leafTable        = 0x0d
	maximumDepth     = 20
	schemaRoot       = 1
)

// A sqlite is a database of SQLite that is only read: no lock is taken, and none of the files that SQLite writes beside a database even
// for its readers is made or removed. What was committed and is still in the write-ahead log counts.
type sqlite struct {
	file     io.ReaderAt
	log      io.ReaderAt
	logged   map[uint32]int64 // where in the log the newest version of a page is
	pageSize int
	usable   int    // bytes of a page
	pages    uint32 // of the database
	budget   int64  // how many pages are left to be read: a sound database has each of them in one place
}

func openSQLite(file io.ReaderAt, size int64, log io.ReaderAt, logSize int64) (*sqlite, error) {
	header := make([]byte, sqliteHeaderSize)
	if _, err := file.ReadAt(header, 0); err != nil {
		return nil, cut(err)
	}
	if !bytes.HasPrefix(header, []byte(sqliteMagic)) {
		return nil, malformed("expected a database of SQLite")
	}
	s := &sqlite{file: file, log: log, pageSize: int(binary.BigEndian.Uint16(header[16:]))}
	if s.pageSize == 1 {
		s.pageSize = 1 << 16
	}
	s.usable = s.pageSize - int(header[20])
	if s.pageSize < 512 || s.pageSize&(s.pageSize-1) != 0 || s.usable < 480 {
		return nil, malformed("a database of SQLite has pages of %d bytes", s.pageSize)
	}
	s.pages = uint32(min(size/int64(s.pageSize), 1<<32-2))
	if log != nil {
		if err := s.readLog(logSize); err != nil {
			return nil, err
		}
	}
	s.budget = int64(s.pages) + maximumDepth
	return s, nil
}

// page reads one, by its number, which starts at 1.
func (s *sqlite) page(number uint32) ([]byte, error) {
	if number == 0 || number > s.pages {
		return nil, malformed("there is no page %d of %d", number, s.pages)
	}
	if s.budget--; s.budget < 0 {
		return nil, malformed("a page is in two places")
	}
	page := make([]byte, s.pageSize)
	from, at := s.file, int64(number-1)*int64(s.pageSize)
	if offset, is := s.logged[number]; is {
		from, at = s.log, offset
	}
	if _, err := from.ReadAt(page, at); err != nil {
		return nil, cut(err)
	}
	return page[:s.usable], nil
}

// walk gives the records of a table.
func (s *sqlite) walk(ctx context.Context, root uint32, depth int, each func(record []byte) error) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if depth > maximumDepth {
		return malformed("a table has more than %d levels", maximumDepth)
	}
	page, err := s.page(root)
	if err != nil {
		return err
	}
	start := 0
	if root == schemaRoot {
		start = sqliteHeaderSize
	}
	kind, count, pointers := page[start], int(binary.BigEndian.Uint16(page[start+3:])), start+8
	if kind == interiorTable {
		pointers += 4
	}
	if kind != interiorTable && kind != leafTable || pointers+2*count > len(page) {
		return malformed("the page %d is none of a table", root)
	}
	for i := range count {
		cell := int(binary.BigEndian.Uint16(page[pointers+2*i:]))
		if cell+4 > len(page) {
			return malformed("a cell of the page %d is outside of it", root)
		}
		if kind == interiorTable {
			err = s.walk(ctx, binary.BigEndian.Uint32(page[cell:]), depth+1, each)
		} else {
			err = s.leaf(page[cell:], each)
		}
		if err != nil {
			return err
		}
	}
	if kind == interiorTable {
		return s.walk(ctx, binary.BigEndian.Uint32(page[start+8:]), depth+1, each)
	}
	return nil
}

// leaf gives the record of a cell, of which the end may be on further pages.
func (s *sqlite) leaf(cell []byte, each func(record []byte) error) error {
	size, cell, err := varint(cell)
	if err != nil {
		return err
	}
	if _, cell, err = varint(cell); err != nil { // the key of the row
		return err
	}
	if size > maximumHeader {
		return malformed("a record has %d bytes", size)
	}
	local := s.local(int(size))
	if local > len(cell) {
		return malformed("a record is outside of its page")
	}
	record := append([]byte(nil), cell[:local]...)
	if local < int(size) && local+4 > len(cell) {
		return malformed("a record is outside of its page")
	}
	for rest := cell[local:]; len(record) < int(size); {
		page, err := s.page(binary.BigEndian.Uint32(rest))
		if err != nil {
			return err
		}
		record = append(record, page[4:min(len(page), 4+int(size)-len(record))]...)
		rest = page
	}
	return each(record)
}

// local is how many bytes of a record are in its cell, and not on further pages.
func (s *sqlite) local(size int) int {
	most, least := s.usable-35, (s.usable-12)*32/255-23
	if size <= most {
		return size
	}
	if kept := least + (size-least)%(s.usable-4); kept <= most {
		return kept
	}
	return least
}

// columns gives the values of a record, which are integers, texts and bytes alike: as they are stored.
func columns(record []byte) (values [][]byte, err error) {
	size, types, err := varint(record)
	if err != nil {
		return nil, err
	}
	if size > uint64(len(record)) || int(size) < len(record)-len(types) {
		return nil, malformed("the introduction of a record is longer than it")
	}
	types, body := types[:int(size)-(len(record)-len(types))], record[size:]
	for len(types) > 0 {
		var sort uint64
		if sort, types, err = varint(types); err != nil {
			return nil, err
		}
		length := uint64(0)
		switch {
		case sort >= 12:
			length = (sort - 12) / 2
		case sort >= 1 && sort <= 7:
			length = []uint64{1, 2, 3, 4, 6, 8, 8}[sort-1]
		}
		if length > uint64(len(body)) {
			return nil, malformed("a value is outside of its record")
		}
		values, body = append(values, body[:length]), body[length:]
	}
	return values, nil
}

// table finds the first page of a table.
func (s *sqlite) table(ctx context.Context, name string) (root uint32, err error) {
	err = s.walk(ctx, schemaRoot, 0, func(record []byte) error {
		values, err := columns(record)
		if err != nil {
			return err
		}
		if len(values) >= 4 && string(values[0]) == "table" && string(values[1]) == name {
			root = 0
			for _, b := range values[3] {
				root = root<<8 | uint32(b)
			}
		}
		return nil
	})
	if err == nil && root == 0 {
		err = malformed("there is no table %s", name)
	}
	return root, err
}

// headers gives those of all packages.
func (s *sqlite) headers(ctx context.Context, each func(blob []byte) error) error {
	root, err := s.table(ctx, "Packages")
	if err != nil {
		return err
	}
	return s.walk(ctx, root, 0, func(record []byte) error {
		values, err := columns(record)
		if err != nil {
			return err
		}
		if len(values) != 2 {
			return malformed("a package has %d columns", len(values))
		}
		return each(values[1])
	})
}

// varint reads an integer of 1 to 9 bytes.
func varint(from []byte) (value uint64, rest []byte, err error) {
	for i, b := range from[:min(len(from), 9)] {
		if i == 8 {
			return value<<8 | uint64(b), from[9:], nil
		}
		if value = value<<7 | uint64(b&0x7f); b < 0x80 {
			return value, from[i+1:], nil
		}
	}
	return 0, nil, malformed("an integer has no end")
}

// cut says that a file ends before it should.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return malformed("it ends early")
	}
	return err
}
