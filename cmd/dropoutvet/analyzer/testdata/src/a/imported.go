package a

import (
	drop "github.com/gorgonia-dropout/dropout/ops"
	"gorgonia.org/gorgonia"
)

func imported(x *gorgonia.Node) { // want imported:"calls gorgonia.Dropout"
	drop.Dropout(x, 0.5, drop.WithSeed(1))
	gorgonia.Dropout(x, 0.5) // want `use ops.Dropout`
}

func shadowed(drop *gorgonia.Node) { // want shadowed:"calls gorgonia.Dropout"
	gorgonia.Dropout(drop, 0.5) // want `use ops.Dropout`
}
