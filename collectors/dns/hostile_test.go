package dns

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// packets answers each packet with those that answer gives, and fails a test that asks what no client asks.
func packets(t *testing.T, answer func(asked *dns.Msg) [][]byte) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	var work sync.WaitGroup
	t.Cleanup(func() {
		conn.Close()
		work.Wait()
	})
	work.Go(func() {
		buffer := make([]byte, 4096)
		for {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			asked := new(dns.Msg)
			if err := asked.Unpack(buffer[:n]); err != nil || len(asked.Question) != 1 {
				t.Errorf("unexpected packet %x: %v", buffer[:n], err)
				return
			}
			for _, each := range answer(asked) {
				_, _ = conn.WriteTo(each, from)
			}
		}
	})
	return conn.LocalAddr().String()
}

func packed(t *testing.T, message *dns.Msg) []byte {
	t.Helper()
	bytes, err := message.Pack()
	require.NoError(t, err)
	return bytes
}

// replyTo answers a question with records.
func replyTo(asked *dns.Msg, records ...string) *dns.Msg {
	message := new(dns.Msg).SetReply(asked)
	message.Authoritative = true
	for _, each := range records {
		record, err := dns.NewRR(each)
		if err != nil {
			panic(err)
		}
		if record.Header().Rrtype == asked.Question[0].Qtype || record.Header().Rrtype == dns.TypeCNAME {
			message.Answer = append(message.Answer, record)
		}
	}
	return message
}

const (
	authority = "shop.test. 60 SOA ns1.shop.test. admin.shop.test. 7 3600 600 86400 60"
	address   = "www.shop.test. 60 A 192.0.2.10"
)

// header is a packet that answers, with a question, and what follows.
func header(asked *dns.Msg, answers uint16, rest ...byte) []byte {
	question := new(dns.Msg)
	question.Question = asked.Question
	packet, err := question.Pack()
	if err != nil {
		panic(err)
	}
	binary.BigEndian.PutUint16(packet, asked.Id)
	packet[2], packet[3] = 0x84, 0
	binary.BigEndian.PutUint16(packet[6:], answers)
	return append(packet, rest...)
}

// askAt asks a name server alone.
func askAt(t *testing.T, server string, limit time.Duration) (*fact.DomainName, error) {
	t.Helper()
	ctx, end := context.WithTimeout(t.Context(), limit)
	defer end()
	p := prober{dial: new(net.Dialer).DialContext, now: time.Now, own: func() ([]netip.AddrPort, error) {
		return nil, fact.Errorf(fact.ReasonUnsupported, "no resolver")
	}}
	return p.collect(ctx, system.Domain{Name: name, NameServers: []string{server}})
}

func TestAnswersThatCannotBeReadAreReported(t *testing.T) {
	for title, answer := range map[string]func(asked *dns.Msg) []byte{
		"a name that points to itself": func(asked *dns.Msg) []byte {
			n := byte(len(header(asked, 1)))
			return header(asked, 1, 0xc0, n, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1)
		},
		"two names that point to each other": func(asked *dns.Msg) []byte {
			n := byte(len(header(asked, 1)))
			return header(asked, 1, 0xc0, n+2, 0xc0, n, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1)
		},
		"a record that ends early":          func(asked *dns.Msg) []byte { return header(asked, 1, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192) },
		"an address without a byte":         func(asked *dns.Msg) []byte { return header(asked, 1, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 0) },
		"65,535 records that are not there": func(asked *dns.Msg) []byte { return header(asked, 65535) },
		"a header and no more":              func(asked *dns.Msg) []byte { return header(asked, 0)[:7] },
		"an error of no name": func(asked *dns.Msg) []byte {
			packet := header(asked, 0)
			packet[3] = 14
			return packet
		},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			server := packets(t, func(asked *dns.Msg) [][]byte {
				if asked.Question[0].Qtype == dns.TypeSOA {
					return [][]byte{packed(t, replyTo(asked, authority))}
				}
				return [][]byte{answer(asked)}
			})
			found, err := askAt(t, server, 30*time.Second)
			switch {
			case err != nil:
				require.Equal(t, fact.ReasonInvalid, fact.ReasonOf(err), "%v", err)
			case found.NameServers[0].Failure != nil:
				require.Equal(t, fact.ReasonFailed, found.NameServers[0].Failure.Reason)
			default:
				require.Empty(t, found.NameServers[0].Addresses)
			}
		})
	}
}

