package system_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestBackup_Validate(t *testing.T) {
	at := func(more ...any) []any { return append([]any{"backups", 0}, more...) }
	directory := func() *system.Directory { return &system.Directory{Path: "/srv/backups"} }
	store := func() *system.S3 { return &system.S3{Endpoint: "https://s3.example.com", Bucket: "backups"} }
	repository := func() *system.Restic { return &system.Restic{Repository: "/srv/restic", PasswordFile: "/etc/restic"} }
	for _, c := range []struct {
		name   string
		backup system.Backup
		want   mistake.List
	}{
		{"a directory is right", system.Backup{Name: "a", Directory: directory()}, nil},
		{"a bucket is right", system.Backup{Name: "a", S3: store()}, nil},
		{"a repository is right", system.Backup{Name: "a", Restic: repository()}, nil},
		{
			"a place is needed", system.Backup{Name: "a"},
			mistake.List{{Path: at(), Message: "expected exactly one of directory, s3 and restic"}},
		},
		{
			"two places are too many", system.Backup{Name: "a", Directory: directory(), S3: store()},
			mistake.List{{Path: at(), Message: "expected exactly one of directory, s3 and restic"}},
		},
		{
			"a directory is absolute, and its pattern well formed",
			system.Backup{Name: "a", Directory: &system.Directory{Path: "backups", Pattern: "["}},
			mistake.List{
				{Path: at("directory", "path"), Message: `path "backups": expected an absolute path`},
				{Path: at("directory", "pattern"), Message: `pattern "[": syntax error in pattern`},
			},
		},
		{
			"a bucket wants a name, a URL and a whole login",
			system.Backup{Name: "a", S3: &system.S3{Endpoint: "s3.example.com", AccessKeyFile: "/key"}},
			mistake.List{
				{Path: at("s3", "endpoint"), Message: "endpoint: expected a URL such as https://s3.eu-central-1.amazonaws.com"},
				{Path: at("s3"), Message: "bucket is missing"},
				{Path: at("s3"), Message: "expected an access key and a secret key, or neither to use the role of the machine"},
			},
		},
		{
			"credentials do not stand in an endpoint, nor are they repeated",
			system.Backup{Name: "a", S3: &system.S3{Endpoint: "https://key:canary@s3.example.com", Bucket: "backups"}},
			mistake.List{{
				Path:    at("s3", "endpoint"),
				Message: "endpoint: credentials do not belong in it; use access_key_file and secret_key_file",
			}},
		},
		{
			"a repository is needed, and its password",
			system.Backup{Name: "a", Restic: &system.Restic{}},
			mistake.List{
				{Path: at("restic"), Message: "expected exactly one of repository and repository_file"},
				{Path: at("restic"), Message: "password_file is missing"},
			},
		},
		{
			"credentials do not stand in a repository, nor are they repeated",
			system.Backup{Name: "a", Restic: &system.Restic{Repository: "rest:https://user:canary@example.com/", PasswordFile: "/p"}},
			mistake.List{{
				Path:    at("restic", "repository"),
				Message: "repository: credentials do not belong in it; use repository_file",
			}},
		},
		{
			"a user alone is no credential",
			system.Backup{Name: "a", Restic: &system.Restic{Repository: "sftp://user@example.com:22/srv/restic", PasswordFile: "/p"}},
			nil,
		},
		{
			"snapshots are grouped by what restic knows, and secrets have a name and a file",
			system.Backup{Name: "a", Restic: &system.Restic{
				Repository: "/srv/restic", PasswordFile: "/p",
				GroupBy: []string{"paths", "user"}, SecretFiles: []string{"NAME=/file", "NAME"},
			}},
			mistake.List{
				{Path: at("restic", "group_by", 1), Message: `group_by "user": expected one of host, paths`},
				{
					Path:    at("restic", "secret_files", 1),
					Message: "secret_files: expected NAME=path, the name of a variable and the file with its value",
				},
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := system.System{Name: "shop", Environment: "production", Backups: []system.Backup{c.backup}}
			require.Equal(t, c.want, mistakesOf(&s))
		})
	}
}
