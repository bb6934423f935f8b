// Package shard splits the systems of one configuration among several exporters, none of which asks another: each finds out
// by itself which systems are its own, and which exporter has the others.
package shard

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// A Shard is one of several exporters that share the systems of a configuration.
type Shard struct {
	Index int // from 0
	Count int
	// addresses are where browsers reach each shard; nil: nobody said.
	addresses []string
}

// Of is the shard, of so many, that a system belongs to: the one for which the hash of both is the highest (rendezvous
// hashing). One shard more takes its share of the systems from all others, and moves none between those.
func Of(system string, count int) int {
	of, highest := 0, uint64(0)
	for i := range count {
		sum := sha256.Sum256([]byte(system + "/" + strconv.Itoa(i)))
		if weight := binary.BigEndian.Uint64(sum[:8]); weight > highest {
			of, highest = i, weight
		}
	}
	return of
}

// Has tells whether a system belongs to the shard.
func (s *Shard) Has(system string) bool { return Of(system, s.Count) == s.Index }

// Address is where browsers reach a shard; empty where nobody said.
func (s *Shard) Address(index int) string {
	if s.addresses == nil {
		return ""
	}
	return s.addresses[index]
}

// placeholder stands for the number of a shard in an address.
const placeholder = "{shard}"

// Addressed is the shard with the addresses of all: one for each shard in their order, or one in which {shard} stands for
// the number.
func (s *Shard) Addressed(addresses []string) (*Shard, error) {
	if len(addresses) == 0 {
		return s, nil
	}
	if len(addresses) == 1 && strings.Contains(addresses[0], placeholder) {
		template := addresses[0]
		addresses = make([]string, s.Count)
		for i := range addresses {
			addresses[i] = strings.ReplaceAll(template, placeholder, strconv.Itoa(i))
		}
	}
	if len(addresses) != s.Count {
		return nil, fmt.Errorf("given %d times for %d shards: expected one for each in their order, or one with %s in it",
			len(addresses), s.Count, placeholder)
	}
	addressed := &Shard{Index: s.Index, Count: s.Count}
	for i, address := range addresses {
		parsed, err := url.Parse(address)
		if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.User != nil {
			// Not the address itself, in which there may be a password.
			return nil, fmt.Errorf("of shard %d: expected an address such as https://readiness-%s.example.com", i, placeholder)
		}
		addressed.addresses = append(addressed.addresses, strings.TrimRight(address, "/"))
	}
	return addressed, nil
}

// Ordinal reads the number at the end of a pod's name, as a StatefulSet gives it. One that is beyond the shards is another
// replica of one of them: of ten pods for five shards, two have each.
func Ordinal(hostname string, count int) (int, error) {
	name, _, _ := strings.Cut(hostname, ".")
	at := strings.LastIndex(name, "-")
	ordinal, err := strconv.ParseUint(name[at+1:], 10, 31)
	if at < 1 || err != nil {
		return 0, errors.New("it ends in no number, as those of a StatefulSet do")
	}
	return int(ordinal) % count, nil
}
