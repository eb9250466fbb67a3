package nn

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/op"
)

// apply returns the node of a function of this package applied to in.
func apply(f op.Function, in ...*gorgonia.Node) (*gorgonia.Node, error) {
	return op.Apply("nn", f, in...)
}
