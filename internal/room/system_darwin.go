package room

import "golang.org/x/sys/unix"

// systemMemory returns all memory: macOS frees and compresses as it likes.
func systemMemory() (int64, bool) {
	n, err := unix.SysctlUint64("hw.memsize")
	return int64(n), err == nil
}
