package a

import (
	"b"

	"gorgonia.org/gorgonia"
)

// Nothing else needs gorgonia here.
func unused() {
	b.Use(gorgonia.Dropout(pair())) // want `use ops.Dropout`
}
