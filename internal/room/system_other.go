//go:build !linux && !darwin

package room

func systemMemory() (int64, bool) { return 0, false }
