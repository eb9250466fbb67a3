package tagged

import "gorgonia.org/gorgonia"

var x *gorgonia.Node
