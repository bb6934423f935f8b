package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/readiness-exporter/readiness-exporter/internal/intake"
	"github.com/readiness-exporter/readiness-exporter/internal/record"
)

// signCommand signs an attestation or a waiver at a running exporter, or takes them back.
type signCommand struct {
	remoteFlags
	kind    string
	check   string
	until   string
	revoke  bool
	signing intake.Signing
}

func registerSigning(app *kingpin.Application, commands map[string]command) {
	for _, each := range []struct{ name, kind, help string }{
		{"attest", record.Attestation, "Sign at a running exporter that an item holds. Who signs, is the name of the token."},
		{"waive", record.Waiver, "Excuse at a running exporter an item that fails, until a date. Who excuses it, is the name of the token."},
	} {
		c := &signCommand{kind: each.kind}
		clause := app.Command(each.name, each.help)
		clause.Arg("check", "Id of the item.").Required().StringVar(&c.check)
		clause.Flag("revoke", "Take back what was signed by API about the item. The history stays.").BoolVar(&c.revoke)
		if each.kind == record.Waiver {
			clause.Flag("until", "When it expires: 2006-01-02, a year ahead at most.").PlaceHolder("DATE").StringVar(&c.until)
			clause.Flag("reason", "Why it is excused.").StringVar(&c.signing.Reason)
			clause.Flag("link", "Address of what is done about it, such as an issue.").StringVar(&c.signing.Link)
		} else {
			clause.Flag("until", "When it expires: 2006-01-02. Default, and at most: as the item says.").PlaceHolder("DATE").StringVar(&c.until)
			clause.Flag("link", "Address of the proof.").StringVar(&c.signing.Link)
			clause.Flag("comment", "What else there is to say.").StringVar(&c.signing.Comment)
		}
		c.register(clause)
		commands[clause.FullCommand()] = c
	}
}

func (c *signCommand) run(ctx context.Context, p *program) (int, error) {
	c.token = os.Getenv("READINESS_TOKEN")
	path := c.kind + "s/" + c.check
	if c.revoke {
		var revoked []record.Signature
		if err := c.send(ctx, p, call{method: http.MethodDelete, path: path}, &revoked); err != nil {
			return 0, err
		}
		for _, each := range revoked {
			fmt.Fprintf(p.stdout, "%s of %s: taken back by %s.\n", each.Check, c.system, each.By)
		}
		return exitReady, nil
	}
	if c.until != "" {
		until, err := time.Parse(time.DateOnly, c.until)
		if err != nil {
			return 0, fmt.Errorf("--until %q: expected a date such as 2006-01-02", c.until)
		}
		c.signing.Until = until
	}
	if c.kind == record.Waiver && (c.until == "" || c.signing.Reason == "") {
		return 0, errors.New("a waiver says why and until when: expected --reason and --until")
	}
	body, err := json.Marshal(c.signing)
	if err != nil {
		return 0, fmt.Errorf("write the signature: %w", err)
	}
	var signed record.Signature
	if err := c.send(ctx, p, call{method: http.MethodPost, path: path, body: body}, &signed); err != nil {
		return 0, err
	}
	fmt.Fprintf(p.stdout, "%s of %s: %s signed by %s.\n", signed.Check, c.system, signed.Kind, signed.By)
	return exitReady, nil
}
