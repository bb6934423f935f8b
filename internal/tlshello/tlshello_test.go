package tlshello_test

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/tlshello"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// TestARealServerAnswers has crypto/tls read each offer, and its answer read.
func TestARealServerAnswers(t *testing.T) {
	certificate := world.NewCA(t, world.Spec{}).Issue(t, world.Spec{DNSNames: []string{"shop.test"}, Key: world.RSA2048})
	for name, c := range map[string]struct {
		offer    tlshello.Offer
		minimum  uint16
		maximum  uint16
		suites   []uint16
		accepted tlshello.Version
	}{
		"TLS 1.3 alone":                            {tlshello.Offer{Version: tlshello.TLS13, Suites: tlshello.Modern()}, tls.VersionTLS12, tls.VersionTLS13, nil, tlshello.TLS13},
		"TLS 1.3 where there is none":              {tlshello.Offer{Version: tlshello.TLS13, Suites: tlshello.Modern()}, tls.VersionTLS12, tls.VersionTLS12, nil, 0},
		"TLS 1.2 of a server that knows 1.3":       {tlshello.Offer{Version: tlshello.TLS12, Suites: tlshello.Common()}, tls.VersionTLS12, tls.VersionTLS13, nil, tlshello.TLS12},
		"TLS 1.1 where it is too old":              {tlshello.Offer{Version: tlshello.TLS11, Suites: tlshello.Common()}, tls.VersionTLS12, tls.VersionTLS13, nil, 0},
		"TLS 1.1 where it is accepted":             {tlshello.Offer{Version: tlshello.TLS11, Suites: tlshello.Common()}, tls.VersionTLS10, tls.VersionTLS13, nil, tlshello.TLS11},
		"TLS 1.1 of a server of 1.0":               {tlshello.Offer{Version: tlshello.TLS11, Suites: tlshello.Common()}, tls.VersionTLS10, tls.VersionTLS10, nil, tlshello.TLS10},
		"TLS 1.2 where only keys of RSA are taken": {tlshello.Offer{Version: tlshello.TLS12, Suites: tlshello.Common()}, tls.VersionTLS12, tls.VersionTLS12, []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}, tlshello.TLS12},
		"broken suites where none is accepted":     {tlshello.Offer{Version: tlshello.TLS12, Suites: tlshello.Broken()}, tls.VersionTLS10, tls.VersionTLS12, []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}, 0},
		"broken suites where one is accepted":      {tlshello.Offer{Version: tlshello.TLS12, Suites: tlshello.Broken()}, tls.VersionTLS10, tls.VersionTLS12, []uint16{tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA}, tlshello.TLS12},
	} {
		t.Run(name, func(t *testing.T) {
			server := world.NewTLSServer(t, certificate, func(config *tls.Config) {
				config.MinVersion, config.MaxVersion, config.CipherSuites = c.minimum, c.maximum, c.suites
				own := config.GetCertificate
				config.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
					if hello.ServerName != "shop.test" {
						t.Errorf("the name is %q", hello.ServerName)
					}
					return own(hello)
				}
			})
			conn, err := net.Dial("tcp", server.Addr)
			require.NoError(t, err)
			defer conn.Close()
			c.offer.ServerName = "shop.test"
			answer, err := tlshello.Ask(conn, c.offer)
			require.NoError(t, err)
			require.Equal(t, c.accepted, answer.Version)
			require.Equal(t, c.accepted != 0, answer.Accepted())
		})
	}
}

// A script is what a server answers, whatever it is asked.
type script struct{ io.Reader }

func (script) Write(p []byte) (int, error) { return len(p), nil }

func record(kind byte, content ...byte) []byte {
	return slices.Concat([]byte{kind, 3, 1, byte(len(content) >> 8), byte(len(content))}, content)
}

// chooses is a ServerHello.
func chooses(version tlshello.Version, suite uint16, extensions ...byte) []byte {
	body := slices.Concat([]byte{byte(version >> 8), byte(version)}, make([]byte, 32), []byte{0, byte(suite >> 8), byte(suite), 0})
	if len(extensions) > 0 {
		body = slices.Concat(body, []byte{0, byte(len(extensions))}, extensions)
	}
	return slices.Concat([]byte{2, 0, 0, byte(len(body))}, body)
}

