package world

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A RPMMachine is the root of a machine that dnf installs packages in, from repositories in a folder: the database of packages and the
// metadata that is kept are those that rpm and dnf write.
type RPMMachine struct {
	Root string

	tb   testing.TB
	home string // with the macros of rpm
}

// An RPM is a package without files. Its architecture is noarch.
type RPM struct {
	Name, Version, Release string
	Epoch                  int
	Vendor                 string // empty: "Example Linux"
	Module                 string // "nodejs:18:8080020230:63b34585"; empty: of none
}

// NewRPM makes a machine on which nothing is installed.
func NewRPM(tb testing.TB) *RPMMachine {
	tb.Helper()
	m := &RPMMachine{Root: tb.TempDir(), tb: tb, home: tb.TempDir()}
	m.write(filepath.Join(m.home, ".rpmmacros"), "%_dbpath /var/lib/rpm\n")
	m.write(filepath.Join(m.Root, "etc/os-release"),
		"ID=rocky\nVERSION_ID=\"9.6\"\nPRETTY_NAME=\"Rocky Linux 9.6\"\nPLATFORM_ID=\"platform:el9\"\n")
	return m
}

// Publish makes a repository of packages, or makes it anew, and has the machine know and enable it. Metadata are further files of it, by
// their sort: "updateinfo", "modules".
func (m *RPMMachine) Publish(id string, packages []RPM, metadata map[string]string) {
	m.tb.Helper()
	folder := filepath.Join(m.home, id)
	for _, each := range packages {
		m.build(folder, each)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		m.tb.Fatal(err)
	}
	m.run("createrepo_c", "--quiet", "--no-database", folder)
	for sort, text := range metadata {
		file := filepath.Join(m.home, sort+".xml")
		m.write(file, text)
		m.run("modifyrepo_c", "--mdtype="+sort, file, filepath.Join(folder, "repodata"))
	}
	m.write(filepath.Join(m.Root, "etc/yum.repos.d", id+".repo"), fmt.Sprintf(
		"[%s]\nname=%[1]s\nbaseurl=file://%s\nenabled=1\ngpgcheck=0\nmetadata_expire=0\n", id, folder))
}

// DNF runs dnf on the machine, and gives what it prints.
func (m *RPMMachine) DNF(arguments ...string) string {
	m.tb.Helper()
	return m.run("dnf", append([]string{
		"--assumeyes", "--quiet", "--installroot=" + m.Root, "--releasever=9", "--setopt=module_platform_id=platform:el9", "--disableplugin=*",
	}, arguments...)...)
}

// RPM runs rpm on the machine, and gives what it prints.
func (m *RPMMachine) RPM(arguments ...string) string {
	m.tb.Helper()
	return m.run("rpm", append([]string{"--root", m.Root}, arguments...)...)
}

// Built gives the files of packages.
func (m *RPMMachine) Built(packages ...RPM) (files []string) {
	m.tb.Helper()
	for _, each := range packages {
		files = append(files, m.build(filepath.Join(m.home, "built"), each))
	}
	return files
}

func (m *RPMMachine) build(folder string, of RPM) string {
	m.tb.Helper()
	top := m.tb.TempDir()
	spec := []string{
		"Name: " + of.Name, "Version: " + of.Version, "Release: " + of.Release, "Epoch: " + strconv.Itoa(of.Epoch), "Summary: x",
		"License: x", "Vendor: " + cmp.Or(of.Vendor, "Example Linux"), "BuildArch: noarch",
	}
	if of.Module != "" {
		spec = append(spec, "ModularityLabel: "+of.Module)
	}
	file := filepath.Join(top, "x.spec")
	m.write(file, strings.Join(append(spec, "%description", "x", "%files", ""), "\n"))
	m.run("rpmbuild", "--quiet", "-bb", "--define", "_topdir "+top, "--define", "_rpmdir "+folder, file)
	return filepath.Join(folder, "noarch", fmt.Sprintf("%s-%s-%s.noarch.rpm", of.Name, of.Version, of.Release))
}

func (m *RPMMachine) run(name string, arguments ...string) string {
	m.tb.Helper()
	path, err := installed(name, "/usr/bin")
	if err != nil {
		m.tb.Fatal(err)
	}
	cmd := exec.CommandContext(m.tb.Context(), path, arguments...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + m.home, "LC_ALL=C.UTF-8", "TMPDIR=" + m.home}
	var output, complaints strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &complaints
	if err := cmd.Run(); err != nil {
		m.tb.Fatalf("%s %s: %v\n%s%s", name, strings.Join(arguments, " "), err, output.String(), complaints.String())
	}
	return output.String()
}

func (m *RPMMachine) write(path, text string) {
	m.tb.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o644)
	}
	if err != nil {
		m.tb.Fatal(err)
	}
}
