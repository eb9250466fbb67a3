package a

import . "gorgonia.org/gorgonia"

func dotted(x *Node) { // want dotted:"calls gorgonia.Dropout"
	Dropout(x, 0.2) // want `use ops.Dropout`
	_ = Dropout     // want `use ops.Dropout`
}
