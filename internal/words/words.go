// Package words puts numbers, names and texts from outside into English sentences.
package words

import (
	"fmt"
	"strings"
	"time"
)

// most is how many names a list has at most.
const most = 5

// Count is a number of things: "no pods", "1 pod", "3 pods". The noun must be one whose plural ends in s.
func Count(n int, noun string) string {
	switch n {
	case 0:
		return "no " + noun + "s"
	case 1:
		return "1 " + noun
	default:
		return fmt.Sprintf("%d %ss", n, noun)
	}
}

// Moment is a time in UTC, to the minute: "2006-01-02 15:04 UTC".
func Moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// Verb is the form of to be that goes with a number of things: "is" or "are".
func Verb(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// List names things as a sentence does: "a", "a and b", "a, b and c"; of many the first five: "a, b, c, d, e and 2 more".
func List(names []string) string {
	switch n := len(names); {
	case n == 0:
		return "none"
	case n > most:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), n-most)
	case n == 1:
		return names[0]
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
}

// Named is a list with what its things are: "label team", "labels team and cost-center".
func Named(noun string, names []string) string {
	if len(names) == 1 {
		return noun + " " + names[0]
	}
	return noun + "s " + List(names)
}
