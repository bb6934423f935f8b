package rootfs

import (
	"errors"
	"io/fs"

	"github.com/prometheus/procfs"
)

// Commands gives the command lines of the processes of a name (comm of proc(5), of at most 15 bytes) that run on the machine, and in no
// container on it; proc is where it describes itself, as Proc says.
func Commands(proc, name string) (commands [][]string, err error) {
	files, err := procfs.NewFS(proc)
	if err != nil {
		return nil, err
	}
	processes, err := files.AllProcs()
	if err != nil {
		return nil, err
	}
	for _, process := range processes {
		comm, err := process.Comm()
		if err != nil || comm != name {
			continue // It may have ended.
		}
		line, err := process.CmdLine()
		status, statusErr := process.NewStatus()
		if errors.Is(errors.Join(err, statusErr), fs.ErrPermission) {
			return nil, Denied(errors.Join(err, statusErr))
		}
		if err == nil && statusErr == nil && len(status.NSpids) <= 1 {
			commands = append(commands, line)
		}
	}
	return commands, nil
}
