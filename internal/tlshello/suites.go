package tlshello

import "fmt"

// Modern are the cipher suites of TLS 1.3 (RFC 8446, B.4).
func Modern() []uint16 { return []uint16{0x1301, 0x1302, 0x1303} }

// Common are the suites of TLS 1.2 and before that servers take from ordinary clients, old ones included, whatever is thought of them.
func Common() []uint16 {
	return append([]uint16{
		0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0x009e, 0x009f, 0xccaa, // with AEAD and forward secrecy
		0xc009, 0xc013, 0xc00a, 0xc014, 0xc023, 0xc027, 0xc024, 0xc028, 0x0033, 0x0039, 0x0067, 0x006b, 0x0032, 0x0038, // CBC
		0x009c, 0x009d, 0x002f, 0x0035, 0x003c, 0x003d, // without forward secrecy
		0x0041, 0x0084, 0x0045, 0x0088, 0x0096, 0x009a, // Camellia and SEED
	}, Broken()...)
}

// Broken are suites that protect nothing, or too little: without encryption or authentication, with keys made short for export,
// with DES, RC2, RC4 (RFC 7465), IDEA or 3DES (RFC 8429, NIST SP 800-131A).
func Broken() []uint16 {
	all := make([]uint16, len(broken()))
	for i, each := range broken() {
		all[i] = each.id
	}
	return all
}

// SuiteName names a broken suite as IANA does, without the prefix TLS_, or any other one by its number.
func SuiteName(id uint16) string {
	for _, each := range broken() {
		if each.id == id {
			return each.name
		}
	}
	return fmt.Sprintf("%#04x", id)
}

type suite struct {
	id   uint16
	name string
}

func broken() []suite {
	return []suite{
		{0x0001, "RSA_WITH_NULL_MD5"}, {0x0002, "RSA_WITH_NULL_SHA"}, {0x003b, "RSA_WITH_NULL_SHA256"},
		{0xc006, "ECDHE_ECDSA_WITH_NULL_SHA"}, {0xc010, "ECDHE_RSA_WITH_NULL_SHA"},
		{0x0003, "RSA_EXPORT_WITH_RC4_40_MD5"}, {0x0006, "RSA_EXPORT_WITH_RC2_CBC_40_MD5"}, {0x0008, "RSA_EXPORT_WITH_DES40_CBC_SHA"},
		{0x0011, "DHE_DSS_EXPORT_WITH_DES40_CBC_SHA"}, {0x0014, "DHE_RSA_EXPORT_WITH_DES40_CBC_SHA"},
		{0x0017, "DH_anon_EXPORT_WITH_RC4_40_MD5"}, {0x0019, "DH_anon_EXPORT_WITH_DES40_CBC_SHA"},
		{0x0018, "DH_anon_WITH_RC4_128_MD5"}, {0x001a, "DH_anon_WITH_DES_CBC_SHA"}, {0x001b, "DH_anon_WITH_3DES_EDE_CBC_SHA"},
		{0x0034, "DH_anon_WITH_AES_128_CBC_SHA"}, {0x003a, "DH_anon_WITH_AES_256_CBC_SHA"},
		{0x006c, "DH_anon_WITH_AES_128_CBC_SHA256"}, {0x006d, "DH_anon_WITH_AES_256_CBC_SHA256"},
		{0x00a6, "DH_anon_WITH_AES_128_GCM_SHA256"}, {0x00a7, "DH_anon_WITH_AES_256_GCM_SHA384"},
		{0xc016, "ECDH_anon_WITH_RC4_128_SHA"}, {0xc017, "ECDH_anon_WITH_3DES_EDE_CBC_SHA"},
		{0xc018, "ECDH_anon_WITH_AES_128_CBC_SHA"}, {0xc019, "ECDH_anon_WITH_AES_256_CBC_SHA"},
		{0x0009, "RSA_WITH_DES_CBC_SHA"}, {0x0012, "DHE_DSS_WITH_DES_CBC_SHA"}, {0x0015, "DHE_RSA_WITH_DES_CBC_SHA"},
		{0x0004, "RSA_WITH_RC4_128_MD5"}, {0x0005, "RSA_WITH_RC4_128_SHA"},
		{0xc007, "ECDHE_ECDSA_WITH_RC4_128_SHA"}, {0xc011, "ECDHE_RSA_WITH_RC4_128_SHA"}, {0x0007, "RSA_WITH_IDEA_CBC_SHA"},
		{0x000a, "RSA_WITH_3DES_EDE_CBC_SHA"}, {0x0013, "DHE_DSS_WITH_3DES_EDE_CBC_SHA"}, {0x0016, "DHE_RSA_WITH_3DES_EDE_CBC_SHA"},
		{0xc008, "ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA"}, {0xc012, "ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"},
	}
}
