package backup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/command"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/secret"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// maximumGroups bounds the series of one repository.
const maximumGroups = 100

// A snapshot is what restic says of one, as far as it matters here.
type snapshot struct {
	Time     time.Time `json:"time"`
	Hostname string    `json:"hostname"`
	Paths    []string  `json:"paths"`
	ShortID  string    `json:"short_id"`
	// Summary is there since restic 0.17. What else would say the size, restic stats, reads the trees of the repository.
	Summary *struct {
		TotalBytesProcessed int64 `json:"total_bytes_processed"`
	} `json:"summary"`
}

// listSnapshots lists the snapshots of a repository by group. It writes nothing, neither a lock into the repository nor
// a cache here, so that a read-only file system and read-only credentials do.
func listSnapshots(ctx context.Context, program string, restic system.Restic) (listing, error) {
	if _, err := exec.LookPath(program); err != nil {
		return listing{}, fact.Errorf(fact.ReasonUnsupported,
			"list restic snapshots: there is no program %s here; install restic beside the exporter", program)
	}
	if err := checkRepository(restic); err != nil {
		return listing{}, fmt.Errorf("list restic snapshots: %w", err)
	}
	environment, secrets, err := resticEnvironment(restic)
	if err != nil {
		return listing{}, fmt.Errorf("list restic snapshots: %w", err)
	}
	output, complaint, err := command.Run(ctx, command.Command{
		Program: program, Arguments: resticArguments(restic), Environment: environment,
	})
	said := func(text string) string {
		// Secrets are taken out before anything is cut off.
		return words.Excerpt(secret.Redact(credentialsInURL.ReplaceAllString(text, "://<secret>@"), secrets...))
	}
	if err != nil {
		text := err.Error()
		if complaint != "" {
			text += ": " + complaint
		}
		return listing{}, fact.Errorf(resticReason(err, complaint), "list restic snapshots: %s", said(text))
	}
	var snapshots []snapshot
	if err := json.Unmarshal(bytes.TrimSpace(output), &snapshots); err != nil {
		return listing{}, fact.Errorf(fact.ReasonInvalid, "read the snapshots that restic lists: %s", words.Excerpt(err.Error()))
	}
	groups, err := group(snapshots, restic.GroupBy)
	if err != nil {
		return listing{}, err
	}
	found := listing{groups: groups}
	if warnings := withoutNoise(complaint); warnings != "" {
		// Which group a snapshot is of that restic could not load, nobody can say.
		found.partial = fact.Errorf(fact.ReasonInvalid, "restic listed only a part of the snapshots: %s", said(warnings))
		if len(snapshots) == 0 {
			return listing{}, found.partial
		}
	}
	return found, nil
}

// noise matches lines on standard error that say nothing of what was listed: what the programs print by which restic reaches
// a repository, such as the banner of a server, and requests that were tried again.
var noise = regexp.MustCompile(`^subprocess (ssh|sftp): |^Warning: Permanently added |^\*\* |` +
	`^(subprocess )?rclone: .*(NOTICE|INFO|DEBUG)|^(Load|List|Stat|Save)\(.* retrying after |` +
	`operation successful after \d+ retr|^repository \w+ opened|^created new cache in |` +
	`^(found|removed) \d+ old cache director`)

// withoutNoise gives the lines of what a tool complains of that are no noise: whatever else it says, it had not everything.
func withoutNoise(complaint string) string {
	var lines []string
	for line := range strings.Lines(complaint) {
		if line = strings.TrimSpace(line); line != "" && !noise.MatchString(line) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "; ")
}

func resticArguments(restic system.Restic) []string {
	arguments := []string{"snapshots", "--json", "--no-lock", "--no-cache", "--password-file", restic.PasswordFile}
	if restic.RepositoryFile != "" {
		arguments = append(arguments, "--repository-file", restic.RepositoryFile)
	}
	if restic.CAFile != "" {
		arguments = append(arguments, "--cacert", restic.CAFile)
	}
	if restic.Host != "" {
		arguments = append(arguments, "--host", restic.Host)
	}
	if len(restic.Tags) > 0 {
		arguments = append(arguments, "--tag", strings.Join(restic.Tags, ","))
	}
	return arguments
}

// resticEnvironment is the environment of restic, and what in it is secret: the PATH, where it finds ssh and rclone, and
// what the description names. The repository is in it as other users of the machine see the arguments.
func resticEnvironment(restic system.Restic) (environment []string, secrets []secret.Value, err error) {
	environment = []string{"PATH=" + os.Getenv("PATH")}
	if restic.Repository != "" {
		environment = append(environment, "RESTIC_REPOSITORY="+restic.Repository)
	}
	for _, name := range restic.Environment {
		value, err := secret.Read("", name)
		if err != nil {
			return nil, nil, err
		}
		environment = append(environment, name+"="+value.Reveal())
		secrets = append(secrets, value)
	}
	for _, pair := range restic.SecretFiles {
		name, file, _ := strings.Cut(pair, "=")
		value, err := secret.Read(file, "")
		if err != nil {
			return nil, nil, err
		}
		environment = append(environment, name+"="+value.Reveal())
		secrets = append(secrets, value)
	}
	if restic.RepositoryFile != "" {
		value, err := secret.Read(restic.RepositoryFile, "")
		if err != nil {
			return nil, nil, err
		}
		secrets = append(secrets, value.Pieces()...) // restic names its address in parts.
	}
	return environment, secrets, nil
}

