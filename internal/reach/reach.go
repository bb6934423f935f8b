// Package reach tells what a connection that failed says of this machine, and not of the server, and which addresses are near it.
package reach

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
)

// NoRoute says that this machine cannot reach any such address, as where it has IPv4 only: clients then take another
// address, and nothing is said of the server.
func NoRoute(err error) bool {
	return errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT)
}

// UnusedLoopback says that nothing listens at one of this machine's own addresses. Where something does at another, that is no
// fault: a server on 127.0.0.1 need not listen on ::1 too.
func UnusedLoopback(err error) bool {
	var dialled *net.OpError
	if !errors.As(err, &dialled) || dialled.Addr == nil || !errors.Is(err, syscall.ECONNREFUSED) {
		return false
	}
	address, parse := netip.ParseAddrPort(dialled.Addr.String())
	return parse == nil && address.Addr().IsLoopback()
}

// Near tells whether an address is this machine's own or of its network segment, where services listen that trust whoever is near:
// nobody else may name one to be asked.
func Near(address netip.Addr) bool {
	address = address.Unmap()
	return address.IsLoopback() || address.IsLinkLocalUnicast() || address.IsUnspecified() || address.IsMulticast()
}
