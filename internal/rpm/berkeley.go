package rpm

import (
	"encoding/binary"
	"io"
)

// The layout of a hash of Berkeley DB (its dbinc/db_page.h), of which all numbers are of the byte order of the machine that wrote it.
const (
	berkeleyMagic      = 0x061561
	berkeleyPageHeader = 26
	berkeleyOverflow   = 7
	berkeleyUnsorted   = 2
	berkeleyHash       = 13
	itemInline         = 1 // what a key or a value is: its bytes follow
	itemElsewhere      = 3 // or are on pages of their own
	itemElsewhereSize  = 12
	keySize            = 4
)

// A berkeley is a hash of which the values are headers, and the keys the numbers of packages.
type berkeley struct {
	file     io.ReaderAt
	order    binary.ByteOrder
	pageSize int
	pages    uint32
	budget   int64 // how many pages are left to be read
}

func readBerkeley(file io.ReaderAt, size int64, each func(blob []byte) error) error {
	meta := make([]byte, 512)
	if _, err := file.ReadAt(meta, 0); err != nil {
		return cut(err)
	}
	b := berkeley{file: file, order: binary.LittleEndian}
	if binary.BigEndian.Uint32(meta[12:]) == berkeleyMagic {
		b.order = binary.BigEndian
	}
	if b.order.Uint32(meta[12:]) != berkeleyMagic || meta[24] != 0 {
		return malformed("expected a hash of Berkeley DB that is not encrypted")
	}
	b.pageSize = int(b.order.Uint32(meta[20:]))
	if b.pageSize < 512 || b.pageSize > 1<<16 || b.pageSize&(b.pageSize-1) != 0 {
		return malformed("a hash of Berkeley DB has pages of %d bytes", b.pageSize)
	}
	b.pages = uint32(min(size/int64(b.pageSize), 1<<32-1))
	if last := b.order.Uint32(meta[32:]); last >= b.pages {
		return malformed("the page %d is not there: the database has %d", last, b.pages)
	}
	b.budget = 2 * int64(b.pages) // Each is read to see what it is, and then for what is on it.
	for number := uint32(1); number < b.pages; number++ {
		page, err := b.page(number)
		if err != nil {
			return err
		}
		if kind := page[25]; kind != berkeleyHash && kind != berkeleyUnsorted {
			continue
		}
		if err := b.items(page, each); err != nil {
			return err
		}
	}
	return nil
}

func (b *berkeley) page(number uint32) ([]byte, error) {
	if number == 0 || number >= b.pages {
		return nil, malformed("there is no page %d of %d", number, b.pages)
	}
	if b.budget--; b.budget < 0 {
		return nil, malformed("a page is in two places")
	}
	page := make([]byte, b.pageSize)
	_, err := b.file.ReadAt(page, int64(number)*int64(b.pageSize))
	return page, cut(err)
}

// items gives the values of a page, whose items are keys and values in turn, from its end to its start.
func (b *berkeley) items(page []byte, each func(blob []byte) error) error {
	count, end := int(b.order.Uint16(page[20:])), len(page)
	if count%2 != 0 || berkeleyPageHeader+2*count > len(page) {
		return malformed("a page has %d keys and values", count)
	}
	var key []byte
	for i := range count {
		start := int(b.order.Uint16(page[berkeleyPageHeader+2*i:]))
		if start < berkeleyPageHeader+2*count || start >= end {
			return malformed("an item is outside of its page")
		}
		item := page[start:end]
		end = start
		if i%2 == 0 {
			key = item
			continue
		}
		// The package 0 is the number of the last one.
		if len(key) != 1+keySize || key[0] != itemInline || b.order.Uint32(key[1:]) == 0 {
			continue
		}
		blob, err := b.value(item)
		if err != nil {
			return err
		}
		if err := each(blob); err != nil {
			return err
		}
	}
	return nil
}

func (b *berkeley) value(item []byte) ([]byte, error) {
	switch {
	case item[0] == itemInline:
		return item[1:], nil
	case item[0] != itemElsewhere || len(item) < itemElsewhereSize:
		return nil, malformed("a value is of the type %d", item[0])
	}
	next, length := b.order.Uint32(item[4:]), int(b.order.Uint32(item[8:]))
	if length > maximumHeader {
		return nil, malformed("a header has %d bytes", length)
	}
	var blob []byte
	for len(blob) < length {
		page, err := b.page(next)
		if err != nil {
			return nil, err
		}
		used := berkeleyPageHeader + int(b.order.Uint16(page[22:]))
		if page[25] != berkeleyOverflow || used > len(page) || used == berkeleyPageHeader {
			return nil, malformed("the page %d has no part of a value", next)
		}
		blob, next = append(blob, page[berkeleyPageHeader:used]...), b.order.Uint32(page[16:])
	}
	return blob[:length], nil
}
