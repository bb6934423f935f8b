// Command controlplane is a Kubernetes control plane for tests in one binary.
//
//	controlplane up --dir DIR [--flag COMPONENT=--FLAG=VALUE]...
//
// makes certificates and kubeconfigs in DIR, starts etcd, the API server, the controller manager and the scheduler as
// children, prints the path of the administrator's kubeconfig when all are ready, and runs until SIGTERM. All listen
// on 127.0.0.1, on ports that stay the same as long as it runs. Its children die with it, however it ends.
//
// Each child has DIR/COMPONENT.log and DIR/COMPONENT.pid, by which a test can stop, continue and kill it. What was
// killed stays dead until SIGHUP, which starts it again with the same port and data.
//
// Under the name of a component as its first argument it is that component.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // CronJobs name time zones.

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: controlplane up --dir DIR [--flag COMPONENT=--FLAG=VALUE]...")
		os.Exit(2)
	}
	name := os.Args[1]
	os.Args = append([]string{name}, os.Args[2:]...) // As its own binary would see them.
	var command *cobra.Command
	switch name {
	case nameEtcd:
		command = etcdCommand()
	case nameAPIServer:
		command = apiserver.NewAPIServerCommand()
	case nameControllerManager:
		command = controllermanager.NewControllerManagerCommand()
	case nameScheduler:
		command = scheduler.NewSchedulerCommand()
	case "up":
		command = upCommand()
	default:
		fmt.Fprintf(os.Stderr, "no component %q; there are up, %s\n", name, strings.Join(names(), ", "))
		os.Exit(2)
	}
	os.Exit(cli.Run(command))
}

func upCommand() *cobra.Command {
	var options options
	command := &cobra.Command{
		Use:          "up",
		Short:        "run a control plane",
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE: func(command *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(command.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			hangup := make(chan os.Signal, 1)
			signal.Notify(hangup, syscall.SIGHUP)
			defer signal.Stop(hangup)
			return up(ctx, options, hangup)
		},
	}
	command.SetContext(context.Background())
	command.Flags().StringVar(&options.dir, "dir", "", "folder for certificates, kubeconfigs, logs and data")
	command.Flags().StringArrayVar(&options.flags, "flag", nil,
		"a further flag of a component, as kube-apiserver=--v=2; repeatable")
	return command
}
