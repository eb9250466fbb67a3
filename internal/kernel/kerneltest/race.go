//go:build race

package kerneltest

// Race tells whether the race detector runs, which drops pooled memory.
const Race = true