func TestOddAnswers(t *testing.T) {
	const good = 0x002f
	done := []byte{14, 0, 0, 0}
	whole := slices.Concat(chooses(tlshello.TLS10, good), done)
	fatal := record(21, 2, 70)
	for name, c := range map[string]struct {
		answer   []byte
		accepted tlshello.Version
		fault    string
	}{
		"a flight in one record":                               {answer: record(22, whole...), accepted: tlshello.TLS10},
		"a flight of which each byte is a record":              {answer: bytewise(whole), accepted: tlshello.TLS10},
		"a warning, and then the flight":                       {answer: slices.Concat(record(21, 1, 112), record(22, whole...)), accepted: tlshello.TLS10},
		"a warning, and then a fatal alert":                    {answer: slices.Concat(record(21, 1, 112), fatal)},
		"a fatal alert":                                        {answer: fatal},
		"a polite end":                                         {answer: record(21, 1, 0)},
		"an end without a word":                                {},
		"an end within a record":                               {answer: record(22, whole...)[:20]},
		"a choice, and then the end":                           {answer: record(22, chooses(tlshello.TLS10, good)...)},
		"a choice, and then an alert":                          {answer: slices.Concat(record(22, chooses(tlshello.TLS10, good)...), fatal)},
		"a version that was not offered":                       {answer: record(22, slices.Concat(chooses(tlshello.TLS12, good), done)...)},
		"one by its extension":                                 {answer: record(22, slices.Concat(chooses(tlshello.TLS12, good, 0, 43, 0, 2, 3, 4), done)...)},
		"a suite that was not offered":                         {answer: record(22, slices.Concat(chooses(tlshello.TLS10, 0x1301), done)...)},
		"HTTP in the clear, of a port that speaks both":        {answer: []byte("HTTP/1.1 400 Bad Request\r\n\r\n"), fault: "the answer is no TLS"},
		"a banner of SSH":                                      {answer: []byte("SSH-2.0-OpenSSH_9.2\r\n"), fault: "the answer is no TLS"},
		"a message without end":                                {answer: bytes.Repeat(record(22, append([]byte{11, 0xff, 0xff, 0xff}, make([]byte, 16000)...)...), 30)},
		"messages without end":                                 {answer: bytes.Repeat(record(22, 2, 0, 0, 0), 100), fault: "the answer is no TLS"},
		"a flight without end":                                 {answer: slices.Concat(record(22, chooses(tlshello.TLS10, good)...), bytes.Repeat(record(22, 11, 0, 0, 0), 100)), fault: "the answer is no TLS"},
		"a choice that is cut within":                          {answer: record(22, 2, 0, 0, 3, 3, 1, 0), fault: "the answer is no TLS"},
		"a choice with an extension that is longer than it is": {answer: record(22, chooses(tlshello.TLS10, good, 0, 43, 0, 9, 3, 4)...), fault: "the answer is no TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			offer := tlshello.Offer{Version: tlshello.TLS11, Suites: tlshello.Common()}
			answer, err := tlshello.Ask(script{iotest.OneByteReader(bytes.NewReader(c.answer))}, offer)
			if c.fault != "" {
				require.ErrorContains(t, err, c.fault)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.accepted, answer.Version)
		})
	}
	_, err := tlshello.Ask(script{iotest.TimeoutReader(iotest.OneByteReader(bytes.NewReader(fatal)))}, tlshello.Offer{Version: tlshello.SSL30, Suites: tlshello.Broken()})
	require.ErrorIs(t, err, iotest.ErrTimeout, "what hangs has not refused")
}

func bytewise(all []byte) (records []byte) {
	for _, each := range all {
		records = append(records, record(22, each)...)
	}
	return records
}

func TestNames(t *testing.T) {
	require.Equal(t, "SSL 3.0, TLS 1.0, TLS 1.3, version 0x7f1c",
		tlshello.SSL30.String()+", "+tlshello.TLS10.String()+", "+tlshello.TLS13.String()+", "+tlshello.Version(0x7f1c).String())
	require.Equal(t, "RSA_WITH_RC4_128_SHA", tlshello.SuiteName(5))
	require.Equal(t, "0x1301", tlshello.SuiteName(0x1301))
}

// FuzzAsk wants an answer of what was offered, or an error, of whatever a server sends.
func FuzzAsk(f *testing.F) {
	f.Add(record(22, slices.Concat(chooses(tlshello.TLS10, 0x002f), []byte{14, 0, 0, 0})...), uint16(tlshello.TLS11))
	f.Add(record(22, chooses(tlshello.TLS12, 0x1301, 0, 43, 0, 2, 3, 4)...), uint16(tlshello.TLS13))
	f.Add([]byte("HTTP/1.1 400 Bad Request\r\n"), uint16(tlshello.TLS12))
	f.Fuzz(func(t *testing.T, sent []byte, version uint16) {
		offer := tlshello.Offer{Version: tlshello.Version(version%5) + tlshello.SSL30, Suites: slices.Concat(tlshello.Common(), tlshello.Modern())}
		answer, err := tlshello.Ask(script{bytes.NewReader(sent)}, offer)
		if answer.Accepted() && (err != nil || answer.Version > offer.Version || !slices.Contains(offer.Suites, answer.Suite)) {
			t.Fatalf("%v of %v: %v", answer, offer.Version, err)
		}
	})
}
