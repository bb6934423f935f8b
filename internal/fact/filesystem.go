package fact

import "time"

// A Filesystem is a mounted file system of a host, or a mount that was declared and is not there.
type Filesystem struct {
	Host       string `json:"host"`
	Mountpoint string `json:"mountpoint"` // on the host
	Purpose    string `json:"purpose"`    // as declared, else "root" for / and "other" for the rest
	Mounted    bool   `json:"mounted"`    // as a file system of its own; all below is zero when it is not
	Device     string `json:"device"`
	Type       string `json:"type"`      // ext4, xfs, nfs4
	ReadOnly   bool   `json:"read_only"` // nothing can be written, for whatever reason
	// MeantReadOnly: it was mounted read-only, and did not become so by an error.
	MeantReadOnly bool `json:"meant_read_only"`

	Size      uint64 `json:"size"`      // bytes
	Free      uint64 `json:"free"`      // bytes, with those reserved for root
	Available uint64 `json:"available"` // bytes that everybody can use
	// Inodes is zero where the file system makes them as it needs them, as btrfs does.
	Inodes     uint64 `json:"inodes"`
	InodesFree uint64 `json:"inodes_free"`

	// Growth is in bytes per second, over the last hours; negative when it shrinks. GrowthKnown: it has been watched for
	// long enough to tell.
	Growth      float64   `json:"growth"`
	GrowthKnown bool      `json:"growth_known"`
	FullAt      time.Time `json:"full_at,omitzero"` // at that growth; zero when it does not grow, or in no foreseeable time
}

// NothingIsWritten tells file systems that nobody has declared and that are read-only since that is what they are for: neither
// their room nor that nothing can be written to them is a fault.
func (f *Filesystem) NothingIsWritten() bool { return f.MeantReadOnly && f.Purpose == "other" }

// AvailableRatio is the share of the file system that everybody can still use; false when its size is not known.
func (f *Filesystem) AvailableRatio() (float64, bool) { return ratio(f.Available, f.Size) }

// InodesFreeRatio is the share of free inodes; false where they are not numbered.
func (f *Filesystem) InodesFreeRatio() (float64, bool) { return ratio(f.InodesFree, f.Inodes) }

func ratio(part, whole uint64) (float64, bool) {
	if whole == 0 {
		return 0, false
	}
	return float64(part) / float64(whole), true
}

// Filesystems describes the facts of file systems.
func Filesystems() *Kind[Filesystem] {
	return &Kind[Filesystem]{
		Name:    "filesystem",
		Help:    "A file system of a host, or a mount that was declared and is not there.",
		Subject: func(f *Filesystem) string { return f.Host + ":" + f.Mountpoint },
		Labels: []Label[Filesystem]{
			{Name: "host", Value: func(f *Filesystem) string { return f.Host }},
			{Name: "mountpoint", Value: func(f *Filesystem) string { return f.Mountpoint }},
			{Name: "purpose", Value: func(f *Filesystem) string { return f.Purpose }},
		},
		Gauges: []Gauge[Filesystem]{
			{
				Name:  "filesystem_mounted",
				Help:  "Whether the file system is mounted; 0 only for one that was declared and is not there.",
				Value: func(f *Filesystem) (float64, bool) { return Bool(f.Mounted), true },
			},
			{
				Name:  "filesystem_size_bytes",
				Help:  "The size of the file system.",
				Value: func(f *Filesystem) (float64, bool) { return float64(f.Size), f.Mounted },
			},
			{
				Name:  "filesystem_available_bytes",
				Help:  "What everybody can still use of the file system; absent where nothing is meant to be written.",
				Value: func(f *Filesystem) (float64, bool) { return float64(f.Available), f.Mounted && !f.NothingIsWritten() },
			},
			{
				Name:  "filesystem_inodes",
				Help:  "The inodes of the file system, where they are numbered.",
				Value: func(f *Filesystem) (float64, bool) { return float64(f.Inodes), f.Inodes > 0 },
			},
			{
				Name: "filesystem_inodes_free",
				Help: "The free inodes of the file system, where they are numbered and something is meant to be written.",
				Value: func(f *Filesystem) (float64, bool) {
					return float64(f.InodesFree), f.Inodes > 0 && !f.NothingIsWritten()
				},
			},
			{
				Name:  "filesystem_read_only",
				Help:  "Whether nothing can be written to the file system, unless nothing is meant to be.",
				Value: func(f *Filesystem) (float64, bool) { return Bool(f.ReadOnly && !f.NothingIsWritten()), f.Mounted },
			},
			{
				Name: "filesystem_full_timestamp_seconds",
				Help: "When the file system is full at its growth of the last hours; left out when it does not grow, or has " +
					"not been observed long enough.",
				Value: func(f *Filesystem) (float64, bool) { return Timestamp(f.FullAt) },
			},
		},
	}
}
