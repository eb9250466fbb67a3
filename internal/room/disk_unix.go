//go:build linux || darwin

package room

import "golang.org/x/sys/unix"

// Disk returns the bytes that may still be written to the file system of a directory.
// ok is false if the system does not say.
func Disk(dir string) (bytes int64, ok bool) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return int64(s.Bavail) * int64(s.Bsize), true
}
