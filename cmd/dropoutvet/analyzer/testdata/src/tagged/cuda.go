//go:build cuda

package tagged

import (
	G "gorgonia.org/gorgonia"
	nnops "gorgonia.org/gorgonia/ops/nn"
)

func gpu() {
	G.Dropout(x, 0.5)
	nnops.Dropout(x, 0.5)
	G.Must(x, nil)
}
