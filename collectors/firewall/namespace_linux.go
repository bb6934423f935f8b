package firewall

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// ownNamespace is that of this process.
const ownNamespace = ""

// threadSelf describes the thread, and not the process: that is what its first thread is, which in may have left elsewhere.
const threadSelf = "/proc/thread-self"

// namespaceOf finds the network of the machine, which is that of its first process.
func namespaceOf(proc string) (string, error) {
	path := filepath.Join(proc, "1/ns/net")
	machine, err := os.Stat(path)
	if err == nil {
		own, err := os.Stat(threadSelf + "/ns/net")
		if err != nil {
			return "", fmt.Errorf("find the own network namespace: %w", err)
		}
		if os.SameFile(machine, own) {
			return ownNamespace, nil
		}
		return path, nil
	}
	if !errors.Is(err, fs.ErrPermission) {
		return "", fmt.Errorf("find the network namespace of the machine: %w", err)
	}
	// Whose namespace a process is in may not be asked without privilege. What it shows of it may: each namespace has files of its
	// own, with numbers of their own.
	machineFile, machineErr := os.Stat(filepath.Join(proc, "1/net/dev"))
	ownFile, ownErr := os.Stat(threadSelf + "/net/dev")
	if machineErr == nil && ownErr == nil && inode(machineFile) == inode(ownFile) {
		return ownNamespace, nil
	}
	return "", fact.Errorf(fact.ReasonDenied, "%w: run the exporter in the network of the machine (hostNetwork: true), "+
		"or with the capabilities CAP_SYS_PTRACE and CAP_SYS_ADMIN", err)
}

func inode(info fs.FileInfo) uint64 {
	if stat, is := info.Sys().(*syscall.Stat_t); is {
		return stat.Ino
	}
	return 0
}

// in runs a function in a network namespace. Its thread ends with it, and comes back to no other goroutine.
func in(namespace string, run func() error) error {
	if namespace == ownNamespace {
		return run()
	}
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		done <- collector.Guard("read the rules of the machine", func() error { return enter(namespace, run) })
	}()
	return <-done
}

func enter(namespace string, run func() error) error {
	descriptor, err := unix.Open(namespace, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err == nil {
		defer unix.Close(descriptor)
		err = unix.Setns(descriptor, unix.CLONE_NEWNET)
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fact.Errorf(fact.ReasonDenied, "enter the network namespace of the machine: %w: run the exporter in the network of the "+
			"machine (hostNetwork: true), or with the capability CAP_SYS_ADMIN", err)
	case err != nil:
		return fmt.Errorf("enter the network namespace of the machine: %w", err)
	}
	return run()
}
