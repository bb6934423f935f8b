package rpm

import (
	"bytes"
	"encoding/binary"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// A Package is one that is installed.
type Package struct {
	Name, Architecture string
	Vendor             string // "Red Hat, Inc."
	Module             string // of what stream of a module it is: "nodejs:18:8080020230:63b34585"; empty: of none
	Version            Version
	InstalledAt        time.Time
}

// The tags of a header that are of concern (rpmtag.h), and the types of their values.
const (
	tagName        = 1000
	tagVersion     = 1001
	tagRelease     = 1002
	tagEpoch       = 1003
	tagInstallTime = 1008
	tagVendor      = 1011
	tagArch        = 1022
	tagModule      = 5096

	typeInt32  = 4
	typeString = 6
)

// The sizes of a header: its introduction, an entry of its index, and the bounds of rpm itself and of texts that are of concern.
const (
	introSize     = 8
	entrySize     = 16
	maximumTags   = 1 << 16
	maximumText   = 1 << 10
	maximumHeader = 64 << 20
)

// parseHeader reads a header as a database keeps it (rpm's docs/manual/hregions.md): how many entries its index has, how many bytes
// follow it, the index, the values.
func parseHeader(blob []byte) (Package, error) {
	if len(blob) < introSize {
		return Package{}, malformed("a header has %d bytes", len(blob))
	}
	count, size := uint64(binary.BigEndian.Uint32(blob)), uint64(binary.BigEndian.Uint32(blob[4:]))
	if count > maximumTags || introSize+count*entrySize+size > uint64(len(blob)) {
		return Package{}, malformed("a header of %d bytes claims to have %d entries and %d bytes of values", len(blob), count, size)
	}
	index, values := blob[introSize:introSize+count*entrySize], blob[introSize+count*entrySize:][:size]
	var found Package
	texts := map[uint32]*string{
		tagName: &found.Name, tagVersion: &found.Version.Version, tagRelease: &found.Version.Release, tagVendor: &found.Vendor,
		tagArch: &found.Architecture, tagModule: &found.Module,
	}
	for ; len(index) > 0; index = index[entrySize:] {
		tag, sort, offset := binary.BigEndian.Uint32(index), binary.BigEndian.Uint32(index[4:]), uint64(binary.BigEndian.Uint32(index[8:]))
		text, isText := texts[tag]
		switch {
		case isText && sort == typeString && offset < size:
			value, _, ended := bytes.Cut(values[offset:min(size, offset+maximumText)], []byte{0})
			if !ended {
				return Package{}, malformed("the value of the tag %d has no end", tag)
			}
			*text = string(value)
		case tag == tagEpoch && sort == typeInt32 && offset+4 <= size:
			found.Version.Epoch = binary.BigEndian.Uint32(values[offset:])
		case tag == tagInstallTime && sort == typeInt32 && offset+4 <= size:
			found.InstalledAt = time.Unix(int64(binary.BigEndian.Uint32(values[offset:])), 0).UTC()
		case isText || tag == tagEpoch || tag == tagInstallTime:
			return Package{}, malformed("the tag %d is of the type %d at %d of %d bytes", tag, sort, offset, size)
		}
	}
	if found.Name == "" || found.Version.Version == "" {
		return Package{}, malformed("a header has no name or no version")
	}
	return found, nil
}

func malformed(format string, values ...any) error {
	return fact.Errorf(fact.ReasonInvalid, "malformed: "+format, values...)
}
