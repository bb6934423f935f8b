package image

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// bounds are how much is read of a layer, and kept of all.
type bounds struct {
	compressed int64 // bytes
	unpacked   int64 // bytes
	ratio      int64 // of unpacked to compressed bytes, beyond trusted
	trusted    int64 // unpacked bytes
	entries    int
	keptLayers int
}

func usualBounds() bounds {
	return bounds{compressed: 4 << 30, unpacked: 16 << 30, ratio: 100, trusted: 256 << 20, entries: 1_000_000, keptLayers: 1000}
}

// A layer is what is kept of one.
type layer struct {
	unpacked int64 // bytes of all files
	found    map[fact.ImageRule]*matches
	removed  []string // what it removes of the layers before it
	emptied  []string // folders that it empties of what the layers before it have
	packages packages
	refused  error // why it is not read to its end: it never will be
}

// matches are files of one rule.
type matches struct {
	paths []string
	more  int
}

const (
	keptPaths   = 5    // of one rule in one layer
	longestPath = 300  // bytes
	keptRemoved = 5000 // paths that a layer removes
)

// layers are those that have been read, by their digests: many images share those that they are built on.
type layers struct {
	most int

	mu      sync.Mutex
	known   map[v1.Hash]*layer
	order   []v1.Hash // the one that was used last is last
	reading map[v1.Hash]chan struct{}
}

func newLayers(most int) *layers {
	return &layers{most: most, known: make(map[v1.Hash]*layer), reading: make(map[v1.Hash]chan struct{})}
}

// claim gives a layer that is known, or has the caller read it; others wait until it calls done.
func (l *layers) claim(ctx context.Context, digest v1.Hash) (known *layer, done func(read *layer), err error) {
	for {
		l.mu.Lock()
		if known := l.known[digest]; known != nil {
			l.use(digest)
			l.mu.Unlock()
			return known, nil, nil
		}
		others := l.reading[digest]
		if others == nil {
			l.reading[digest] = make(chan struct{})
			l.mu.Unlock()
			return nil, func(read *layer) { l.put(digest, read) }, nil
		}
		l.mu.Unlock()
		select {
		case <-others:
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		}
	}
}

// put keeps a layer; nil: it could not be read.
func (l *layers) put(digest v1.Hash, read *layer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.reading[digest])
	delete(l.reading, digest)
	if read == nil {
		return
	}
	l.known[digest] = read
	l.use(digest)
	if len(l.order) > l.most {
		delete(l.known, l.order[0])
		l.order = l.order[1:]
	}
}

func (l *layers) use(digest v1.Hash) {
	kept := make([]v1.Hash, 0, len(l.order)+1)
	for _, each := range l.order {
		if each != digest {
			kept = append(kept, each)
		}
	}
	l.order = append(kept, digest)
}

// layer reads a layer, unless it is known.
func (r *reader) layer(ctx context.Context, d *door, described v1.Descriptor) (read *layer, err error) {
	known, done, err := r.layers.claim(ctx, described.Digest)
	if err != nil {
		return nil, err
	}
	if known != nil {
		return known, known.refused
	}
	defer func() { done(read) }()
	if kind := string(described.MediaType); strings.Contains(kind, "foreign") || strings.Contains(kind, "nondistributable") ||
		strings.HasSuffix(kind, "+encrypted") {
		return nil, fact.Errorf(fact.ReasonUnsupported, "layers of this type are not read: the registry does not hold them in the clear")
	}
	read, err = r.stream(ctx, d, described)
	if refused := new(refusal); errors.As(err, &refused) {
		return &layer{refused: refused}, refused
	}
	return read, err
}

// A refusal is the error of a layer that is beyond the bounds.
type refusal struct{ error }

// Unwrap gives the error beneath.
func (r *refusal) Unwrap() error { return r.error }

func refuse(format string, values ...any) error {
	return &refusal{fact.Errorf(fact.ReasonUnsupported, format, values...)}
}

