// Package fulldisk lets tests write to a disk that runs full, and makes files fail.
package fulldisk

import "syscall"

// Disk is a writer with room for Room bytes. It writes what fits and fails with
// syscall.ENOSPC for the rest.
type Disk struct{ Room int }

// Write implements io.Writer.
func (d *Disk) Write(b []byte) (int, error) {
	n := min(len(b), d.Room)
	if d.Room -= n; n < len(b) {
		return n, syscall.ENOSPC
	}
	return n, nil
}