var credentialsInURL = regexp.MustCompile(`://[^/@\s]*:\S*@`)

// checkRepository sees to it that restic can read the repository's URL: of one that it cannot read it would show parts
// that are secret.
func checkRepository(restic system.Restic) error {
	location := restic.Repository
	if restic.RepositoryFile != "" {
		content, err := secret.Read(restic.RepositoryFile, "")
		if err != nil {
			return err
		}
		location = content.Reveal()
	}
	scheme := strings.Index(location, "://")
	if scheme < 0 {
		return nil
	}
	start := strings.LastIndexByte(location[:scheme], ':') + 1
	if _, err := url.Parse(strings.TrimSpace(location[start:])); err != nil {
		return fact.Errorf(fact.ReasonInvalid, "the repository is no valid URL; special characters of a password in it are written %%XX")
	}
	return nil
}

// resticReason reads the reason from the exit code, which is specific since restic 0.17, and from what restic says.
func resticReason(err error, complaint string) fact.Reason {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		switch exit.ExitCode() {
		case 10:
			return fact.ReasonNotFound
		case 12:
			return fact.ReasonDenied
		}
	}
	// What the network says comes first: restic calls a repository that it cannot reach not there.
	for _, sign := range []struct {
		text   string
		reason fact.Reason
	}{
		{"connection refused", fact.ReasonRefused},
		{"no such host", fact.ReasonUnresolved},
		{"connection reset", fact.ReasonUnreachable},
		{"no route to host", fact.ReasonUnreachable},
		{"network is unreachable", fact.ReasonUnreachable},
		{"unexpected EOF", fact.ReasonUnreachable},
		{"i/o timeout", fact.ReasonTimeout},
		{"wrong password", fact.ReasonDenied},
		{"permission denied", fact.ReasonDenied},
		{"Access Denied", fact.ReasonDenied},
		{"Access Key Id", fact.ReasonDenied},
		{"access key ID", fact.ReasonDenied},
		{"signature", fact.ReasonDenied},
		{"401 Unauthorized", fact.ReasonDenied},
		{"403 Forbidden", fact.ReasonDenied},
		{"certificate", fact.ReasonInvalid},
		{"malformed", fact.ReasonInvalid},
		{"readLoopPeekFailLocked", fact.ReasonInvalid}, // of net/http: a server that answers before it is asked
		{"no such file or directory", fact.ReasonNotFound},
		{"does not exist", fact.ReasonNotFound},
	} {
		if strings.Contains(complaint, sign.text) {
			return sign.reason
		}
	}
	return fact.ReasonOf(err)
}

// group sorts snapshots by host and paths, or by one of them.
func group(snapshots []snapshot, by []string) (map[string]*copies, error) {
	if len(snapshots) == 0 {
		return map[string]*copies{"": {}}, nil
	}
	groups := make(map[string]*copies)
	for _, one := range snapshots {
		if one.Time.IsZero() {
			return nil, fact.Errorf(fact.ReasonInvalid, "restic snapshot %s has no time", words.Excerpt(one.ShortID))
		}
		name := one.group(by)
		if groups[name] == nil {
			if len(groups) == maximumGroups {
				return nil, fact.Errorf(fact.ReasonUnsupported,
					"more than %d groups of restic snapshots: narrow them by host, tags or group_by", maximumGroups)
			}
			groups[name] = &copies{shared: true, datedBy: fact.DatedByTool}
		}
		size := int64(unknownSize)
		if one.Summary != nil {
			size = one.Summary.TotalBytesProcessed
		}
		if err := groups[name].add(one.ShortID, one.Time, size); err != nil {
			return nil, err
		}
	}
	return groups, nil
}

// group names the group of a snapshot: "host:/path,/path". A name too long for a label ends in a sum of the whole.
func (s snapshot) group(by []string) string {
	const longest = 200
	var parts []string
	if len(by) == 0 || slices.Contains(by, "host") {
		parts = append(parts, s.Hostname)
	}
	if len(by) == 0 || slices.Contains(by, "paths") {
		parts = append(parts, strings.Join(slices.Sorted(slices.Values(s.Paths)), ","))
	}
	name := strings.Join(parts, ":")
	if len(name) > longest {
		sum := sha256.Sum256([]byte(name))
		name = fmt.Sprintf("%s…%x", strings.ToValidUTF8(name[:longest], ""), sum[:4])
	}
	return name
}
