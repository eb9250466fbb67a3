//go:build !linux && !darwin

package room

// Disk returns the bytes that may still be written to the file system of a directory.
// ok is false if the system does not say.
func Disk(string) (bytes int64, ok bool) { return 0, false }