func (r *reader) stream(ctx context.Context, d *door, described v1.Descriptor) (*layer, error) {
	if described.Size > r.bounds.compressed {
		return nil, refuse("it has %s, and at most %s are read",
			quantity.BytesInWords(float64(described.Size)), quantity.BytesInWords(float64(r.bounds.compressed)))
	}
	from, err := d.blob(ctx, described.Digest)
	if err == nil {
		defer from.Close()
		counted := &meter{
			from: from, most: min(described.Size, r.bounds.compressed), past: fact.Errorf(fact.ReasonInvalid, "it is longer than its manifest says"),
		}
		read := &layer{found: make(map[fact.ImageRule]*matches)}
		if err = r.read(counted, read); err == nil {
			return read, nil
		}
	}
	var own *fact.Error
	var refused *refusal
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case isAbsent(err), errors.As(err, &refused), errors.As(err, &own):
		return nil, err
	}
	if explained := d.explain(ctx, "download", err); fact.ReasonOf(explained) != fact.ReasonInvalid {
		return nil, explained
	}
	return nil, fact.Errorf(fact.ReasonInvalid, "what %s sends is no layer, or not the one that was asked for", d.host)
}

// read reads a compressed layer to its end, where its digest is checked.
func (r *reader) read(compressed *meter, into *layer) error {
	unpacked, end, err := unpack(compressed)
	if err != nil {
		return err
	}
	defer end()
	limited := &meter{
		from: unpacked, most: r.bounds.unpacked,
		past: refuse("more than %s unpacked are not read", quantity.BytesInWords(float64(r.bounds.unpacked))),
		check: func(n int64) error {
			if n > r.bounds.trusted && n > r.bounds.ratio*compressed.read {
				return refuse("it unpacks to more than %d times its size", r.bounds.ratio)
			}
			return nil
		},
	}
	archive := tar.NewReader(limited)
	for entries := 0; ; entries++ {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("read the archive: %w", err)
		}
		if entries >= r.bounds.entries {
			return refuse("more than %d files are not read", r.bounds.entries)
		}
		if err := into.add(header, archive); err != nil {
			return err
		}
	}
	if _, err := io.Copy(io.Discard, limited); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, compressed)
	return err
}

// maximumWindow is how much memory a layer in Zstandard may take to be unpacked.
const maximumWindow = 64 << 20

// unpack tells the compression by what the layer begins with, whatever its media type says.
func unpack(from io.Reader) (unpacked io.Reader, end func(), err error) {
	buffered := bufio.NewReaderSize(from, 64<<10)
	magic, err := buffered.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	skippable := len(magic) == 4 && magic[0]&0xf0 == 0x50 && bytes.Equal(magic[1:], []byte{0x2a, 0x4d, 0x18}) // RFC 8878, 3.1.2
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		reader, err := gzip.NewReader(buffered)
		return reader, func() {}, err
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}), skippable:
		reader, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maximumWindow), zstd.WithDecoderMaxMemory(maximumWindow))
		if err != nil {
			return nil, nil, err
		}
		return reader, reader.Close, nil
	default:
		return buffered, func() {}, nil
	}
}

// A meter counts what is read, and bounds it.
type meter struct {
	from  io.Reader
	read  int64
	most  int64
	past  error               // of more
	check func(n int64) error // nil: nothing further is checked
}

// Read gives an error beyond the bound.
func (m *meter) Read(p []byte) (int, error) {
	n, err := m.from.Read(p)
	m.read += int64(n)
	if m.read > m.most {
		return 0, m.past
	}
	if m.check != nil {
		if failed := m.check(m.read); failed != nil {
			return 0, failed
		}
	}
	return n, err
}

// A whiteout marks what a layer removes (https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts).
const (
	whiteout = ".wh."
	opaque   = ".wh..wh..opq"
)

// add notes what one entry of the archive tells.
func (l *layer) add(header *tar.Header, content io.Reader) error {
	name := strings.TrimPrefix(path.Clean("/"+header.Name), "/")
	folder, base := path.Split(name)
	folder = strings.TrimSuffix(folder, "/")
	if removed, is := strings.CutPrefix(base, whiteout); is {
		switch {
		case len(l.removed)+len(l.emptied) >= keptRemoved:
		case base == opaque:
			l.emptied = append(l.emptied, folder)
		case !strings.HasPrefix(removed, whiteout):
			l.removed = append(l.removed, path.Join(folder, removed))
		}
		return nil
	}
	if header.Typeflag == tar.TypeReg {
		l.unpacked = min(l.unpacked+max(0, header.Size), maximumSize)
	}
	if err := l.packages.add(name, header, content); err != nil {
		return err
	}
	rule, err := ruleOf(name, header, content)
	if rule != "" {
		l.match(rule, name)
	}
	return err
}

func (l *layer) match(rule fact.ImageRule, name string) {
	found := l.found[rule]
	if found == nil {
		found = &matches{}
		l.found[rule] = found
	}
	found.add(name)
}