func TestAPacketThatIsLostIsSentAgain(t *testing.T) {
	var count atomic.Int32
	server := packets(t, func(asked *dns.Msg) [][]byte {
		if asked.Question[0].Qtype == dns.TypeA && count.Add(1) == 1 {
			return nil
		}
		return [][]byte{packed(t, replyTo(asked, authority, address))}
	})
	found, err := askAt(t, server, 30*time.Second)
	require.NoError(t, err)
	require.Equal(t, []string{"192.0.2.10"}, found.NameServers[0].Addresses)
}

func TestAnswersOfOthersAreNotTaken(t *testing.T) {
	server := packets(t, func(asked *dns.Msg) [][]byte {
		forged := replyTo(asked, "www.shop.test. 60 A 203.0.113.66")
		forged.Id++
		other := replyTo(asked, "www.shop.test. 60 A 203.0.113.66")
		other.Question[0].Name = "evil.test."
		echo := replyTo(asked, "www.shop.test. 60 A 203.0.113.66")
		echo.Response = false
		return [][]byte{packed(t, forged), packed(t, other), packed(t, echo), packed(t, replyTo(asked, authority, address))}
	})
	found, err := askAt(t, server, 30*time.Second)
	require.NoError(t, err)
	require.Equal(t, []string{"192.0.2.10"}, found.NameServers[0].Addresses)
}

func TestAServerThatDoesNotKnowEDNSIsAskedWithout(t *testing.T) {
	server := packets(t, func(asked *dns.Msg) [][]byte {
		if asked.IsEdns0() != nil {
			refused := new(dns.Msg).SetRcode(asked, dns.RcodeFormatError)
			refused.Question = nil
			return [][]byte{packed(t, refused)}
		}
		return [][]byte{packed(t, replyTo(asked, authority, address))}
	})
	found, err := askAt(t, server, 30*time.Second)
	require.NoError(t, err)
	require.Equal(t, []string{"192.0.2.10"}, found.NameServers[0].Addresses)
}

// TestCAAThatIsNotAnswered: an authority that gets an error issues nothing, whatever the addresses.
func TestCAAThatIsNotAnswered(t *testing.T) {
	server := packets(t, func(asked *dns.Msg) [][]byte {
		if asked.Question[0].Qtype == dns.TypeCAA {
			return [][]byte{packed(t, new(dns.Msg).SetRcode(asked, dns.RcodeServerFailure))}
		}
		return [][]byte{packed(t, replyTo(asked, authority, address))}
	})
	found, err := askAt(t, server, 30*time.Second)
	require.NoError(t, err)
	require.Equal(t, fact.ReasonFailed, found.CAAFailure.Reason)
	require.Contains(t, found.CAAFailure.Detail, "SERVFAIL")
}

func TestManyKeysAndSignaturesOfOneTagCostLittle(t *testing.T) {
	key := &dns.DNSKEY{Hdr: dns.RR_Header{Name: "shop.test.", Rrtype: dns.TypeDNSKEY, Class: dns.ClassINET}, Flags: 257, Protocol: 3, Algorithm: dns.ECDSAP256SHA256}
	_, err := key.Generate(256)
	require.NoError(t, err)
	ds := key.ToDS(dns.SHA256)
	answer := new(dns.Msg)
	for range 500 {
		answer.Answer = append(answer.Answer, dns.Copy(key), &dns.RRSIG{
			Hdr: dns.RR_Header{Name: "shop.test.", Rrtype: dns.TypeRRSIG, Class: dns.ClassINET}, TypeCovered: dns.TypeDNSKEY,
			Algorithm: key.Algorithm, Labels: 2, KeyTag: key.KeyTag(), SignerName: "shop.test.",
			Signature: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
		})
	}
	v := &validation{zone: "shop.test.", now: time.Now(), found: &fact.DNSSEC{}}
	v.trust([]*dns.DS{ds}, answer)
	require.Len(t, v.keys, mostKeys)
	require.Len(t, v.found.Faults, 1)
}

