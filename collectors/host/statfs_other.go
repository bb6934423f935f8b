//go:build !linux

package host

import "runtime"

// statfs is there so that the rest of the exporter can be built; collect refuses before anything is asked.
func (s *sizes) statfs(string, mount) (size, error) { return size{}, checkSystem(runtime.GOOS) }
