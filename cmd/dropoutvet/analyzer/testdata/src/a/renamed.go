package a

import G "gorgonia.org/gorgonia" // the graph

var renamedValue = G.Dropout // want `use ops.Dropout` renamedValue:"calls gorgonia.Dropout"

func renamed(x *G.Node) { G.Dropout(x, 0.2) } // want `use ops.Dropout` renamed:"calls gorgonia.Dropout"
