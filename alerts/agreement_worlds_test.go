package alerts_test

import (
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

const day = 24 * time.Hour

// A factWorld is a system of which some facts are known, and the alerts that fire of it.
type factWorld struct {
	name  string // that of the system: a sentence that is true
	facts []fact.AnySet
	fires []string // as rules are named: ReadinessBackupTooOld (critical)
	// vantagePoints are those that are declared; nil: none.
	vantagePoints []system.VantagePoint
	// checks tune items.
	checks map[string]system.Override
	// spared: an item finds a fault of which no alert tells, since it can wait.
	spared bool
}

// worldOf makes a world of facts of one kind.
func worldOf[F any](kind *fact.Kind[F], name string, fires []string, facts ...F) factWorld {
	var set fact.Set[F]
	set.Add(facts...)
	return factWorld{name: strings.ReplaceAll(name, " ", "-"), facts: []fact.AnySet{kind.Set(&set)}, fires: fires}
}

func certificateWorlds(now time.Time) (worlds []factWorld) {
	chained := func(subject string, life, left time.Duration) fact.ChainCertificate {
		return fact.ChainCertificate{Subject: subject, Fingerprint: subject, NotBefore: now.Add(left - life), NotAfter: now.Add(left)}
	}
	add := func(name string, edit func(*fact.Certificate), fires ...string) {
		leaf, issuer, root := chained("shop", 90*day, 60*day), chained("issuer", 1000*day, 900*day), chained("root", 9000*day, 5000*day)
		c := fact.Certificate{
			CertificatePlace: fact.CertificatePlace{Source: fact.CertificateAtAddress, Name: "shop:443", ServerName: "shop"},
			Chain:            []fact.ChainCertificate{leaf, issuer}, Path: []fact.ChainCertificate{leaf, issuer, root},
			Names: []string{"shop"}, Trust: fact.TrustPublic,
		}
		edit(&c)
		worlds = append(worlds, worldOf(fact.Certificates(), name, fires, c))
	}
	lives := func(life, left time.Duration) func(*fact.Certificate) {
		return func(c *fact.Certificate) { c.Path[0] = chained("shop", life, left); c.Chain[0] = c.Path[0] }
	}
	issuerLives := func(life, left time.Duration) func(*fact.Certificate) {
		return func(c *fact.Certificate) { c.Path[1] = chained("issuer", life, left); c.Chain[1] = c.Path[1] }
	}
	faulty := func(faults ...fact.CertificateFault) func(*fact.Certificate) {
		return func(c *fact.Certificate) {
			for _, fault := range faults {
				c.Faults = append(c.Faults, fact.CertificateFinding{Fault: fault, Detail: "as it is"})
			}
		}
	}
	authority := func(faults ...fact.CertificateFault) func(*fact.Certificate) {
		return func(c *fact.Certificate) {
			root := chained("root", 9000*day, 5000*day)
			root.IsCA = true
			*c = fact.Certificate{
				CertificatePlace: fact.CertificatePlace{Source: fact.CertificateInFile, Name: "/etc/ssl/ca.pem"},
				Chain:            []fact.ChainCertificate{root}, Path: []fact.ChainCertificate{root}, Authority: true, Trust: fact.TrustNone,
			}
			faulty(faults...)(c)
		}
	}
	both := func(edits ...func(*fact.Certificate)) func(*fact.Certificate) {
		return func(c *fact.Certificate) {
			for _, edit := range edits {
				edit(c)
			}
		}
	}
	const (
		expired     = "ReadinessCertificateExpired (critical)"
		pages       = "ReadinessCertificateExpiringSoon (critical)"
		verySoon    = "ReadinessCertificateExpiringSoon (warning)"
		soon        = "ReadinessCertificateExpiring (warning)"
		chain       = "ReadinessCertificateChainExpiring (warning)"
		chainPages  = "ReadinessCertificateChainExpiring (critical)"
		notVerified = "ReadinessCertificateNotVerified (critical)"
	)
	add("a good certificate", func(*fact.Certificate) {})
	add("a certificate that expires in 22 days", lives(90*day, 22*day))
	add("a certificate that expires in 20 days", lives(90*day, 20*day), soon)
	add("a certificate that expires in 6 days", lives(90*day, 6*day), soon, verySoon)
	add("a certificate that expires in 3 days", lives(90*day, 3*day), soon, verySoon)
	add("a certificate that expires in 47 hours", lives(90*day, 47*time.Hour), soon, verySoon, pages)
	add("a certificate that has expired", both(lives(90*day, -day), faulty(fact.FaultExpired)), expired)
	add("a certificate of six days that expires in two", lives(6*day, 2*day))
	add("a certificate of six days that expires in 34 hours", lives(6*day, 34*time.Hour), soon)
	add("a certificate of six days that expires in 11 hours", lives(6*day, 11*time.Hour), soon, verySoon)
	add("a certificate of six days that expires in 5 hours", lives(6*day, 5*time.Hour), soon, verySoon, pages)
	add("a certificate of a day that expires in 7 hours", lives(day, 7*time.Hour))
	add("a certificate of a day that expires in 4 hours", lives(day, 4*time.Hour), soon)
	add("a certificate of a day that expires in half an hour", lives(day, 30*time.Minute), soon, verySoon, pages)

	add("an issuer that expires in 8 days", issuerLives(1000*day, 8*day))
	add("an issuer that expires in 6 days", issuerLives(1000*day, 6*day), chain)
	add("an issuer of a year that expires in 6 days", issuerLives(364*day, 6*day), chain)
	add("an issuer that expires in 40 hours", issuerLives(1000*day, 40*time.Hour), chain, chainPages)
	add("an issuer that expires after a certificate of a day", both(lives(day, 20*time.Hour), issuerLives(1000*day, 6*day)), chain)
	add("an issuer of two days that expires in 20 hours", both(lives(day, 20*time.Hour), issuerLives(2*day, 20*time.Hour)))
	add("an issuer of two days that expires in 3 hours", both(lives(day, 20*time.Hour), issuerLives(2*day, 3*time.Hour)), chain)
	add("an issuer that has expired", both(issuerLives(1000*day, -day), faulty(fact.FaultExpired)), chain, chainPages, notVerified)

	for _, fault := range []fact.CertificateFault{
		fact.FaultSelfSigned, fact.FaultUnknownAuthority, fact.FaultIncompleteChain, fact.FaultWeak, fact.FaultOther, fact.FaultNameMismatch,
	} {
		add("a certificate with "+string(fault), faulty(fault), notVerified)
	}
	add("a certificate of tomorrow", both(lives(90*day, 91*day), faulty(fact.FaultNotYetValid)), notVerified)
	add("a staging issuer", both(faulty(fact.FaultUnknownAuthority), func(c *fact.Certificate) { c.Staging = true }), notVerified)
	add("a staging issuer that is declared", func(c *fact.Certificate) { c.Staging, c.Trust = true, fact.TrustDeclared }, notVerified)
	add("an authority of its own", func(c *fact.Certificate) { c.Trust = fact.TrustDeclared })
	add("authorities that cannot be read", func(c *fact.Certificate) { c.Trust, c.TrustUnknown = fact.TrustNone, "one cannot be read" })
	add("the certificate of an authority", authority())
	add("the certificate of an authority that is weak", authority(fact.FaultWeak), notVerified)
	add("the certificate of an authority that has expired", both(authority(fact.FaultExpired), lives(900*day, -day)), expired)
	return worlds
}

func backupWorlds(now time.Time) (worlds []factWorld) {
	add := func(name string, edit func(*fact.Backup), fires ...string) {
		usual := int64(1000)
		b := fact.Backup{
			Name: "database", Place: "s3", Schedule: day, Copies: 10, Newest: now.Add(-3 * time.Hour), NewestBytes: &usual,
			EarlierSizes: 9, MedianBytes: usual,
		}
		edit(&b)
		worlds = append(worlds, worldOf(fact.Backups(), name, fires, b))
	}
	old := func(age, schedule, point time.Duration) func(*fact.Backup) {
		return func(b *fact.Backup) { b.Newest, b.Schedule, b.RecoveryPoint = now.Add(-age), schedule, point }
	}
	sized := func(size int64, earlier int) func(*fact.Backup) {
		return func(b *fact.Backup) { b.NewestBytes, b.EarlierSizes = &size, earlier }
	}
	const (
		tooOld   = "ReadinessBackupTooOld (critical)"
		missing  = "ReadinessBackupMissing (warning)"
		shrunken = "ReadinessBackupShrunken (warning)"
	)
	add("a good backup", func(*fact.Backup) {})
	add("a daily backup of 25 hours", old(25*time.Hour, day, 0))
	add("a daily backup of 27 hours", old(27*time.Hour, day, 0), tooOld)
	add("a backup of 25 hours without a schedule", old(25*time.Hour, 0, 0))
	add("a backup of 27 hours without a schedule", old(27*time.Hour, 0, 0), tooOld)
	add("a weekly backup of four days", old(4*day, 7*day, 0))
	add("a backup older than its recovery point", old(3*time.Hour, day, time.Hour), tooOld)
	add("a backup older than its schedule within its recovery point", old(30*time.Hour, day, 2*day), tooOld)
	add("a weekly backup within its recovery point", old(4*day, 7*day, 5*day))
	add("no backup", func(b *fact.Backup) {
		*b = fact.Backup{Name: "database", Place: "s3", Schedule: day, RecoveryPoint: day}
	}, missing)
	add("an empty backup", sized(0, 9), shrunken)
	add("a backup of two fifths", sized(400, 9), shrunken)
	add("a backup of three fifths", sized(600, 9))
	add("a small backup after two", sized(100, 2))
	add("a compressed backup of nothing", func(b *fact.Backup) {
		size := int64(20)
		b.NewestBytes, b.MedianBytes, b.NewestName = &size, size, "shop.sql.gz"
	}, shrunken)
	return worlds
}

func hostWorlds(now time.Time) (worlds []factWorld) {
	add := func(name string, edit func(*fact.Filesystem), fires ...string) {
		f := fact.Filesystem{
			Host: "web", Mountpoint: "/", Purpose: "root", Mounted: true, Device: "/dev/sda1", Type: "ext4",
			Size: 100e9, Free: 50e9, Available: 50e9, Inodes: 1000, InodesFree: 500,
		}
		edit(&f)
		worlds = append(worlds, worldOf(fact.Filesystems(), name, fires, f))
	}
	is := func(mountpoint, purpose string, edit func(*fact.Filesystem)) func(*fact.Filesystem) {
		return func(f *fact.Filesystem) { f.Mountpoint, f.Purpose = mountpoint, purpose; edit(f) }
	}
	left := func(percent, percentOfInodes uint64) func(*fact.Filesystem) {
		return func(f *fact.Filesystem) { f.Available, f.InodesFree = percent*1e9, percentOfInodes*10 }
	}
	sized := func(size, percent uint64) func(*fact.Filesystem) {
		return func(f *fact.Filesystem) { f.Size, f.Available = size, percent*size/100 }
	}
	fullIn := func(left time.Duration) func(*fact.Filesystem) {
		return func(f *fact.Filesystem) { f.Growth, f.GrowthKnown, f.FullAt = 1e6, true, now.Add(left) }
	}
	image := func(f *fact.Filesystem) { f.ReadOnly, f.MeantReadOnly, f.Available, f.InodesFree = true, true, 0, 0 }
	readOnly := func(f *fact.Filesystem) { f.ReadOnly = true }
	gone := func(f *fact.Filesystem) {
		*f = fact.Filesystem{Host: f.Host, Mountpoint: f.Mountpoint, Purpose: f.Purpose}
	}
	const (
		full         = "ReadinessFilesystemFull (critical)"
		nearlyFull   = "ReadinessFilesystemFull (warning)"
		noInodes     = "ReadinessFilesystemInodesUsedUp (critical)"
		fewInodes    = "ReadinessFilesystemInodesUsedUp (warning)"
		fullInHours  = "ReadinessFilesystemFullSoon (critical)"
		fullSoon     = "ReadinessFilesystemFullSoon (warning)"
		isReadOnly   = "ReadinessFilesystemReadOnly (critical)"
		isNotMounted = "ReadinessFilesystemNotMounted (critical)"
		database     = "/var/lib/postgresql"
	)
	add("a good file system", func(*fact.Filesystem) {})
	add("a file system with 16 percent", left(16, 16))
	add("a file system with 14 percent", left(14, 50), nearlyFull)
	add("a file system with 4 percent which are 4 GB", left(4, 50), nearlyFull)
	add("a file system with 4 percent which are 800 MB", sized(20e9, 4), nearlyFull, full)
	add("a file system that nobody declared with 4 percent", is("/boot", "other", sized(1e9, 4)), nearlyFull, full)
	add("a file system with 4 percent which are 400 GB", sized(10e12, 4))
	worlds[len(worlds)-1].spared = true
	add("a file system of a database with 22 percent", is(database, "database", left(22, 50)))
	add("a file system of a database with 18 percent", is(database, "database", left(18, 50)), nearlyFull)
	add("a file system with 14 percent of its inodes", left(50, 14), fewInodes)
	add("a file system with 4 percent of its inodes", left(50, 4), fewInodes, noInodes)
	add("a file system that is full in 5 days", fullIn(5*day))
	add("a file system that is full in 3 days", fullIn(3*day), fullSoon)
	add("a file system that is full in 20 hours", fullIn(20*time.Hour), fullSoon)
	add("a file system that is full in 3 hours", fullIn(3*time.Hour), fullSoon, fullInHours)
	add("a file system of a database that is full in 8 days", is(database, "database", fullIn(8*day)))
	add("a file system of a database that is full in 6 days", is(database, "database", fullIn(6*day)), fullSoon)
	add("a file system that became read-only", readOnly, isReadOnly)
	add("a file system that nobody declared and that became read-only", is("/mnt", "other", readOnly), isReadOnly)
	add("a file system of a database that became read-only", is(database, "database", readOnly), isReadOnly)
	add("an image", is("/snap/core", "other", image))
	add("an image that is declared for data", is("/srv", "data", image), isReadOnly, full, nearlyFull, noInodes, fewInodes)
	add("a file system that is not mounted", is("/srv", "data", gone), isNotMounted)
	add("a file system of a database that is not mounted", is(database, "database", gone), isNotMounted)

	const supportEnds = "ReadinessHostSupportEnds (warning)"
	supported := func(name string, standard, extended time.Duration, fires ...string) {
		h := fact.Host{Name: "web", ID: "ubuntu", Version: "24.04", LongTermSupport: true, SupportEnd: now.Add(standard)}
		if extended != 0 {
			h.ExtendedSupport, h.ExtendedSupportEnd = true, now.Add(extended)
		}
		worlds = append(worlds, worldOf(fact.Hosts(), name, fires, h))
	}
	supported("a host with 200 days of support", 200*day, 0)
	supported("a host with 170 days of support", 170*day, 0, supportEnds)
	supported("a host without support", -day, 0, supportEnds)
	supported("a host with extended support", -day, 900*day)

	firewall := func(name string, by fact.FirewallDefault, fires ...string) {
		worlds = append(worlds, worldOf(fact.Firewalls(), name, fires, fact.Firewall{
			Host: "web", Managers: []string{"ufw"}, Families: []fact.FirewallFamily{{Name: "ipv4", Default: by}},
		}))
	}
	firewall("a firewall that drops", fact.FirewallDrops)
	firewall("a firewall that is off", fact.FirewallAccepts, "ReadinessFirewallOff (warning)")
	return append(worlds, accessWorlds()...)
}

func accessWorlds() []factWorld {
	daemon := func(method string) fact.SSHDaemon {
		return fact.SSHDaemon{Host: "web", Path: "/etc/ssh/sshd_config", Logins: []fact.SSHLogin{{
			Users: []string{"ann"}, Methods: []fact.SSHMethod{{Name: "publickey"}, {Name: method}},
		}}}
	}
	server := func(method string) fact.SSHServer {
		return fact.SSHServer{Host: "web", Address: "203.0.113.7:22", Offers: []fact.SSHOffer{{User: "root", Methods: []string{"publickey", method}}}}
	}
	probe := func(states ...fact.PortState) fact.PortProbe {
		all := []fact.PortState{{Number: 22, State: fact.PortOpen}, {Number: 80, State: fact.PortOpen}, {Number: 443, State: fact.PortOpen}}
		return fact.PortProbe{Host: "web", Address: "203.0.113.7", Ports: append(all, states...)}
	}
	const passwords = "ReadinessSSHPasswordLogin (warning)"
	return []factWorld{
		worldOf(fact.SSHDaemons(), "an SSH server with keys alone", nil, daemon("publickey")),
		worldOf(fact.SSHDaemons(), "an SSH server with passwords", []string{passwords}, daemon("password")),
		worldOf(fact.SSHServers(), "an SSH server that offers keys alone", nil, server("publickey")),
		worldOf(fact.SSHServers(), "an SSH server that offers questions", []string{passwords}, server("keyboard-interactive")),
		worldOf(fact.PortProbes(), "ports that should be open", nil, probe()),
		worldOf(fact.PortProbes(), "a database that can be reached", []string{"ReadinessPortExposed (warning)"},
			probe(fact.PortState{Number: 6379, Service: "redis", State: fact.PortOpen})),
		meantOpen(worldOf(fact.PortProbes(), "a database that strangers are meant to reach", nil,
			probe(fact.PortState{Number: 6379, Service: "redis", State: fact.PortOpen, Allowed: true}))),
	}
}

// meantOpen is the world with 6379 among the ports at which strangers may reach something.
func meantOpen(world factWorld) factWorld {
	world.checks = make(map[string]system.Override)
	for item, parameter := range map[string]string{"server.firewall-ports": "open", "access.open-ports": "allowed"} {
		override := world.checks[item]
		if err := override.Parameters.Encode(map[string][]int{parameter: {22, 80, 443, 6379}}); err != nil {
			panic(err)
		}
		world.checks[item] = override
	}
	return world
}

func endpointWorlds(time.Time) (worlds []factWorld) {
	add := func(name, purpose string, edit func(*fact.EndpointAnswer), fires ...string) {
		const url = "https://shop.example.com/"
		e := fact.Endpoint{
			EndpointPlace: fact.EndpointPlace{URL: url, Purpose: purpose},
			Answers:       []fact.EndpointAnswer{{IPVersion: fact.IPv4, Steps: []fact.EndpointStep{{URL: url, Status: 200}}}},
			Plain: &fact.EndpointAnswer{Steps: []fact.EndpointStep{
				{URL: "http://shop.example.com/", Status: 301, RedirectsTo: url}, {URL: url, Status: 200},
			}},
		}
		edit(&e.Answers[0])
		worlds = append(worlds, worldOf(fact.Endpoints(), name, fires, e))
	}
	const down = "ReadinessEndpointDown (critical)"
	good := func(*fact.EndpointAnswer) {}
	failed := func(a *fact.EndpointAnswer) {
		a.Failure = &fact.Failure{Reason: fact.ReasonRefused, Detail: "connection refused"}
	}
	broken := func(a *fact.EndpointAnswer) { a.Steps[0].Status = 503 }
	wrong := func(a *fact.EndpointAnswer) { a.Unmet = []fact.EndpointExpectation{{Pattern: "welcome"}} }
	for _, purpose := range []string{fact.EndpointFront, fact.EndpointAPI} {
		add("a good "+purpose+" endpoint", purpose, good)
		add("a "+purpose+" endpoint that cannot be reached", purpose, failed, down)
		add("a "+purpose+" endpoint that answers an error", purpose, broken, down)
		add("a "+purpose+" endpoint that answers something else", purpose, wrong, down)
	}
	add("a health endpoint that answers an error", fact.EndpointHealth, broken)
	const url = "https://shop.example.com/"
	inClear := fact.EndpointAnswer{Steps: []fact.EndpointStep{{URL: "http://shop.example.com/", Status: 200}}}
	shown := worldOf(fact.MetricsExposures(), "metrics that are shown outside", []string{"ReadinessMetricsExposed (warning)"}, fact.MetricsExposure{
		Standpoint: fact.Standpoint{Vantage: "frankfurt"}, URL: url,
		Answers: []fact.MetricsAnswer{{EndpointAnswer: fact.EndpointAnswer{
			IPVersion: fact.IPv4, Steps: []fact.EndpointStep{{URL: url, Status: 200}}, Exposition: &fact.EndpointExposition{Families: 1},
		}}},
	})
	shown.vantagePoints = []system.VantagePoint{{Name: "frankfurt", URL: "https://frankfurt.example.com:10216", BearerTokenFile: "/etc/token"}}
	return append(worlds, shown, worldOf(fact.Endpoints(), "an endpoint without a redirect", []string{"ReadinessRedirectLost (warning)"}, fact.Endpoint{
		EndpointPlace: fact.EndpointPlace{URL: url, Purpose: fact.EndpointFront}, Plain: &inClear,
		Answers: []fact.EndpointAnswer{{IPVersion: fact.IPv4, Steps: []fact.EndpointStep{{URL: url, Status: 200}}}},
	}))
}

func domainWorlds(now time.Time) (worlds []factWorld) {
	answer := func(server, address string) fact.DNSAnswer {
		return fact.DNSAnswer{Server: server, Addresses: []string{address}, Serial: 7}
	}
	add := func(name string, edit func(*fact.DomainName), fires ...string) {
		d := fact.DomainName{
			DomainNamePlace: fact.DomainNamePlace{Domain: "shop.example.com"}, Zone: "example.com",
			NameServers: []fact.DNSAnswer{answer("ns1", "192.0.2.10"), answer("ns2", "192.0.2.10")},
		}
		edit(&d)
		worlds = append(worlds, worldOf(fact.DomainNames(), name, fires, d))
	}
	signed := func(life, left time.Duration) func(*fact.DomainName) {
		return func(d *fact.DomainName) {
			d.DNSSEC = &fact.DNSSEC{Inception: now.Add(left - life), Expiration: now.Add(left)}
		}
	}
	const (
		differ       = "ReadinessDNSAnswersDiffer (warning)"
		expiring     = "ReadinessDNSSignatureExpiring (warning)"
		expiringSoon = "ReadinessDNSSignatureExpiring (critical)"
		domain       = "ReadinessDomainExpiring (warning)"
		domainSoon   = "ReadinessDomainExpiring (critical)"
	)
	add("a good name", func(*fact.DomainName) {})
	add("a name for which servers answer differently", func(d *fact.DomainName) { d.NameServers[1] = answer("ns2", "192.0.2.99") }, differ)
	add("a name for which answers are meant to vary", func(d *fact.DomainName) { d.Varies, d.NameServers[1] = true, answer("ns2", "192.0.2.99") })
	add("a name whose signature lasts for 3 of 30 days", signed(30*day, 3*day))
	add("a name whose signature lasts for 2 of 30 days", signed(30*day, 2*day), expiring)
	add("a name whose signature lasts for one of 30 days", signed(30*day, day), expiring, expiringSoon)
	add("a name whose signature lasts for 8 of 365 days", signed(365*day, 8*day))
	add("a name whose signature lasts for 6 of 365 days", signed(365*day, 6*day), expiring)
	add("a name that is signed for each answer", signed(50*time.Hour, 25*time.Hour))
	add("a name whose signature has expired", signed(30*day, -time.Hour), expiring, expiringSoon)

	registered := func(name string, left time.Duration, fires ...string) {
		worlds = append(worlds, worldOf(fact.Registrations(), name, fires, fact.Registration{
			Domain: "example.com", Registered: true, ExpiresAt: now.Add(left), Statuses: []string{"client transfer prohibited"},
		}))
	}
	registered("a domain with 31 days left", 31*day)
	registered("a domain with 29 days left", 29*day, domain)
	registered("a domain with 3 days left", 3*day, domain)
	registered("a domain with a day left", day, domain, domainSoon)
	registered("a domain that has expired", -day, domain, domainSoon)
	return worlds
}

func teamWorlds(now time.Time) (worlds []factWorld) {
	const (
		gap       = "ReadinessOnCallGap (warning)"
		committed = "ReadinessSecretCommitted (warning)"
	)
	covered := func(name string, until time.Duration, fires ...string) {
		known := fact.TimeSpan{Start: now.Add(-day), End: now.Add(60 * day)}
		shifts := []fact.OnCallShift{{Person: "ann", Start: known.Start, End: now.Add(until)}}
		for from := until + time.Hour; from < 60*day; from += 2 * day {
			person := []string{"bob", "ann"}[len(shifts)%2]
			shifts = append(shifts, fact.OnCallShift{Person: person, Start: now.Add(from), End: now.Add(from + 2*day)})
		}
		worlds = append(worlds, worldOf(fact.OnCallSchedules(), name, fires, fact.NewOnCallSchedule("first", known, shifts, now)))
	}
	covered("a gap on call in 8 days", 8*day)
	covered("a gap on call in 3 days", 3*day)
	worlds[len(worlds)-1].spared = true // which is a ticket a day later
	covered("a gap on call tomorrow", day, gap)
	covered("nobody on call", -30*time.Minute, gap)

	repository := func(name string, secrets []fact.CommittedSecret, fires ...string) {
		worlds = append(worlds, worldOf(fact.Repositories(), name, fires, fact.Repository{
			Repository: "shop", EnvironmentIgnored: true, Secrets: secrets,
		}))
	}
	repository("a repository without secrets", nil)
	repository("a repository with a secret", []fact.CommittedSecret{
		{Rule: "private key", Path: "deploy/id_ed25519", Line: 1, Commit: "0123456789", At: now.Add(-300 * day)},
	}, committed)

	database := func(name string, edit func(*fact.Database), fires ...string) {
		d := fact.Database{DatabasePlace: fact.DatabasePlace{Name: "main", Servers: []string{"192.0.2.1:5432"}, Database: "shop"}}
		edit(&d)
		worlds = append(worlds, worldOf(fact.Databases(), name, fires, d))
	}
	database("a database that answers", func(d *fact.Database) { d.Server = "192.0.2.1:5432" })
	for _, cause := range fact.DatabaseCauses() {
		database("a database that answers "+string(cause), func(d *fact.Database) {
			d.Failures = []fact.DatabaseFailure{{Server: "192.0.2.1:5432", Cause: cause, Detail: "it says no"}}
		}, "ReadinessDatabaseDown (critical)")
	}

	login := func(name string, accepted, open bool, fires ...string) {
		worlds = append(worlds, worldOf(fact.DefaultLogins(), name, fires, fact.DefaultLogin{
			DefaultLoginPlace: fact.DefaultLoginPlace{Name: "grafana", Type: fact.LoginGrafana, Server: "192.0.2.1:3000", Username: "admin"},
			Accepted:          accepted, Open: open,
		}))
	}
	login("a login that is refused", false, false)
	login("a login that is accepted", true, false, "ReadinessDefaultLoginAccepted (warning)")
	login("anonymous access", false, true, "ReadinessDefaultLoginAccepted (warning)")
	return worlds
}

func workloadWorlds(now time.Time) (worlds []factWorld) {
	workload := func(name string, edit func(*fact.Workload)) fact.Workload {
		w := fact.Workload{
			Cluster: "main", Namespace: "shop", Kind: fact.KindDeployment, Name: name, Observed: true,
			Replicas: fact.Replicas{Desired: 3, Ready: 3, Available: 3, Updated: 3},
			Pods:     fact.Pods{Running: 3, Nodes: 3, NewestAt: now.Add(-day)}, SpreadRules: []string{"required anti-affinity by kubernetes.io/hostname"},
		}
		edit(&w)
		return w
	}
	add := func(name string, edit func(*fact.Workload), fires ...string) {
		worlds = append(worlds, worldOf(fact.Workloads(), name, fires, workload("api", edit), workload("web", func(*fact.Workload) {})))
	}
	runs := func(desired, available int) func(*fact.Workload) {
		return func(w *fact.Workload) {
			w.Replicas = fact.Replicas{Desired: desired, Ready: available, Available: available}
		}
	}
	scaled := func(desired int, by fact.Autoscaler) func(*fact.Workload) {
		return func(w *fact.Workload) {
			runs(desired, desired)(w)
			by.Kind, by.Name, by.Maximum, by.Current, by.Active = "HorizontalPodAutoscaler", "api", 9, desired, true
			w.Autoscaler = &by
		}
	}
	rolling := func(kind string) func(*fact.Workload) {
		return func(w *fact.Workload) { runs(3, 2)(w); w.Kind, w.Rollout.InProgress = kind, true }
	}
	const (
		down      = "ReadinessWorkloadDown (critical)"
		missing   = "ReadinessWorkloadReplicasMissing (warning)"
		tooFew    = "ReadinessWorkloadTooFewReplicas (warning)"
		onOneNode = "ReadinessWorkloadOnOneNode (warning)"
	)
	add("a good workload", func(*fact.Workload) {})
	add("a workload that is down", runs(3, 0), down, missing)
	add("a workload that lacks a pod", runs(3, 2), missing)
	add("a Deployment that rolls out", rolling(fact.KindDeployment))
	add("a StatefulSet that has rolled out for hours", rolling(fact.KindStatefulSet), missing)
	add("a workload of two pods", runs(2, 2))
	add("a workload of one pod", runs(1, 1), tooFew)
	add("a workload that is scaled to zero", runs(0, 0), tooFew)
	add("a DaemonSet of one pod", func(w *fact.Workload) { runs(1, 1)(w); w.Kind = fact.KindDaemonSet })
	add("an autoscaler that leaves two pods", scaled(3, fact.Autoscaler{Minimum: 2}))
	add("an autoscaler that leaves one pod", scaled(3, fact.Autoscaler{Minimum: 1}), tooFew)
	add("an autoscaler that is about to make three of one", scaled(1, fact.Autoscaler{Minimum: 3}), tooFew)
	add("an autoscaler that leaves none", scaled(0, fact.Autoscaler{}), tooFew)
	add("an autoscaler that idles at zero and has two at work", scaled(0, fact.Autoscaler{Minimum: 2, IdlesAtZero: true}))
	add("an autoscaler that is paused at three", scaled(3, fact.Autoscaler{Minimum: 1, Paused: true}))
	add("a workload on one node of several", func(w *fact.Workload) { w.Pods.Nodes = 1 }, onOneNode)
	return worlds
}
