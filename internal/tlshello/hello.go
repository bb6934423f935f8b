// Package tlshello asks a server which versions of TLS and which cipher suites it accepts. It sends the first message of a handshake
// and reads the first flight of answers, and finishes no handshake: versions and ciphers that no library speaks any more can be
// asked for, and no secret is ever derived.
package tlshello

import (
	"crypto/rand"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
)

// A Version is a version of the protocol as it is on the wire.
type Version uint16

// The versions, oldest first.
const (
	SSL30 Version = 0x0300
	TLS10 Version = 0x0301
	TLS11 Version = 0x0302
	TLS12 Version = 0x0303
	TLS13 Version = 0x0304
)

// String names a version as people do: "TLS 1.2".
func (v Version) String() string {
	switch {
	case v == SSL30:
		return "SSL 3.0"
	case v > SSL30 && v <= TLS13:
		return fmt.Sprintf("TLS 1.%d", v-TLS10)
	default:
		return fmt.Sprintf("version %#04x", uint16(v))
	}
}

// An Offer is what a client says that it takes.
type Offer struct {
	// Version is the newest one that the client takes; TLS 1.3 is offered alone, each other one with all that are older.
	Version    Version
	Suites     []uint16
	ServerName string // in ASCII; empty, or an address: none is sent
}

// Types of records and of messages of the handshake, and extensions (RFC 8446; RFC 5246).
const (
	recordAlert     = 21
	recordHandshake = 22

	messageClientHello           = 1
	messageServerHello           = 2
	messageServerHelloDone       = 14
	extensionServerName          = 0
	extensionGroups              = 10
	extensionPointFormats        = 11
	extensionSignatures          = 13
	extensionVersions            = 43
	extensionKeyShare            = 51
	extensionRenegotiation       = 0xff01
	fallbackRecordVersion        = SSL30
	ordinaryRecordVersion        = TLS10
	longestPlaintext             = 1 << 14
	longestFlight                = 256 << 10 // of a chain of certificates, in bytes
	mostMessages                 = 64
	alertWarning           uint8 = 1
)

// bytes is the record to send.
func (o Offer) bytes() ([]byte, error) {
	random := make([]byte, 64)
	if _, err := rand.Read(random); err != nil {
		return nil, fmt.Errorf("make random bytes: %w", err)
	}
	record := ordinaryRecordVersion
	if o.Version == SSL30 {
		record = fallbackRecordVersion
	}
	b := cryptobyte.NewBuilder(nil)
	b.AddUint8(recordHandshake)
	b.AddUint16(uint16(record))
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
		b.AddUint8(messageClientHello)
		b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { o.body(b, random) })
	})
	return b.Bytes()
}

func (o Offer) body(b *cryptobyte.Builder, random []byte) {
	b.AddUint16(uint16(min(o.Version, TLS12)))
	b.AddBytes(random[:32])
	b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) {
		if o.Version == TLS13 {
			b.AddBytes(random[32:]) // as RFC 8446, D.4 wants it for boxes in between
		}
	})
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
		for _, suite := range o.Suites {
			b.AddUint16(suite)
		}
	})
	b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddUint8(0) }) // no compression
	if o.Version != SSL30 {
		b.AddUint16LengthPrefixed(o.extensions)
	}
}

func (o Offer) extensions(b *cryptobyte.Builder) {
	extension := func(kind uint16, content cryptobyte.BuilderContinuation) {
		b.AddUint16(kind)
		b.AddUint16LengthPrefixed(content)
	}
	list := func(values ...uint16) cryptobyte.BuilderContinuation {
		return func(b *cryptobyte.Builder) {
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
				for _, value := range values {
					b.AddUint16(value)
				}
			})
		}
	}
	if o.ServerName != "" {
		extension(extensionServerName, func(b *cryptobyte.Builder) {
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
				b.AddUint8(0) // a host name
				b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(o.ServerName)) })
			})
		})
	}
	extension(extensionGroups, list(0x001d, 0x0017, 0x0018, 0x0019, 0x0100)) // x25519, P-256, P-384, P-521, ffdhe2048
	extension(extensionSignatures, list(0x0403, 0x0503, 0x0603, 0x0807, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b,
		0x0401, 0x0501, 0x0601, 0x0203, 0x0201, 0x0202))
	if o.Version == TLS13 {
		extension(extensionVersions, func(b *cryptobyte.Builder) {
			b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddUint16(uint16(TLS13)) })
		})
		extension(extensionKeyShare, list()) // The server asks for one, which says that it speaks TLS 1.3 (RFC 8446, 4.2.8).
		return
	}
	extension(extensionPointFormats, func(b *cryptobyte.Builder) {
		b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddUint8(0) })
	})
	extension(extensionRenegotiation, func(b *cryptobyte.Builder) { b.AddUint8(0) })
}
