package main

import (
	"io"
	"os"
)

// An output remembers the first error of writing to it, so that a full disk or a closed pipe ends no command with success.
type output interface {
	io.Writer
	failure() error
}

// checked makes an output of a writer. What is written to a terminal is still seen to be.
func checked(w io.Writer) output {
	if file, is := w.(*os.File); is {
		return &checkedFile{File: file}
	}
	return &checkedWriter{Writer: w}
}

type checkedWriter struct {
	io.Writer
	err error
}

func (w *checkedWriter) Write(content []byte) (int, error) {
	n, err := w.Writer.Write(content)
	if err != nil && w.err == nil {
		w.err = err
	}
	return n, err
}

func (w *checkedWriter) failure() error { return w.err }

type checkedFile struct {
	*os.File
	err error
}

func (f *checkedFile) Write(content []byte) (int, error) {
	n, err := f.File.Write(content)
	if err != nil && f.err == nil {
		f.err = err
	}
	return n, err
}

func (f *checkedFile) failure() error { return f.err }
