package a

import . "gorgonia.org/gorgonia"

func dotted(x *Node) {
	Dropout(x, 0.2) // want `use ops.Dropout`
	_ = Dropout     // want `use ops.Dropout`
}
