package world

import (
	"fmt"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

// A launcher starts children that die with this process, even when it is killed. The kernel ties that promise to the
// thread that forked, not to the process, so all children come from one thread that lives until close.
type launcher struct {
	requests chan launch
	done     chan struct{}
	once     sync.Once
}

type launch struct {
	cmd    *exec.Cmd
	result chan error
}

func newLauncher() *launcher {
	l := &launcher{requests: make(chan launch), done: make(chan struct{})}
	go l.loop()
	return l
}

// loop never unlocks its thread: the runtime then ends the thread with the goroutine, and the kernel what it forked.
func (l *launcher) loop() {
	runtime.LockOSThread()
	for {
		select {
		case request := <-l.requests:
			request.result <- request.cmd.Start()
		case <-l.done:
			return
		}
	}
}

func (l *launcher) start(cmd *exec.Cmd) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	request := launch{cmd, make(chan error, 1)}
	select {
	case l.requests <- request:
		return <-request.result
	case <-l.done:
		return fmt.Errorf("start %s: the world is closed", cmd.Path)
	}
}

func (l *launcher) close() { l.once.Do(func() { close(l.done) }) }
