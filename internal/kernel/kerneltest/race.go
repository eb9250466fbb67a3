//go:build race

package kerneltest

// Race reports whether the race detector runs, which drops pooled memory.
const Race = true
