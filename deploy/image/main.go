// Command image does for deploy/image/build what ko does not.
//
//	image around COMMAND…                 runs a command beside a registry on loopback, in which is a base image made of nothing:
//	                                      certificates and zone data of this machine, and a user. The command finds it by
//	                                      KO_DEFAULTBASEIMAGE. ko takes a base from a registry only, and not everywhere one can be reached.
//	image archive LAYOUT FOLDER NAME:TAG  writes each platform of an OCI layout as what docker load and ctr image import take
//	image push LAYOUT NAME:TAG            pushes an OCI layout to a registry, and prints its digest
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	stdlog "log" //nolint:depguard // The registry of the library takes nothing else.
	"net"
	"net/http"
	"os"
	"os/exec"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "image: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	switch {
	case len(arguments) > 1 && arguments[0] == "around":
		return around(ctx, arguments[1:])
	case len(arguments) == 4 && arguments[0] == "archive":
		return archive(arguments[1], arguments[2], arguments[3])
	case len(arguments) == 3 && arguments[0] == "push":
		return push(ctx, arguments[1], arguments[2])
	default:
		return errors.New("expected around COMMAND…, archive LAYOUT FOLDER NAME:TAG, or push LAYOUT NAME:TAG")
	}
}

// baseAddress is always the same, since ko notes in the image where its base is from.
const baseAddress = "127.0.0.1:21651"

// listen waits for another build that is under way.
func listen(ctx context.Context) (net.Listener, error) {
	deadline := time.Now().Add(5 * time.Minute)
	for {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp4", baseAddress)
		if err == nil || ctx.Err() != nil || time.Now().After(deadline) {
			return listener, err
		}
		time.Sleep(time.Second)
	}
}

// around runs a command while the base image can be fetched.
func around(ctx context.Context, command []string) error {
	base, err := baseIndex(os.DirFS("/"))
	if err != nil {
		return err
	}
	listener, err := listen(ctx)
	if err != nil {
		return fmt.Errorf("serve the base image: %w", err)
	}
	server := &http.Server{
		Handler: registry.New(registry.Logger(stdlog.New(io.Discard, "", 0))), ReadHeaderTimeout: 10 * time.Second,
	}
	defer server.Close()
	go func() { _ = server.Serve(listener) }() // It ends with this program.
	reference, err := name.ParseReference(listener.Addr().String() + "/scratch:base")
	if err != nil {
		return fmt.Errorf("name the base image: %w", err)
	}
	if err := remote.WriteIndex(reference, base, remote.WithContext(ctx)); err != nil {
		return fmt.Errorf("serve the base image: %w", err)
	}
	child := exec.CommandContext(ctx, command[0], command[1:]...)
	child.Env = append(os.Environ(), "KO_DEFAULTBASEIMAGE="+reference.String())
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := child.Run(); err != nil {
		return fmt.Errorf("run %s: %w", command[0], err)
	}
	return nil
}
