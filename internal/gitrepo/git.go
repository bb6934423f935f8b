package gitrepo

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/command"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/secret"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// git runs the program git on one repository.
type git struct {
	program     string
	dir         string // with the files of git
	base        string // the folder of copies, which has no files of any branch
	folder      string // the one to run in; empty: that of the exporter
	environment []string
	secrets     []secret.Value
}

// folderOf names the folder of a copy: what is declared otherwise, as with another login, has another copy.
func folderOf(declared system.Repository) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", []string{
		declared.URL, declared.Username, declared.TokenFile, declared.CAFile, declared.KeyFile, declared.KnownHostsFile,
	}))
	return declared.Name + "-" + hex.EncodeToString(sum[:8])
}

// open makes what the repository is read by. Secrets are read anew each time: they are replaced as certificates are.
func (r *Repository) open(ctx context.Context) (*git, error) {
	if _, err := exec.LookPath(r.store.program); err != nil {
		return nil, fact.Errorf(fact.ReasonUnsupported,
			"read a git repository: there is no program %s here; install git beside the exporter", r.store.program)
	}
	base, err := r.store.folder()
	if err != nil {
		return nil, err
	}
	g := &git{program: r.store.program, base: base}
	settings := [][2]string{
		{"core.packedGitWindowSize", "16m"}, {"core.packedGitLimit", "128m"}, {"core.deltaBaseCacheLimit", "32m"},
		{"core.bigFileThreshold", "8m"}, {"pack.threads", "1"}, {"pack.windowMemory", "32m"}, {"fetch.unpackLimit", "1"},
		{"core.hooksPath", os.DevNull}, {"core.attributesFile", os.DevNull}, {"attr.tree", "none"}, {"core.fsmonitor", "false"},
		{"log.showSignature", "false"}, {"core.quotePath", "false"}, {"color.ui", "false"}, {"core.commitGraph", "false"},
		{"gc.auto", "0"}, {"maintenance.auto", "false"}, {"credential.helper", ""}, {"http.followRedirects", "false"},
		{"protocol.allow", "never"},
	}
	protocol := "none" // The name of no protocol: what a repository of this machine lacks is fetched from nowhere.
	var extra []string
	if r.declared.URL == "" {
		if g.dir, err = gitDir(r.declared.Path); err == nil {
			g.dir, err = filepath.Abs(g.dir) // git is not only run in the folder of the exporter.
		}
	} else {
		g.dir = filepath.Join(base, folderOf(r.declared))
		var login [][2]string
		protocol, login, extra, err = g.access(r.declared)
		settings = append(settings, login...)
	}
	if err != nil {
		return nil, err
	}
	g.environment = append(extra,
		"PATH="+os.Getenv("PATH"), "HOME="+base, "LC_ALL=C", "GIT_DIR="+g.dir, "GIT_ALLOW_PROTOCOL="+protocol,
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+r.store.configuration(), "GIT_ATTR_NOSYSTEM=1", "GIT_NO_REPLACE_OBJECTS=1",
		"GIT_NO_LAZY_FETCH=1", "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=", "SSH_ASKPASS=", "GIT_PAGER=cat",
		"GIT_LITERAL_PATHSPECS=1",
		"GIT_CONFIG_COUNT="+strconv.Itoa(len(settings)),
	)
	for i, each := range settings {
		g.environment = append(g.environment,
			fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", i, each[0]), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", i, each[1]))
	}
	return g, ctx.Err()
}

// access is how a server is reached: the only protocol, the login of https, and the environment of ssh.
func (g *git) access(declared system.Repository) (protocol string, settings [][2]string, environment []string, err error) {
	address, err := url.Parse(declared.URL)
	if err != nil {
		return "", nil, nil, fact.Errorf(fact.ReasonInvalid, "read the URL: it is none")
	}
	if address.Scheme == "ssh" {
		return "ssh", nil, []string{"GIT_SSH_VARIANT=ssh", "GIT_SSH_COMMAND=" + sshCommand(declared)}, nil
	}
	if declared.CAFile != "" {
		settings = append(settings, [2]string{"http.sslCAInfo", declared.CAFile})
	}
	if declared.TokenFile == "" {
		return "https", settings, nil, nil
	}
	token, err := secret.Read(declared.TokenFile, "")
	if err == nil && token.Empty() {
		err = fact.Errorf(fact.ReasonInvalid, "read secret: %s is empty", declared.TokenFile)
	}
	if err != nil {
		return "", nil, nil, err
	}
	user := declared.Username
	if user == "" {
		user = "git"
	}
	basic := base64.StdEncoding.EncodeToString([]byte(user + ":" + token.Reveal()))
	g.secrets = []secret.Value{token, secret.New(basic)}
	// The login is for this server alone, and stands in no argument, which every user of the machine can read.
	key := "http." + address.Scheme + "://" + address.Host + "/.extraHeader"
	return "https", append(settings, [2]string{key, "Authorization: Basic " + basic}), nil, nil
}

