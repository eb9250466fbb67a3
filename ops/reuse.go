package ops

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/op"
)

// ReuseMemory makes this module's ops in g keep the memory of their results
// from one run to the next, where a machine would allocate it anew each time.
// Call it when the graph is complete, after [gorgonia.Grad]. From then on only
// one machine at a time may run g, and each run overwrites the values of the
// last: copy what you want to keep.
func ReuseMemory(g *gorgonia.ExprGraph) { op.ReuseMemory(g) }
