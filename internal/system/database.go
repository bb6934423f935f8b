package system

import (
	"cmp"
	"maps"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

// A Database is one of PostgreSQL that the system keeps its data in. The exporter logs in, asks for 1 and for whether it may be written
// to, lists its tables where an item needs them, and changes nothing.
type Database struct {
	Name string `yaml:"name"` // the value of the label database
	// URL is where it is, without a user and a password: postgresql://db.example.com:5432/shop. Several servers are asked in turn until
	// one answers as expected: postgresql://db-1.example.com,db-2.example.com/shop. A folder with the socket of a server on this
	// machine is named by host: postgresql:///shop?host=/var/run/postgresql. Any other scheme, such as mysql, is a mistake.
	URL      string `yaml:"url"`
	Username string `yaml:"username"` // the role to log in as; CONNECT is all that it needs
	// PasswordFile is a file that holds the password; default: none, as where the server trusts this machine.
	PasswordFile string `yaml:"password_file,omitempty"`
	// TLS is how the server is asked: disable, require, or verify-full, which verifies the certificate too; default: verify-full. At a
	// socket there is none.
	TLS        string `yaml:"tls,omitempty"`
	CAFile     string `yaml:"ca_file,omitempty"`     // a PEM file of the authorities that may sign for it; default: the public ones
	ServerName string `yaml:"server_name,omitempty"` // the name that its certificate must have; default: that of the URL
	// Writable: true expects a primary that accepts writes, false a replica that does not; default: either will do.
	Writable *bool `yaml:"writable,omitempty"`
}

// A DatabaseServer is one of those that a database can be at.
type DatabaseServer struct {
	// Network and Address are what is dialled: tcp and host:port, or unix and the path of a socket.
	Network, Address string
	Host             string // the name that a certificate is verified for; empty at a socket
}

// defaultPostgres is the port of PostgreSQL (https://www.iana.org/assignments/service-names-port-numbers).
const defaultPostgres = "5432"

// DeclaredTLS is how the server is asked, or the default where that is not declared.
func (d Database) DeclaredTLS() string { return cmp.Or(d.TLS, TLSVerifyFull) }

// Servers are those that the URL names, in its order, and the database at them; none where the URL is wrong.
func (d Database) Servers() (servers []DatabaseServer, database string) {
	servers, database, _ = parsePostgres(d.URL)
	return servers, database
}

func (d Database) identity() (string, string) { return "database", d.Name }

func (d Database) validate(list *mistake.List, at []any) {
	checkName(list, mistake.At(at, "name"), "name", d.Name)
	if _, _, wrong := parsePostgres(d.URL); wrong != "" {
		list.Add(mistake.At(at, "url"), "url: %s", wrong)
	}
	switch {
	case d.Username == "":
		list.Add(at, "username is missing: expected the role to log in as, such as readiness")
	case strings.ContainsFunc(d.Username, isUnseen):
		list.Add(mistake.At(at, "username"), "username: expected one without blanks and invisible characters")
	}
	checkFile(list, at, "password_file", d.PasswordFile)
	if d.TLS != "" {
		checkOneOf(list, mistake.At(at, "tls"), "tls", d.TLS, []string{TLSDisable, TLSRequire, TLSVerifyFull})
	}
	checkFile(list, at, "ca_file", d.CAFile)
	if d.ServerName != "" && !isHost(d.ServerName) {
		list.Add(mistake.At(at, "server_name"), "server_name %q: expected a host name", d.ServerName)
	}
	if d.DeclaredTLS() != TLSVerifyFull && (d.CAFile != "" || d.ServerName != "") {
		list.Add(at, "ca_file and server_name go with tls: verify-full")
	}
}

const postgresExample = "expected one such as postgresql://db.example.com:5432/shop"

// parsePostgres reads a URL as clients of PostgreSQL do (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS),
// or says what is wrong with it. Package url does not take several hosts, so that they are read apart.
func parsePostgres(text string) (servers []DatabaseServer, database, wrong string) {
	scheme, rest, found := strings.Cut(text, "://")
	switch {
	case !found:
		return nil, "", postgresExample
	case scheme != "postgresql" && scheme != "postgres":
		return nil, "", "only PostgreSQL is supported: " + postgresExample
	}
	hosts, path, _ := strings.Cut(rest, "/")
	address, err := url.Parse("postgresql:///" + path)
	switch {
	case strings.Contains(rest, "@"):
		return nil, "", "credentials do not belong in it; use username and password_file"
	case err != nil, strings.ContainsAny(hosts, "?#"), address.Fragment != "":
		return nil, "", postgresExample
	}
	database = strings.TrimPrefix(address.Path, "/")
	if database == "" || strings.ContainsFunc(database, isUnseen) {
		return nil, "", "the database is missing in it: " + postgresExample
	}
	if socket, wrong := postgresSocket(address, hosts == ""); wrong != "" || socket.Address != "" {
		return []DatabaseServer{socket}, database, wrong
	}
	for _, each := range strings.Split(hosts, ",") {
		server, is := postgresServer(each)
		if !is {
			return nil, "", "expected a host, or several parted by commas, each with its port or without: " + postgresExample
		}
		servers = append(servers, server)
	}
	return servers, database, ""
}

// postgresServer reads a host, with a port or without.
func postgresServer(text string) (DatabaseServer, bool) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"), defaultPostgres
	}
	if !isHost(host) || !isPort(port) {
		return DatabaseServer{}, false
	}
	return DatabaseServer{Network: "tcp", Address: net.JoinHostPort(host, port), Host: host}, true
}

// postgresSocket reads the parameters of a URL, which name a socket where there is no host, and nothing else.
func postgresSocket(address *url.URL, wanted bool) (socket DatabaseServer, wrong string) {
	parameters, err := url.ParseQuery(address.RawQuery)
	if err != nil {
		return socket, postgresExample
	}
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		if !wanted || name != "host" && name != "port" || len(parameters[name]) > 1 {
			return socket, "the parameter " + strconv.Quote(name) + " does not belong in it: expected tls, ca_file, writable and the other " +
				"keys of a database in its place"
		}
	}
	folder, port := parameters.Get("host"), cmp.Or(parameters.Get("port"), defaultPostgres)
	switch {
	case !wanted:
		return socket, ""
	case !filepath.IsAbs(folder) || strings.ContainsFunc(folder, isUnseen) || !isPort(port):
		return socket, "expected a host, or the folder of a socket: postgresql:///shop?host=/var/run/postgresql"
	}
	return DatabaseServer{Network: "unix", Address: filepath.Join(folder, ".s.PGSQL."+port)}, ""
}
