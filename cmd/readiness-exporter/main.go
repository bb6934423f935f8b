// What legacy servers show must be seen to be judged: certificates with negative serial numbers, handshakes signed with SHA-1,
// and RSA keys below 1024 bits, which checks find weak.

//go:debug x509negativeserial=1
//go:debug tlssha1=1
//go:debug rsa1024min=0

// Command readiness-exporter collects facts of production systems on cron schedules, judges a checklist by them, and exports
// both as Prometheus gauges.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