// TestAServerThatNeverEnds: over TCP it sends one byte, and then waits.
func TestAServerThatNeverEnds(t *testing.T) {
	var server string
	var listener net.Listener
	err := errors.New("not tried yet")
	for tries := 0; err != nil; tries++ { // The port that is free for UDP may not be for TCP.
		require.Less(t, tries, 100, "%v", err)
		server = packets(t, func(asked *dns.Msg) [][]byte {
			message := replyTo(asked)
			message.Truncated = true
			return [][]byte{packed(t, message)}
		})
		listener, err = net.Listen("tcp", server)
	}
	var work sync.WaitGroup
	stop := make(chan struct{})
	t.Cleanup(func() {
		close(stop)
		listener.Close()
		work.Wait()
	})
	work.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				defer conn.Close()
				_, _ = conn.Write([]byte{0xff})
				<-stop
			})
		}
	})
	begun := time.Now()
	_, err = askAt(t, server, time.Second)
	require.Equal(t, fact.ReasonTimeout, fact.ReasonOf(err), "%v", err)
	require.Less(t, time.Since(begun), 30*time.Second)
}

func TestManyNameServersAreTooMany(t *testing.T) {
	guide := packets(t, func(asked *dns.Msg) [][]byte {
		switch q := asked.Question[0]; q.Qtype {
		case dns.TypeNS:
			var records []string
			for i := range 40 {
				records = append(records, fmt.Sprintf("shop.test. 60 NS n%d.test.", i))
			}
			return [][]byte{packed(t, replyTo(asked, records...))}
		case dns.TypeA:
			if q.Name != "www.shop.test." {
				return [][]byte{packed(t, replyTo(asked, fmt.Sprintf("%s 60 A 192.0.2.%d", q.Name, len(q.Name)), fmt.Sprintf("%s 60 A 127.0.%d.1", q.Name, q.Name[1])))}
			}
		}
		return [][]byte{packed(t, replyTo(asked, authority, address))}
	})
	p := prober{dial: new(net.Dialer).DialContext, now: time.Now, port: 1}
	found, err := p.collect(t.Context(), system.Domain{Name: name, Resolvers: []string{guide}})
	require.NoError(t, err)
	require.LessOrEqual(t, len(found.NameServers), system.MaximumServers)
	require.Equal(t, []string{"192.0.2.10"}, found.Resolved().Addresses)
}

// FuzzAnswer reads whatever is sent.
func FuzzAnswer(f *testing.F) {
	asked := new(dns.Msg).SetQuestion("www.shop.test.", dns.TypeA)
	for _, records := range [][]string{{address}, {"www.shop.test. 60 CNAME www.shop.test."}, {`www.shop.test. 60 CAA 128 issue "x"`}, {authority}} {
		message := new(dns.Msg).SetReply(asked)
		for _, each := range records {
			record, err := dns.NewRR(each)
			require.NoError(f, err)
			message.Answer = append(message.Answer, record)
		}
		bytes, err := message.Pack()
		require.NoError(f, err)
		f.Add(bytes)
	}
	f.Fuzz(func(t *testing.T, packet []byte) {
		message := new(dns.Msg)
		if message.Unpack(packet) != nil {
			return
		}
		given := &reply{}
		given.read("www.shop.test.", message)
		require.LessOrEqual(t, len(given.answer.Addresses), mostAddresses)
		for _, each := range given.answer.Addresses {
			require.True(t, netip.MustParseAddr(each).IsValid())
		}
		_ = serialOf(message, "shop.test.")
		_ = caaOf("shop.test", message)
		v := &validation{zone: "shop.test.", now: time.Unix(1<<31, 0), found: &fact.DNSSEC{}}
		v.trust(recordsOf[*dns.DS](message.Answer, "shop.test."), message)
		v.keys = recordsOf[*dns.DNSKEY](message.Answer, "shop.test.")
		v.check("www.shop.test.", message.Answer, "")
	})
}
