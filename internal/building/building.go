// Package building serializes the construction of Gorgonia graphs. Gorgonia
// v0.9.18 counts operator groups and merged nodes in package-level variables
// without locks, so two goroutines that each build a separate graph would race.
// Running machines is not affected, but for the package-level variable of the
// BLAS, which they read.
package building

import "sync"

var (
	mu   sync.Mutex
	runs sync.RWMutex
)

// Exclusively runs f while no other call of Exclusively runs.
func Exclusively(f func() error) error {
	mu.Lock()
	defer mu.Unlock()
	return f()
}

// Run calls f, which runs a machine, while no call of Alone runs.
func Run(f func() error) error {
	runs.RLock()
	defer runs.RUnlock()
	return f()
}

// Alone calls f while no call of Exclusively and Run runs.
func Alone(f func()) {
	mu.Lock()
	defer mu.Unlock()
	runs.Lock()
	defer runs.Unlock()
	f()
}
