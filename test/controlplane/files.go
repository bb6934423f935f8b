package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// An authority signs all certificates of one control plane.
type authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
	pem         []byte
}

// writeFiles makes what components need to know and to trust each other.
func writeFiles(dir, server string) error {
	ca, err := newAuthority()
	if err != nil {
		return fmt.Errorf("make a certificate authority: %w", err)
	}
	if err := writeKeyPair(dir, "ca", ca.pem, ca.key); err != nil {
		return err
	}
	if err := ca.writeServer(dir); err != nil {
		return err
	}
	if err := writeServiceAccounts(dir); err != nil {
		return err
	}
	for file, subject := range map[string]pkix.Name{
		"admin":               {CommonName: "admin", Organization: []string{"system:masters"}},
		nameControllerManager: {CommonName: "system:kube-controller-manager"},
		nameScheduler:         {CommonName: "system:kube-scheduler"},
	} {
		if err := ca.writeKubeconfig(kubeconfig(dir, file), server, subject); err != nil {
			return err
		}
	}
	return nil
}

// writeServiceAccounts makes the key with which tokens of service accounts are signed, and the one to check them with.
func writeServiceAccounts(dir string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make the key of service accounts: %w", err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return fmt.Errorf("encode the public key of service accounts: %w", err)
	}
	path := filepath.Join(dir, "service-accounts.pub")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o644); err != nil {
		return fmt.Errorf("write public key %s: %w", path, err)
	}
	return writeKey(filepath.Join(dir, "service-accounts.key"), key)
}

func kubeconfig(dir, name string) string { return filepath.Join(dir, name+".kubeconfig") }

func newAuthority() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := template(pkix.Name{CommonName: "test control plane"})
	template.IsCA = true
	template.KeyUsage |= x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &authority{certificate, key, certificatePEM(der)}, nil
}

// issue signs a certificate for template, with a new key.
func (a *authority) issue(template *x509.Certificate) ([]byte, crypto.Signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make the key of %s: %w", template.Subject, err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		return nil, nil, fmt.Errorf("sign the certificate of %s: %w", template.Subject, err)
	}
	return certificatePEM(der), key, nil
}

// writeServer makes the one certificate that all components show.
func (a *authority) writeServer(dir string) error {
	template := template(pkix.Name{CommonName: "127.0.0.1"})
	template.DNSNames = []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(10, 96, 0, 1)} // The latter is the service's.
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	certificate, key, err := a.issue(template)
	if err != nil {
		return err
	}
	return writeKeyPair(dir, "server", certificate, key)
}

func (a *authority) writeKubeconfig(path, server string, subject pkix.Name) error {
	template := template(subject)
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	certificate, key, err := a.issue(template)
	if err != nil {
		return err
	}
	keyPEM, err := keyPEM(key)
	if err != nil {
		return err
	}
	const name = "test"
	config := clientcmdapi.NewConfig()
	config.Clusters[name] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: a.pem}
	config.AuthInfos[name] = &clientcmdapi.AuthInfo{ClientCertificateData: certificate, ClientKeyData: keyPEM}
	config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	config.CurrentContext = name
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		return fmt.Errorf("write kubeconfig %s: %w", path, err)
	}
	return nil
}

func template(subject pkix.Name) *x509.Certificate {
	number := make([]byte, 16)
	_, _ = rand.Read(number) // It never fails.
	return &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(number), Subject: subject, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
}

func certificatePEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func keyPEM(key crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode a private key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

func writeKeyPair(dir, name string, certificate []byte, key crypto.Signer) error {
	path := filepath.Join(dir, name+".crt")
	if err := os.WriteFile(path, certificate, 0o644); err != nil {
		return fmt.Errorf("write certificate %s: %w", path, err)
	}
	return writeKey(filepath.Join(dir, name+".key"), key)
}

func writeKey(path string, key crypto.Signer) error {
	content, err := keyPEM(key)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return fmt.Errorf("write key %s: %w", path, err)
	}
	return nil
}
