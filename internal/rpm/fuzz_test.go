package rpm

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// header is one of a package, of entries of tag, type and value.
func header(entries ...any) []byte {
	var index, values []byte
	for i := 0; i < len(entries); i += 3 {
		for _, each := range []int{entries[i].(int), entries[i+1].(int), len(values), 1} {
			index = binary.BigEndian.AppendUint32(index, uint32(each))
		}
		values = append(values, entries[i+2].(string)...)
	}
	blob := binary.BigEndian.AppendUint32(nil, uint32(len(index)/entrySize))
	blob = binary.BigEndian.AppendUint32(blob, uint32(len(values)))
	return append(append(blob, index...), values...)
}

func TestHeadersThatCannotBe(t *testing.T) {
	name, version := []any{tagName, typeString, "bash\x00"}, []any{tagVersion, typeString, "5\x00"}
	sound, err := parseHeader(header(append(name, version...)...))
	require.NoError(t, err)
	require.Equal(t, Package{Name: "bash", Version: Version{Version: "5"}}, sound)
	for what, blob := range map[string][]byte{
		"nothing":                     {},
		"no name":                     header(version...),
		"no version":                  header(name...),
		"a name that has no end":      header(append(version, tagName, typeString, "bash")...),
		"a name that is a number":     header(append(version, tagName, typeInt32, "bash")...),
		"an epoch that is a text":     header(append(append(version, name...), tagEpoch, typeString, "1\x00")...),
		"a time that is cut":          header(append(append(version, name...), tagInstallTime, typeInt32, "1")...),
		"more entries than there are": append([]byte{0, 0, 0, 9}, header(name...)[4:]...),
		"entries without end":         append([]byte{255, 255, 255, 255}, header(name...)[4:]...),
		"values without end":          append([]byte{0, 0, 0, 1, 255, 255, 255, 255}, header(name...)[8:]...),
	} {
		_, err := parseHeader(blob)
		require.Equal(t, fact.ReasonInvalid, fact.ReasonOf(err), "%s: %v", what, err)
	}
}

func FuzzHeader(f *testing.F) {
	f.Add(header(tagName, typeString, "bash\x00", tagVersion, typeString, "5\x00", tagEpoch, typeInt32, "\x00\x00\x00\x01"))
	f.Fuzz(func(t *testing.T, blob []byte) {
		if found, err := parseHeader(blob); err == nil {
			require.NotEmpty(t, found.Name)
			require.Less(t, len(found.Name), maximumText)
		}
	})
}

// page is one of SQLite of 512 bytes, with a kind and cells.
func page(start int, kind byte, cells ...[]byte) []byte {
	made := make([]byte, 512)
	made[start] = kind
	binary.BigEndian.PutUint16(made[start+3:], uint16(len(cells)))
	end := len(made)
	for i, cell := range cells {
		end -= len(cell)
		copy(made[end:], cell)
		pointers := start + 8
		if kind == interiorTable {
			pointers += 4
		}
		binary.BigEndian.PutUint16(made[pointers+2*i:], uint16(end))
	}
	return made
}

// tiny is a database with the table Packages, whose first page is the second.
func tiny(second ...[]byte) []byte {
	record := append([]byte{6, 23, 29, 29, 1, 13}, "tablePackagesPackages\x02x"...)
	first := page(sqliteHeaderSize, leafTable, append([]byte{byte(len(record)), 1}, record...))
	copy(first, sqliteMagic)
	binary.BigEndian.PutUint16(first[16:], 512)
	return append(first, bytes.Join(second, nil)...)
}

func packagesOf(database, log []byte) (count int, err error) {
	opened, err := openSQLite(bytes.NewReader(database), int64(len(database)), bytes.NewReader(log), int64(len(log)))
	if err == nil {
		err = opened.headers(context.Background(), func([]byte) error { count++; return nil })
	}
	return count, err
}

// TestDatabasesThatLeadInCircles: none of them takes more pages than there are.
func TestDatabasesThatLeadInCircles(t *testing.T) {
	child := func(number byte) []byte { return []byte{0, 0, 0, number, 1} }
	count, err := packagesOf(tiny(page(0, leafTable, []byte{6, 1, 3, 0, 18, 'a', 'b', 'c'})), nil)
	require.NoError(t, err)
	require.Equal(t, 1, count)
	long := append([]byte{0x90, 0x00, 1}, make([]byte, 100)...)
	circle := make([]byte, 512)
	circle[3] = 3
	copy(long[3+39:], []byte{0, 0, 0, 3})
	for name, database := range map[string][]byte{
		"a page is its own child":             tiny(page(0, interiorTable, child(2), child(2))),
		"many cells have the same child":      tiny(page(0, interiorTable, child(3), child(3), child(3), child(3)), page(0, leafTable)),
		"a page that is not there":            tiny(page(0, interiorTable, child(9))),
		"the page after the last is its own":  tiny(page(0, leafTable, long), circle),
		"a cell outside of its page":          tiny(page(0, leafTable, []byte{0xff, 0xff, 0x7f, 1})),
		"a row of other columns":              tiny(page(0, leafTable, []byte{3, 1, 2, 18, 'a'})),
		"a row whose types are not in it":     tiny(page(0, leafTable, []byte{3, 1, 9, 18, 'a'})),
		"a page of an index":                  tiny(page(0, 0x0a)),
		"a table that has no page":            tiny(),
		"more cells than a page has room for": tiny(append([]byte{leafTable, 0, 0, 255, 255}, make([]byte, 507)...)),
	} {
		_, err := packagesOf(database, nil)
		require.Equal(t, fact.ReasonInvalid, fact.ReasonOf(err), "%s: %v", name, err)
	}
}

func FuzzSQLite(f *testing.F) {
	f.Add(tiny(page(0, leafTable, []byte{6, 1, 3, 0, 18, 'a', 'b', 'c'})), []byte{})
	f.Add(tiny(page(0, interiorTable, []byte{0, 0, 0, 2, 1})), binary.BigEndian.AppendUint32(nil, logMagic))
	f.Fuzz(func(t *testing.T, database, log []byte) {
		if _, err := packagesOf(database, log); err != nil {
			require.NotEqual(t, fact.ReasonPanic, fact.ReasonOf(err))
		}
	})
}

func FuzzBerkeley(f *testing.F) {
	meta, hash := make([]byte, 512), make([]byte, 512)
	binary.LittleEndian.PutUint32(meta[12:], berkeleyMagic)
	binary.LittleEndian.PutUint32(meta[20:], 512)
	meta[32], hash[25], hash[20] = 1, berkeleyHash, 2
	copy(hash[507:], []byte{itemInline, 1, 0, 0, 0})
	copy(hash[495:], []byte{itemElsewhere, 0, 0, 0, 1, 0, 0, 0, 255, 255})
	binary.LittleEndian.PutUint16(hash[26:], 507)
	binary.LittleEndian.PutUint16(hash[28:], 495)
	f.Add(append(meta, hash...))
	f.Fuzz(func(t *testing.T, database []byte) {
		err := readBerkeley(bytes.NewReader(database), int64(len(database)), func(blob []byte) error {
			if len(blob) > maximumHeader {
				return errors.New("too large")
			}
			return nil
		})
		require.True(t, err == nil || fact.ReasonOf(err) == fact.ReasonInvalid, "%v", err)
	})
}
