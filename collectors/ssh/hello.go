package ssh

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// A hello is what a server sends before anything is encrypted.
type hello struct {
	answered   bool   // it identified itself as an SSH server
	before     string // the first line before that, where there was one
	version    string
	algorithms fact.SSHAlgorithms // empty where they did not come, or not whole
}

const (
	// maximumHello is what is kept of it, in bytes: lines before the identification (RFC 4253, 4.2), and one packet of the size
	// that everybody must take (6.1).
	maximumHello = 128 << 10
	// maximumNames bounds the names of one list, and longestName each of them (RFC 4250, 4.6.1), in bytes.
	maximumNames, longestName = 200, 64
	// longestVersion bounds the identification, in bytes.
	longestVersion = 255
	// keyExchangeInit is the number of the message that lists algorithms (RFC 4253, 7.1).
	keyExchangeInit = 20
)

// readHello reads the identification and the lists of algorithms from the beginning of what a server sent. There may be any lines
// before the identification.
func readHello(heard []byte) (h hello) {
	for {
		line, rest, whole := bytes.Cut(heard, []byte("\n"))
		text := words.Printable(strings.TrimRight(string(line[:min(len(line), 2*longestVersion)]), "\r"), longestVersion)
		if whole && strings.HasPrefix(text, "SSH-") {
			h.answered, h.version, h.algorithms = true, text, readAlgorithms(rest)
			return h
		}
		if h.before == "" {
			h.before = text
		}
		if !whole {
			return h
		}
		heard = rest
	}
}

// readAlgorithms reads the first packet (RFC 4253, 6): its length, that of its padding, and the message, which lists names.
func readAlgorithms(packet []byte) (found fact.SSHAlgorithms) {
	const head, cookie = 5, 16
	if len(packet) < head {
		return found
	}
	length, padding := binary.BigEndian.Uint32(packet), uint32(packet[4])
	if uint64(length)+4 > uint64(len(packet)) || length < padding+1 {
		return found
	}
	message := packet[head : 4+length-padding]
	if len(message) < 1+cookie || message[0] != keyExchangeInit {
		return found
	}
	message = message[1+cookie:]
	var lists [6][]string // Of further ones, on compression and languages, nothing is known that is broken.
	for i := range lists {
		var whole bool
		if lists[i], message, whole = cutNames(message); !whole {
			return fact.SSHAlgorithms{}
		}
	}
	return fact.SSHAlgorithms{
		KeyExchanges: lists[0], HostKeys: lists[1], Ciphers: union(lists[2], lists[3]), MACs: union(lists[4], lists[5]),
	}
}

// cutNames takes a list of names (RFC 4251, 5) from the beginning of a message.
func cutNames(message []byte) (names []string, rest []byte, whole bool) {
	if len(message) < 4 {
		return nil, nil, false
	}
	length := binary.BigEndian.Uint32(message)
	if uint64(length) > uint64(len(message)-4) {
		return nil, nil, false
	}
	text, rest := string(message[4:4+length]), message[4+length:]
	if text == "" {
		return nil, rest, true
	}
	return printable(strings.SplitN(text, ",", maximumNames+1)), rest, true
}

// printable makes names from outside fit for pages, and leaves out those beyond what any server has.
func printable(names []string) []string {
	shown := make([]string, min(len(names), maximumNames))
	for i := range shown {
		shown[i] = words.Printable(names[i], longestName)
	}
	return shown
}

// union has what is in one of two lists, in their order.
func union(a, b []string) []string {
	for _, name := range b {
		if !slices.Contains(a, name) {
			a = append(a, name)
		}
	}
	return a
}
