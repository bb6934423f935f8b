package checks_test

import (
	"github.com/readiness-exporter/readiness-exporter/checks/evidence"
	"github.com/readiness-exporter/readiness-exporter/checks/expression"
	"github.com/readiness-exporter/readiness-exporter/checks/item"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func hostWorlds() map[string]world {
	machine := fact.Host{
		Name: "web-1", ID: "ubuntu", Version: "24.04", LongTermSupport: true, SupportEnd: now.Add(900 * day), Memory: 8e9, Cores: 4,
	}
	old, small := machine, machine
	old.Name, old.SupportEnd = "web-2", now.Add(-day)
	small.Name, small.Memory = "web-2", 4e9
	node := fact.Node{Name: "a", OS: "Ubuntu 24.04.3 LTS", Allocatable: fact.Resources{CPU: 4, Memory: 8e9}}
	nodes := fact.Cluster{Name: "main", Nodes: []fact.Node{node}}

	root := fact.Filesystem{Host: "web-1", Mountpoint: "/", Purpose: "root", Mounted: true, Size: 100e9, Available: 50e9}
	full, database := root, root
	full.Host, full.Available = "web-2", 0
	database.Mountpoint, database.Purpose = "/var/lib/postgresql", "database"
	fullDatabase := database
	fullDatabase.Host, fullDatabase.Available = "web-2", 0
	keys := fact.SSHDaemon{Host: "web-1", Path: "/etc/ssh/sshd_config", Logins: []fact.SSHLogin{{Users: []string{"ann"}}}}
	passwords := keys
	passwords.Host, passwords.Logins = "web-2", []fact.SSHLogin{{Users: []string{"ann"}, Methods: []fact.SSHMethod{{Name: "password"}}}}
	offers := fact.SSHServer{Host: "web-1", Address: "203.0.113.7:22", Offers: []fact.SSHOffer{{User: "root", Methods: []string{"publickey"}}}}
	offersPasswords := offers
	offersPasswords.Host, offersPasswords.Offers = "web-2", []fact.SSHOffer{{User: "root", Methods: []string{"password"}}}
	drops := fact.Firewall{Host: "web-1", Managers: []string{"ufw"}, Families: []fact.FirewallFamily{{Name: "ipv4", Default: fact.FirewallDrops}}}
	accepts := fact.Firewall{Host: "web-2", Families: []fact.FirewallFamily{{Name: "ipv4", Default: fact.FirewallAccepts}}}
	banning := fact.Fail2ban{
		Host: "web-1", Installed: true, Running: true, Starts: true, Jails: []fact.Fail2banJail{{Name: "sshd", Filter: "sshd", Bans: true}},
	}
	patched := fact.Updates{Host: "web-1", Manager: "apt", Sources: []string{"noble-security"}, ListsAt: now.Add(-day)}
	unpatched := patched
	unpatched.Host, unpatched.Pending = "web-2", []fact.PendingUpdate{{Package: "openssl", Installed: "1", Available: "2", Since: now.Add(-20 * day)}}
	file := fact.EnvironmentFile{Host: "web-1", Path: "/srv/.env", Mode: "600", OwnerOnly: true, Example: "/srv/.env.example"}
	openFile := file
	openFile.Host, openFile.Mode, openFile.OwnerOnly = "web-2", "644", false
	probed := fact.PortProbe{Host: "web-1", Address: "203.0.113.7", Ports: []fact.PortState{
		{Number: 22, State: fact.PortOpen}, {Number: 80, State: fact.PortOpen}, {Number: 443, State: fact.PortOpen}, {Number: 6379, State: fact.PortFiltered},
	}}
	exposed := probed
	exposed.Host, exposed.Ports = "web-2", []fact.PortState{{Number: 6379, Service: "redis", State: fact.PortOpen}}
	listens := fact.ListeningSockets{Host: "web-1", Sockets: []fact.ListeningSocket{{Address: "0.0.0.0", Port: 443, Public: true}}}
	listensElsewhere := fact.ListeningSockets{Host: "web-2", Sockets: []fact.ListeningSocket{{Address: "0.0.0.0", Port: 6379, Public: true}}}
	at := func(host, address string) fact.AnySet {
		return facts(fact.AllHostAddresses(), fact.HostAddresses{Host: host, Addresses: []string{address}})
	}
	return map[string]world{
		"public_address": {good: []fact.AnySet{at("web-1", "192.0.43.8")}, bad: []fact.AnySet{at("web-2", "10.0.0.5")}, atLeastOne: true},
		"environment_file": {
			good: []fact.AnySet{facts(fact.EnvironmentFiles(), file)}, bad: []fact.AnySet{facts(fact.EnvironmentFiles(), openFile)},
		},
		"security_updates": {
			good: []fact.AnySet{facts(fact.UpdatesOfHosts(), patched), facts(fact.Hosts(), machine), facts(fact.Clusters(), nodes)},
			bad:  []fact.AnySet{facts(fact.UpdatesOfHosts(), unpatched)},
		},
		"fail2ban":        {good: []fact.AnySet{facts(fact.Fail2bans(), banning)}, bad: []fact.AnySet{facts(fact.Fail2bans(), fact.Fail2ban{Host: "web-2"})}},
		"reachable_ports": {good: []fact.AnySet{facts(fact.PortProbes(), probed)}, bad: []fact.AnySet{facts(fact.PortProbes(), exposed)}},
		"listening_ports": {
			good: []fact.AnySet{facts(fact.AllListeningSockets(), listens)}, bad: []fact.AnySet{facts(fact.AllListeningSockets(), listensElsewhere)},
		},
		"host_firewall": {good: []fact.AnySet{facts(fact.Firewalls(), drops)}, bad: []fact.AnySet{facts(fact.Firewalls(), accepts)}},
		"ssh_daemon_configuration": {
			good: []fact.AnySet{facts(fact.SSHDaemons(), keys)}, bad: []fact.AnySet{facts(fact.SSHDaemons(), passwords)},
		},
		"ssh_authentication": {
			good: []fact.AnySet{facts(fact.SSHServers(), offers)}, bad: []fact.AnySet{facts(fact.SSHServers(), offersPasswords)},
		},
		"operating_system": {
			good: []fact.AnySet{facts(fact.Hosts(), machine), facts(fact.Clusters(), nodes)}, bad: []fact.AnySet{facts(fact.Hosts(), old)},
		},
		"host_capacity": {
			good: []fact.AnySet{facts(fact.Hosts(), machine), facts(fact.Clusters(), nodes)}, bad: []fact.AnySet{facts(fact.Hosts(), small)},
		},
		"disk_space": {
			good: []fact.AnySet{facts(fact.Filesystems(), root)}, bad: []fact.AnySet{facts(fact.Filesystems(), full)},
		},
		"storage_capacity": {
			good: []fact.AnySet{facts(fact.Filesystems(), database)}, bad: []fact.AnySet{facts(fact.Filesystems(), fullDatabase)},
		},
	}
}

func certificateWorlds() map[string]world {
	served := func(name string) fact.Certificate {
		chain := []fact.ChainCertificate{{
			Subject: name, Issuer: "R11", Fingerprint: name, NotBefore: now.Add(-10 * day), NotAfter: now.Add(80 * day),
		}}
		return fact.Certificate{
			CertificatePlace: fact.CertificatePlace{Source: fact.CertificateAtAddress, Name: name + ":443", ServerName: name},
			Chain:            chain, Path: chain, Names: []string{name}, Trust: fact.TrustPublic,
		}
	}
	expired := served("expired.test")
	expired.Chain[0].NotAfter = now.Add(-day)
	faulty := served("faulty.test")
	faulty.Trust = fact.TrustNone
	faulty.Faults = []fact.CertificateFinding{
		{Fault: fact.FaultSelfSigned, Detail: "nobody signed it"}, {Fault: fact.FaultNameMismatch, Detail: "another name"},
	}
	good := []fact.AnySet{facts(fact.Certificates(), served("shop.test"))}
	return map[string]world{
		"certificate_renewal": {good: good, bad: []fact.AnySet{facts(fact.Certificates(), expired)}},
		"certificate_issuer":  {good: good, bad: []fact.AnySet{facts(fact.Certificates(), faulty)}},
		"certificate_name":    {good: good, bad: []fact.AnySet{facts(fact.Certificates(), faulty)}},
	}
}

func backupWorlds() map[string]world {
	bytes, none := int64(1000), int64(0)
	fresh := fact.Backup{
		Name: "database", Place: "s3", OffSite: true, RecoveryPoint: day, Copies: 30, Newest: now.Add(-day / 2), NewestBytes: &bytes,
		EarlierSizes: 29, MedianBytes: 1000, Oldest: now.Add(-30 * day), LongestGap: day, LongestGapEnd: now.Add(-day),
	}
	stale := fresh
	stale.Name, stale.Newest, stale.Oldest, stale.NewestBytes = "files", now.Add(-9*day), now.Add(-10*day), &none
	good, bad := []fact.AnySet{facts(fact.Backups(), fresh)}, []fact.AnySet{facts(fact.Backups(), stale)}
	return map[string]world{
		"backup_age":       {good: good, bad: bad},
		"backup_retention": {good: good, bad: bad},
		"backup_off_site":  {good: good, bad: bad, atLeastOne: true},
		"backup_size":      {good: good, bad: bad},
		"recovery_point":   {good: good, bad: bad},
	}
}

// itemWorlds are those of the kinds that judge no thing of the system's, but signatures, results and what users ask.
func itemWorlds() map[string]world {
	signed := func(age int) []fact.AnySet {
		return []fact.AnySet{facts(fact.Attestations(), fact.Attestation{Check: itemID, By: "ann", At: now.AddDate(0, 0, -age)})}
	}
	reported := func(component string, result fact.EvidenceResult) []fact.AnySet {
		return []fact.AnySet{
			facts(fact.Evidences(), fact.Evidence{Check: itemID, Component: component, Reports: []fact.EvidenceReport{
				{At: now.AddDate(0, 0, -1), By: "ci", Revisions: []string{"1a2b3c4"}, Result: result},
			}}),
			facts(fact.DeployedRevisions(), fact.DeployedRevision{File: "/" + component, Component: component, Revision: "1a2b3c4"}),
		}
	}
	result := func(id string, status check.Status) []fact.AnySet {
		return []fact.AnySet{facts(check.Results(), check.Result{Check: id, Status: status})}
	}
	workload := func(name string, replicas int) []fact.AnySet {
		return []fact.AnySet{facts(fact.Workloads(), fact.Workload{Cluster: "main", Name: name, Replicas: fact.Replicas{Desired: replicas}})}
	}
	expression := func(quantifier string) func(any) {
		return func(parameters any) {
			p := parameters.(*expression.CELParameters)
			p.Fact, p.Expression, p.Quantifier = "workload", "fact.replicas.desired >= 2", expression.Quantifier(quantifier)
		}
	}
	return map[string]world{
		"attestation": {good: signed(1), bad: signed(100)},
		"evidence": {
			tune: func(parameters any) { parameters.(*evidence.Parameters).DeployedRevision = true },
			good: append(reported("api", fact.EvidenceResult{Format: "junit", Passed: 1}), workload("api", 2)...),
			bad:  append(reported("web", fact.EvidenceResult{Format: "junit", Failed: 1}), workload("web", 2)...),
		},
		"items": {
			tune: func(parameters any) {
				p := parameters.(*item.ItemsParameters)
				p.Above = true
				if p.Compose(check.ItemRef{ID: itemID}, []check.ItemRef{{ID: "a.one", Supported: true}, {ID: "a.two", Supported: true}}) != nil {
					panic("the items cannot be composed")
				}
			},
			good: result("a.one", check.Pass), bad: result("a.two", check.Fail),
		},
		"cel": {tune: expression("each"), good: workload("api", 2), bad: workload("job", 1)},
	}
}
