package b

import "gorgonia.org/gorgonia"

func taken(x *gorgonia.Node) { // want taken:"calls gorgonia.Dropout"
	ops, dropoutops1 := 1, 2
	_, _ = ops, dropoutops1
	gorgonia.Dropout(x, 0.5) // want `use ops.Dropout`
}