// sshCommand logs in with the declared key alone, at a server with a declared key alone.
func sshCommand(declared system.Repository) string {
	command := []string{"ssh", "-F", os.DevNull}
	for _, option := range []string{
		"IdentityFile=" + declared.KeyFile, "IdentitiesOnly=yes", "IdentityAgent=none", "UserKnownHostsFile=" + declared.KnownHostsFile,
		"GlobalKnownHostsFile=" + os.DevNull, "StrictHostKeyChecking=yes", "BatchMode=yes", "ForwardAgent=no",
		"PermitLocalCommand=no", "ConnectTimeout=20", "ServerAliveInterval=15", "UpdateHostKeys=no",
	} {
		name, value, _ := strings.Cut(option, "=")
		command = append(command, "-o", quoted(name+`="`+value+`"`))
	}
	return strings.Join(command, " ")
}

// quoted is a word of a shell.
func quoted(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

func (g *git) command(stdin io.Reader, arguments []string) command.Command {
	return command.Command{Program: g.program, Arguments: arguments, Environment: g.environment, Folder: g.folder, Stdin: stdin}
}

// run gives what git prints.
func (g *git) run(ctx context.Context, arguments ...string) ([]byte, error) {
	output, complaint, err := command.Run(ctx, g.command(nil, arguments))
	return output, g.explained(ctx, arguments[0], complaint, err)
}

// stream hands on what git prints.
func (g *git) stream(ctx context.Context, stdin io.Reader, read func(io.Reader) error, arguments ...string) error {
	complaint, err := command.Stream(ctx, g.command(stdin, arguments), read)
	return g.explained(ctx, arguments[0], complaint, err)
}

// explained adds to an error what git complains of, without secrets.
func (g *git) explained(ctx context.Context, what, complaint string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case complaint == "":
		return fmt.Errorf("git %s: %w", what, err)
	}
	return fact.Errorf(reasonOf(complaint, err), "git %s: %s", what, words.Excerpt(secret.Redact(complaint, g.secrets...)))
}

// reasonOf reads the reason from what git, curl and ssh complain of: their exit codes tell nothing.
func reasonOf(complaint string, err error) fact.Reason {
	for _, sign := range []struct {
		text   string
		reason fact.Reason
	}{
		{"Could not resolve host", fact.ReasonUnresolved},
		{"Connection refused", fact.ReasonRefused},
		{"Failed to connect to", fact.ReasonRefused},
		{"Couldn't connect to server", fact.ReasonRefused},
		{"timed out", fact.ReasonTimeout},
		{"Permission denied", fact.ReasonDenied},
		{"Authentication failed", fact.ReasonDenied},
		{"could not read Username", fact.ReasonDenied},
		{"could not read Password", fact.ReasonDenied},
		{"error: 403", fact.ReasonDenied},
		{"error: 401", fact.ReasonDenied},
		{"Host key verification failed", fact.ReasonInvalid},
		{"certificate", fact.ReasonInvalid},
		{"not found", fact.ReasonNotFound},
		{"error: 404", fact.ReasonNotFound},
		{"reset by peer", fact.ReasonUnreachable},
		{"unexpected disconnect", fact.ReasonUnreachable},
		{"early EOF", fact.ReasonUnreachable},
		{"Empty reply", fact.ReasonUnreachable},
		{"Recv failure", fact.ReasonUnreachable},
		{"SSL", fact.ReasonInvalid},
		{"not valid", fact.ReasonInvalid},
		{"invalid", fact.ReasonInvalid},
		{"bad object", fact.ReasonInvalid},
		{"corrupt", fact.ReasonInvalid},
	} {
		if strings.Contains(complaint, sign.text) {
			return sign.reason
		}
	}
	return fact.ReasonOf(err)
}
