// Package building serializes the construction of Gorgonia graphs. Gorgonia
// v0.9.18 counts operator groups and merged nodes in package-level variables
// without locks, so two goroutines that each build a separate graph would race.
// Running machines is not affected.
package building

import "sync"

var mu sync.Mutex

// Exclusively runs f while no other call of Exclusively runs.
func Exclusively(f func() error) error {
	mu.Lock()
	defer mu.Unlock()
	return f()
}
