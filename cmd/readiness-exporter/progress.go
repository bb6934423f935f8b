package main

import (
	"fmt"
	"io"
	"os"

	"github.com/mattn/go-isatty"
)

// A progress shows on a terminal how far a round is, on one line that is gone afterwards.
type progress struct {
	terminal io.Writer // nil where nobody watches
}

func newProgress(stderr io.Writer) progress {
	if file, isFile := stderr.(*os.File); isFile && isatty.IsTerminal(file.Fd()) {
		return progress{terminal: file}
	}
	return progress{}
}

func (p progress) show(done, all int) {
	if p.terminal != nil {
		fmt.Fprintf(p.terminal, "\r\x1b[KCollecting: %d of %d", done, all)
	}
}

func (p progress) clear() {
	if p.terminal != nil {
		fmt.Fprint(p.terminal, "\r\x1b[K")
	}
}
