// Package secret reads secret values from files and the environment, and keeps them from being shown.
package secret

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
)

// A Value is a secret. It prints, and is marshalled, as "<secret>"; only Reveal gives it away.
type Value struct{ text string }

// New makes a secret of a text.
func New(text string) Value { return Value{text: text} }

// Reveal gives the secret itself, to be handed to a library and nowhere else.
func (v Value) Reveal() string { return v.text }

// Empty tells whether there is no secret.
func (v Value) Empty() bool { return v.text == "" }

func (v Value) String() string { return "<secret>" }

// Format keeps every verb of fmt from showing the secret.
func (v Value) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, v.String()) }

// MarshalText keeps encoders from showing the secret.
func (v Value) MarshalText() ([]byte, error) { return []byte("<secret>"), nil }

// maximumSize is how large a file with a secret may be, in bytes.
const maximumSize = 1 << 20

// Read gives the secret in a file, without a final newline, or in an environment variable; the file is asked where both
// are named, and the empty secret is given where neither is.
func Read(file, variable string) (Value, error) {
	switch {
	case file != "":
		content, err := readfile.Read(file, maximumSize)
		if err != nil {
			return Value{}, fmt.Errorf("read secret: %w", err)
		}
		return Value{text: strings.TrimRight(string(content), "\r\n")}, nil
	case variable != "":
		text, set := os.LookupEnv(variable)
		if !set {
			return Value{}, fact.Errorf(fact.ReasonNotFound, "read secret: environment variable %s is not set", variable)
		}
		return Value{text: text}, nil
	default:
		return Value{}, nil
	}
}

// shortestPiece is how long a piece of a secret must be to be taken for one: shorter ones are words of any text.
const shortestPiece = 6

// Pieces gives a secret address and all that a program could name of it: without its kind, and each part of it.
func (v Value) Pieces() []Value {
	pieces := []Value{v}
	for _, piece := range strings.FieldsFunc(v.text, func(r rune) bool { return strings.ContainsRune(":/@?&= \t\r\n", r) }) {
		if len(piece) >= shortestPiece {
			pieces = append(pieces, Value{text: piece})
		}
	}
	return pieces
}

// Redact takes secrets out of a text, such as the error of a program that was given them.
func Redact(text string, secrets ...Value) string {
	for _, value := range secrets {
		if value.text != "" {
			text = strings.ReplaceAll(text, value.text, "<secret>")
		}
	}
	return text
}
