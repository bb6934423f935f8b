// Package record keeps what must outlive the process: the changes of status of each system, so that since when something
// is as it is, and whether it is a regression, are the system's and not the process's.
package record

import "time"

// A Change is a status that one check of one system changed to.
type Change struct {
	System string    `json:"system"`
	Check  string    `json:"check"`
	Status string    `json:"status"`
	At     time.Time `json:"at"`
}

// A Store keeps records. None of its methods but Close waits for the place in which they are kept.
type Store interface {
	// Changes are those that are kept of one system; of each check, the oldest first.
	Changes(system string) []Change
	// Append keeps further changes.
	Append(changes ...Change)
	// Writable tells whether what is appended will outlive the process.
	Writable() bool
	// Close keeps what was appended, for as long as that may take at most, and ends the store.
	Close() error
}
