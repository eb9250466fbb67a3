//go:build noasm || !(amd64 || arm64)

package peak

import "github.com/gorgonia-dropout/dropout/internal/kernel/isa"

// loopOf returns no loop: there are none for this processor.
func loopOf(isa.Set) (run loop, turn int) { return nil, 0 }
