package tlshello

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"syscall"

	"golang.org/x/crypto/cryptobyte"
)

// An Answer is what a server chose of an offer; the zero value: it accepts nothing of it.
type Answer struct {
	Version Version
	Suite   uint16
}

// Accepted tells whether the server accepts something of the offer.
func (a Answer) Accepted() bool { return a.Version != 0 }

// ErrNotTLS is what speaks no TLS.
var ErrNotTLS = errors.New("the answer is no TLS")

// Ask sends an offer, and reads what the server chooses. The connection cannot be used any more afterwards. A server that ends the
// connection without a word refuses, as many do in place of an alert; so does one that chooses what was not offered.
func Ask(conn io.ReadWriter, offer Offer) (Answer, error) {
	hello, err := offer.bytes()
	if err != nil {
		return Answer{}, err
	}
	if _, err := conn.Write(hello); err != nil {
		return Answer{}, fmt.Errorf("send an offer of %s: %w", offer.Version, err)
	}
	answer, err := offer.read(conn)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, errRefused):
		return Answer{}, nil
	case err != nil:
		return Answer{}, fmt.Errorf("read the answer to an offer of %s: %w", offer.Version, err)
	}
	return answer, nil
}

// errRefused is an alert, or an answer that no client would go on with.
var errRefused = errors.New("refused")

// read reads the first flight: of TLS 1.3 what is in the clear, of older versions all that the server sends before it waits for the
// client. A server that chooses a version and then ends does not accept it.
func (o Offer) read(conn io.Reader) (answer Answer, err error) {
	flight := &flight{records: bufio.NewReader(io.LimitReader(conn, longestFlight))}
	for range mostMessages {
		kind, body, err := flight.message()
		switch {
		case err != nil:
			return Answer{}, err
		case kind == messageServerHello && !answer.Accepted():
			if answer, err = o.choice(body); err != nil || answer.Version == TLS13 {
				return answer, err
			}
		case !answer.Accepted():
			return Answer{}, ErrNotTLS
		case kind == messageServerHelloDone:
			return answer, nil
		}
	}
	return Answer{}, ErrNotTLS
}

// choice reads a ServerHello (RFC 5246, 7.4.1.3; RFC 8446, 4.1.3).
func (o Offer) choice(body []byte) (answer Answer, err error) {
	message := cryptobyte.String(body)
	var session, extensions cryptobyte.String
	var version uint16
	if !message.ReadUint16(&version) || !message.Skip(32) || !message.ReadUint8LengthPrefixed(&session) ||
		!message.ReadUint16(&answer.Suite) || !message.Skip(1) {
		return Answer{}, ErrNotTLS
	}
	if !message.Empty() && !message.ReadUint16LengthPrefixed(&extensions) {
		return Answer{}, ErrNotTLS
	}
	for !extensions.Empty() {
		var kind uint16
		var content cryptobyte.String
		if !extensions.ReadUint16(&kind) || !extensions.ReadUint16LengthPrefixed(&content) ||
			kind == extensionVersions && !content.ReadUint16(&version) {
			return Answer{}, ErrNotTLS
		}
	}
	answer.Version = Version(version)
	offered := answer.Version >= SSL30 && answer.Version <= o.Version && (answer.Version == TLS13) == (o.Version == TLS13)
	if !offered || !slices.Contains(o.Suites, answer.Suite) {
		return Answer{}, errRefused
	}
	return answer, nil
}

// A flight is the messages of a server, which records carry in pieces.
type flight struct {
	records *bufio.Reader
	pending []byte
}

// message gives the next message of the handshake.
func (f *flight) message() (kind uint8, body []byte, err error) {
	for {
		rest := cryptobyte.String(f.pending)
		var content cryptobyte.String
		if rest.ReadUint8(&kind) && rest.ReadUint24LengthPrefixed(&content) {
			f.pending = rest
			return kind, content, nil
		}
		if err := f.record(); err != nil {
			return 0, nil, err
		}
	}
}

// record adds what the next record carries. A warning says nothing of the offer: a server may send one that it does not know the
// name, and go on.
func (f *flight) record() error {
	var header [5]byte
	if _, err := io.ReadFull(f.records, header[:]); err != nil {
		return err
	}
	length := int(header[3])<<8 | int(header[4])
	if header[1] != 3 || length == 0 || length > longestPlaintext {
		return ErrNotTLS
	}
	content := make([]byte, length)
	if _, err := io.ReadFull(f.records, content); err != nil {
		return err
	}
	switch {
	case header[0] == recordHandshake:
		f.pending = append(f.pending, content...)
		return nil
	case header[0] != recordAlert || length != 2:
		return ErrNotTLS
	case content[0] == alertWarning && content[1] != 0:
		return nil
	default:
		return errRefused // by a fatal alert, or by the polite end of the connection
	}
}
