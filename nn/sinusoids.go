package nn

import (
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// AddSinusoids adds to the element at time t of each sequence in x, of shape (N, T, D),
// the vector
//
//	sin(t/10000^(0/D)), cos(t/10000^(0/D)), sin(t/10000^(2/D)), cos(t/10000^(2/D)), ...
//
// which tells positions apart without parameters, for any T. x is float32 or float64;
// the vectors have the same bits on each machine, and are exact to 1e-9 for a million
// times.
//
// Source: Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.5.
func AddSinusoids(x *gorgonia.Node) (*gorgonia.Node, error) { return apply(addSinusoids{}, x) }

// addSinusoids :: (N, T, D) a → (N, T, D) a
type addSinusoids struct{}

func (addSinusoids) Name() string       { return "AddSinusoids" }
func (addSinusoids) String() string     { return "AddSinusoids" }
func (addSinusoids) Rank() int          { return 3 }
func (addSinusoids) Inputs() []op.Input { return []op.Input{{Name: "x", Rank: 3}} }
func (addSinusoids) Role() op.Role      { return op.RoleBinary }

func (addSinusoids) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return in[0].Clone(), op.NotEmpty("x", in[0])
}

func (addSinusoids) Loops() op.Loops { return op.LoopsOf(sinusoids, sinusoids) }

func sinusoids[F op.Float](y []F, in op.Args[F]) error {
	s := in.Shapes[0]
	times, width := s[1], s[2]
	table := make([]F, times*width)
	parallel.Ranges(times, 64*width, func(from, to int) {
		for i := 0; i < width; i += 2 {
			frequency := portable.Exp(-math.Ln10 * 4 * float64(i) / float64(width))
			for t := from; t < to; t++ {
				// Of one turn.
				angle := math.Mod(float64(float64(t)*frequency), 2*math.Pi)
				// The sine is the cosine a quarter of a turn before.
				table[t*width+i] = F(cosine(angle - math.Pi/2))
				if i+1 < width {
					table[t*width+i+1] = F(cosine(angle))
				}
			}
		}
	})
	each := times * width
	parallel.Ranges(s[0], each, func(from, to int) {
		for n := from; n < to; n++ {
			x, y := in.Floats[0][n*each:(n+1)*each], y[n*each:(n+1)*each]
			for i, v := range table {
				y[i] = x[i] + v
			}
		}
	})
	return nil
}

// cosine returns that of an angle in [-pi, 2·pi].
func cosine(angle float64) float64 {
	if angle = math.Abs(angle); angle > math.Pi {
		angle = 2*math.Pi - angle
	}
	return portable.Cos(angle)
}

func (addSinusoids) Derive(_ *op.Calculus, _ []op.Operand, _, dy op.Operand) []op.Operand {
	return []op.Operand{dy}
}
