package a

import (
	drop "github.com/gorgonia-dropout/dropout/ops"
	"gorgonia.org/gorgonia"
)

func imported(x *gorgonia.Node) {
	drop.Dropout(x, 0.5, drop.WithSeed(1))
	gorgonia.Dropout(x, 0.5) // want `use ops.Dropout`
}

func shadowed(drop *gorgonia.Node) {
	gorgonia.Dropout(drop, 0.5) // want `use ops.Dropout`
}
