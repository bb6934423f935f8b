package reach_test

import (
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/reach"
)

// dialled is the error of a connection to an address.
func dialled(address string, errno syscall.Errno) error {
	at, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		panic(err)
	}
	return fmt.Errorf("connect: %w", &net.OpError{Op: "dial", Net: "tcp", Addr: at, Err: os.NewSyscallError("connect", errno)})
}

func TestWhatAFailureSaysOfThisMachine(t *testing.T) {
	for _, c := range []struct {
		name                    string
		err                     error
		noRoute, unusedLoopback bool
	}{
		{"no failure", nil, false, false},
		{"no network of this kind", dialled("[2001:db8::1]:443", syscall.ENETUNREACH), true, false},
		{"no address of this kind", dialled("[2001:db8::1]:443", syscall.EADDRNOTAVAIL), true, false},
		{"no such kind of address at all", dialled("[2001:db8::1]:443", syscall.EAFNOSUPPORT), true, false},
		{"the host does not answer, which is its own", dialled("192.0.2.1:443", syscall.EHOSTUNREACH), false, false},
		{"nothing listens at the server", dialled("192.0.2.1:443", syscall.ECONNREFUSED), false, false},
		{"nothing listens here", dialled("127.0.0.1:443", syscall.ECONNREFUSED), false, true},
		{"nothing listens here over IPv6", dialled("[::1]:443", syscall.ECONNREFUSED), false, true},
		{"this machine hangs", dialled("127.0.0.1:443", syscall.ETIMEDOUT), false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.noRoute, reach.NoRoute(c.err))
			require.Equal(t, c.unusedLoopback, reach.UnusedLoopback(c.err))
		})
	}
}
