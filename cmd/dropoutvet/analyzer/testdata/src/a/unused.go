package a

import (
	"b"

	"gorgonia.org/gorgonia"
)

// Nothing else needs gorgonia here.
func unused() { // want unused:"calls gorgonia.Dropout"
	b.Use(gorgonia.Dropout(pair())) // want `use ops.Dropout`
}
