package sshd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

func broken() check.Reason {
	return check.Reason{
		Name: "broken_algorithm", Level: check.Warn, Sentence: "The SSH server offers algorithms that are broken.",
		Remedy: "Remove the lines KexAlgorithms, Ciphers, MACs and HostKeyAlgorithms that turn them on, or update the server: newer ones offer " +
			"none of them by default. Then: sshd -t && systemctl reload ssh.",
	}
}

// brokenAlgorithms are those that OpenSSH has taken out of what servers offer by default since they are broken: SHA-1 in key
// exchanges and signatures, groups of 1,024 bits, block ciphers in CBC mode, RC4, DSA, MACs of MD5 or cut to 96 bits. (Release notes of
// 6.7, 7.0, 8.2 and 8.8.) HMAC with SHA-1 is none of them.
func brokenAlgorithms() []string {
	return []string{
		"diffie-hellman-group1-sha1", "diffie-hellman-group14-sha1", "diffie-hellman-group-exchange-sha1", "rsa1024-sha1",
		"gss-group1-sha1-toWM5Slw5Ew8Mqkay+al2g==", "gss-group14-sha1-toWM5Slw5Ew8Mqkay+al2g==", "gss-gex-sha1-toWM5Slw5Ew8Mqkay+al2g==",
		"ssh-rsa", "ssh-dss", "ssh-rsa-cert-v01@openssh.com", "ssh-dss-cert-v01@openssh.com",
		"none", "des-cbc", "des-cbc@ssh.com", "3des-cbc", "blowfish-cbc", "cast128-cbc", "arcfour", "arcfour128", "arcfour256",
		"aes128-cbc", "aes192-cbc", "aes256-cbc", "rijndael-cbc@lysator.liu.se",
		"hmac-md5", "hmac-md5-96", "hmac-sha1-96", "hmac-ripemd160", "hmac-ripemd160@openssh.com",
		"hmac-md5-etm@openssh.com", "hmac-md5-96-etm@openssh.com", "hmac-sha1-96-etm@openssh.com", "hmac-ripemd160-etm@openssh.com",
	}
}

// shortestRSA is how long a key must be, in bits (NIST SP 800-131A).
const shortestRSA = 2048

// judgeAlgorithms tells what of the algorithms and the host key is broken.
func judgeAlgorithms(s *fact.SSHServer) (problems []check.Problem) {
	all := s.Algorithms
	var found []string
	for _, each := range slices.Concat(all.KeyExchanges, all.HostKeys, all.Ciphers, all.MACs) {
		if slices.Contains(brokenAlgorithms(), each) && !slices.Contains(found, each) {
			found = append(found, each)
		}
	}
	if len(found) > 0 {
		problems = append(problems, broken().Problem(fmt.Sprintf("It offers %s.", words.List(found))))
	}
	if key := s.HostKey; key != nil && key.Bits > 0 && key.Bits < shortestRSA {
		problems = append(problems, broken().Problem(fmt.Sprintf("Its host key has %d bits (limit %d).", key.Bits, shortestRSA)))
	}
	if strings.HasPrefix(s.Version, "SSH-1.") {
		problems = append(problems, broken().Problem(fmt.Sprintf("It takes version 1 of the protocol: it is %s.", s.Version)))
	}
	if terrapin(all) {
		problems = append(problems, broken().Problem(
			"Somebody between can remove messages from the beginning of a connection (CVE-2023-48795, Terrapin): it offers "+
				"chacha20-poly1305, or a cipher in CBC mode with a MAC of encrypt-then-MAC, without strict key exchange."))
	}
	return problems
}

// terrapin tells whether connections can be cut at their beginning unnoticed (CVE-2023-48795).
func terrapin(all fact.SSHAlgorithms) bool {
	if slices.Contains(all.KeyExchanges, "kex-strict-s-v00@openssh.com") {
		return false
	}
	ends := func(names []string, end string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return strings.HasSuffix(name, end) })
	}
	return slices.Contains(all.Ciphers, "chacha20-poly1305@openssh.com") ||
		ends(all.Ciphers, "-cbc") && ends(all.MACs, "-etm@openssh.com")
}
