// Package fulldisk lets tests write to a disk that becomes full.
package fulldisk

import "syscall"

// Disk is a writer with room for some bytes. What goes beyond is
// syscall.ENOSPC, after what still fits.
type Disk struct{ Room int }

// Write implements io.Writer.
func (d *Disk) Write(b []byte) (int, error) {
	n := min(len(b), d.Room)
	if d.Room -= n; n < len(b) {
		return n, syscall.ENOSPC
	}
	return n, nil
}
