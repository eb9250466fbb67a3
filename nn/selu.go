package nn

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/kernel/elementary"
	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
)

// SELU returns scale*x where x > 0 and scale*alpha*(exp(x)-1) elsewhere, for
// each element of x, a float32 or float64 node of any shape, with the constants
// for which mean 0 and variance 1 of activations are a fixed point. Use it with
// weights of variance 1/inputs and [ops.AlphaDropout].
//
// Source: Klambauer et al., "Self-Normalizing Neural Networks", NeurIPS 2017,
// equation 2.
func SELU(x *gorgonia.Node) (*gorgonia.Node, error) { return applyCurve(selu{}, x) }

// The constants of SELU; see Klambauer et al., equation 14.
const (
	seluAlpha = 1.6732632423543772848170429916717
	seluScale = 1.0507009873554804934193349852946
)

type selu struct{}

func (selu) String() string { return "SELU" }

func (selu) slope(x, y float64) float64 {
	if x > 0 {
		return seluScale
	}
	return y + seluScale*seluAlpha
}

func (c selu) loops() op.Loops { return op.Bind(c, total(seluOf[float32]), total(seluOf[float64])) }

func seluOf[F op.Float](_ selu, y []F, in op.Args[F]) {
	parallel.Ranges(len(y), 1, func(from, to int) {
		const piece = 512 // few enough for the stack
		var buffer [piece]float64
		for ; from < to; from += piece {
			n := min(piece, to-from)
			x, y, e := in.Floats[0][from:from+n], y[from:from+n], buffer[:n]
			for i, x := range x {
				e[i] = min(float64(x), 0)
			}
			elementary.Expm1(e)
			for i, x := range x {
				if y[i] = F(seluScale * seluAlpha * e[i]); x > 0 {
					y[i] = F(seluScale * float64(x))
				}
			}
		}
	})
}
