package metrics

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"sync"
)

// A compressor makes gzip members. It keeps what it needs for that, which is large, for the next one.
type compressor struct{ writers sync.Pool }

// compress makes a gzip member. Members may follow each other in one stream (RFC 1952, section 2.2), so that each part
// of a scrape is compressed when it changes and not when it is read.
func (c *compressor) compress(content []byte) ([]byte, error) {
	var buffer bytes.Buffer
	writer, kept := c.writers.Get().(*gzip.Writer)
	if kept {
		writer.Reset(&buffer)
	} else {
		var err error
		if writer, err = gzip.NewWriterLevel(&buffer, gzip.BestSpeed); err != nil {
			return nil, fmt.Errorf("compress: %w", err)
		}
	}
	defer c.writers.Put(writer)
	if _, err := writer.Write(content); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	if err := writer.Close(); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return buffer.Bytes(), nil
}
