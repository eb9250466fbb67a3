package other

import (
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/ops"
	"gorgonia.org/gorgonia"
)

type machine struct{}

func (machine) Dropout(x *gorgonia.Node, dropProb float64) {}

func Dropout(x *gorgonia.Node, dropProb float64) {}

const percent = 20

func rates(x *gorgonia.Node, p float64) { // want rates:"calls gorgonia.Dropout"
	machine{}.Dropout(x, 1.5)
	Dropout(x, 1.5)

	ops.Dropout(x, 0)
	ops.Dropout(x, 1)
	ops.Dropout(x, p)
	ops.Dropout(x, 1.5)         // want `p of ops.Dropout must be in \[0, 1\], got 1.5`
	ops.Dropout(x, percent)     // want `p of ops.Dropout must be in \[0, 1\], got 20`
	ops.DropBlock2d(x, -0.1, 3) // want `p of ops.DropBlock2d must be in \[0, 1\], got -0.1`
	ops.DropBlock2d(x, 0.1, 3)
	models.Dropout(20. / 10) // want `p of models.Dropout must be in \[0, 1\], got 2`
	gorgonia.Dropout(x, -1)  // want `use ops.Dropout` `p of gorgonia.Dropout must be in \[0, 1\], got -1`
}
