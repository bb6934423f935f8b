package rootfs

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
)

// maximumMountinfo bounds what is read of a list of mounts: some hundred bytes for each of the 100,000 that a kernel allows.
const maximumMountinfo = 64 << 20

// A Mount is one line of a list of mounts, as proc_pid_mountinfo(5) has it.
type Mount struct {
	Number, Root, Point   string
	Options, SuperOptions []string
	FSType, Source        string
	Unread                string // why the line could not be read
}

// ReadMounts reads a list of mounts: /proc/self/mountinfo.
func ReadMounts(path string) ([]Mount, error) {
	content, err := readfile.Read(path, maximumMountinfo)
	if err != nil {
		return nil, err
	}
	return ParseMounts(string(content)), nil
}

// ParseMounts reads each line by itself: one that cannot be read is known by its mount point, if it has one.
func ParseMounts(text string) []Mount {
	var all []Mount
	number := 0
	for line := range strings.Lines(text) {
		number++
		if line = strings.TrimSuffix(line, "\n"); line == "" {
			continue
		}
		info, whole := parseMount(line)
		if !whole {
			info.Unread = fmt.Sprintf("line %d of the list of mounts is not as proc_pid_mountinfo(5) describes it", number)
			if info.Point == "" {
				info.Point = fmt.Sprintf("/(line %d of the list of mounts)", number)
			}
		}
		all = append(all, info)
	}
	return all
}

// parseMount reads a line by its fields, of which any can hold a hyphen: the optional ones end at the first that is nothing
// else. A source can be empty.
func parseMount(line string) (info Mount, whole bool) {
	const first = 6 // The fields before the optional ones.
	fields := strings.Split(line, " ")
	if len(fields) >= 5 {
		info.Point = unescape(fields[4])
	}
	if len(fields) < first {
		return info, false
	}
	info.Number, info.Root, info.Options = fields[2], unescape(fields[3]), strings.Split(fields[5], ",")
	hyphen := slices.Index(fields[first:], "-")
	if hyphen < 0 {
		return info, false
	}
	rest := fields[first+hyphen+1:]
	if len(rest) < 2 {
		return info, false
	}
	info.FSType, info.Source = unescape(rest[0]), unescape(rest[1])
	info.SuperOptions = strings.Split(strings.Join(rest[2:], " "), ",")
	if len(rest) == 2 {
		info.Source, info.SuperOptions = "", strings.Split(rest[1], ",")
	}
	return info, strings.HasPrefix(info.Point, "/")
}

var octalEscape = regexp.MustCompile(`\\[0-7]{3}`)

// unescape undoes how the kernel writes blanks in its lists.
func unescape(field string) string {
	return octalEscape.ReplaceAllStringFunc(field, func(escape string) string {
		code, err := strconv.ParseUint(escape[1:], 8, 8)
		if err != nil {
			return escape
		}
		return string([]byte{byte(code)})
	})
}
