package ops

import (
	"fmt"
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/kernel/elementary"
	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// VariationalRegularizer returns the term that [VariationalDropout] needs in
// the loss: the divergence of the distributions of the weights from a
// log-uniform prior, summed over the weights, times a factor. For weights of
// mean w whose variance has the logarithm s, log(alpha) = s - log(w²) and the
// divergence is about
//
//	k1*(1 - sigmoid(k2 + k3*log(alpha))) + log(1 + 1/alpha)/2
//
// with k1 = 0.63576, k2 = 1.87320 and k3 = 1.48695. It falls towards 0 as alpha
// grows, so training gives weights that the data do not need an alpha so large
// that they can be pruned (automatic relevance determination).
//
// w and logVariance are float32 or float64 nodes of one graph, type and shape;
// the result is a scalar of their type. factor is finite and not negative: for
// a loss that is a mean over N examples 1/N, which is best reached from 0 during
// the first epochs. A weight of 0 adds nothing and has no gradient. NaN stays
// NaN. Gradients flow into both; a second derivative is not available.
//
// Source: Molchanov, Ashukha and Vetrov, "Variational Dropout Sparsifies Deep
// Neural Networks", ICML 2017, equation 14.
func VariationalRegularizer(w, logVariance *gorgonia.Node, factor float64) (*gorgonia.Node, error) {
	const name = "ops: VariationalRegularizer"
	if err := checkFloats(w); err != nil {
		return nil, errors.Wrap(err, name)
	}
	if err := likeNode(w, logVariance, "w", "logVariance"); err != nil {
		return nil, errors.Wrap(err, name)
	}
	if !(factor >= 0) || math.IsInf(factor, 1) {
		return nil, errors.Errorf("%s: factor must be finite and not negative, got %v", name, factor)
	}
	return apply(divergence{factor: factor, rank: w.Dims()}, w, logVariance)
}

// LogAlpha returns the logarithm of the variance of a weight, whose own
// logarithm is logVariance, over its square: +Inf for a weight of 0. Molchanov et
// al. prune weights from 3 on, where dropout of the same variance drops 95 %.
func LogAlpha(w, logVariance float64) float64 {
	if w == 0 {
		return math.Inf(1)
	}
	return logVariance - 2*portable.Log(math.Abs(w))
}

// divergence :: Tensor f → Tensor f → f
//
// The inputs are the weights and the logarithms of their variances.
type divergence struct {
	factor float64
	rank   int // of the inputs
}

func (f divergence) Name() string { return "VariationalRegularizer" }
func (f divergence) Rank() int    { return 0 }

func (f divergence) String() string {
	return fmt.Sprintf("VariationalRegularizer{%v rank=%d}", f.factor, f.rank)
}

func (f divergence) Inputs() []op.Input {
	return []op.Input{{Name: "w", Rank: f.rank}, {Name: "logVariance", Rank: f.rank}}
}

func (f divergence) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if _, err := sameShapes(in, "w and logVariance"); err != nil {
		return nil, err
	}
	return tensor.ScalarShape(), nil
}

func (f divergence) Loops() op.Loops { return op.Bind(f, diverge, diverge) }

// kl is how many weights are computed at a time: few enough for the stack.
const kl = 512

func diverge[F op.Float](f divergence, y []F, in op.Args[F]) error {
	var alphas, softpluses, sigmoids [kl]float64
	var sum float64
	for at := 0; at < len(in.Floats[0]); at += kl {
		n := min(kl, len(in.Floats[0])-at)
		a, softplus, s := alphas[:n], softpluses[:n], sigmoids[:n]
		logAlphas(a, in.Floats[0][at:at+n], in.Floats[1][at:at+n])
		// 1 - sigmoid(u) is sigmoid(-u), and log(1+1/alpha) is softplus(-log(alpha)).
		for i, a := range a {
			s[i], softplus[i] = -(k2 + float64(k3*a)), -math.Abs(a)
		}
		elementary.Sigmoid64(s)
		elementary.Exp64(softplus)
		elementary.Log1p(softplus)
		for i, a := range a {
			if a < 0 {
				softplus[i] -= a
			}
			sum += float64(k1*s[i]) + float64(softplus[i]/2)
		}
	}
	y[0] = F(f.factor * sum)
	return nil
}

// logAlphas sets a to LogAlpha of weights and of the logarithms of their variances.
func logAlphas[F op.Float](a []float64, w, logVariance []F) {
	for i, w := range w {
		a[i] = math.Abs(float64(w))
	}
	elementary.Log(a)
	for i, w := range w {
		if a[i] = float64(logVariance[i]) - 2*a[i]; w == 0 {
			a[i] = math.Inf(1)
		}
	}
}

// The constants of equation 14.
const k1, k2, k3 = 0.63576, 1.87320, 1.48695

// klSlopes replaces logarithms of alpha by the derivatives of the divergence with respect
// to them.
func klSlopes(a []float64) {
	var highs, lows [kl]float64
	high, low := highs[:len(a)], lows[:len(a)]
	for i, v := range a {
		u := k2 + float64(k3*v)
		high[i], low[i], a[i] = u, -u, -v
	}
	elementary.Sigmoid64(high)
	elementary.Sigmoid64(low)
	elementary.Sigmoid64(a)
	for i, s := range a {
		a[i] = -float64(k1*k3*high[i]*low[i]) - float64(s/2)
	}
}

// Derive returns the gradients of the weights and of the logarithms.
func (f divergence) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	return []op.Operand{
		c.Of(divergenceSlope{divergence: f}, x[0], x[1], dy),
		c.Of(divergenceSlope{divergence: f, ofLogVariance: true}, x[0], x[1], dy),
	}
}

// divergenceSlope :: Tensor f → Tensor f → f → Tensor f
//
// It is the gradient of divergence with respect to one of its inputs.
type divergenceSlope struct {
	divergence
	ofLogVariance bool
}

func (f divergenceSlope) Name() string { return "gradient of VariationalRegularizer" }
func (f divergenceSlope) Rank() int    { return f.rank }

func (f divergenceSlope) String() string {
	return fmt.Sprintf("gradient of %v logVariance=%v", f.divergence, f.ofLogVariance)
}

func (f divergenceSlope) Inputs() []op.Input {
	return append(f.divergence.Inputs(), op.Input{Name: "gradient of y"})
}

func (f divergenceSlope) Shape(in []tensor.Shape) (tensor.Shape, error) { return in[0].Clone(), nil }

// Derive makes the calculus fail.
func (f divergenceSlope) Derive(c *op.Calculus, _ []op.Operand, _, _ op.Operand) []op.Operand {
	return c.Stop()
}

func (f divergenceSlope) Loops() op.Loops { return op.Bind(f, slopes, slopes) }

func slopes[F op.Float](f divergenceSlope, y []F, in op.Args[F]) error {
	factor := f.factor * float64(in.Floats[2][0])
	var buffer [kl]float64
	for at := 0; at < len(y); at += kl {
		n := min(kl, len(y)-at)
		y, w, slope := y[at:at+n], in.Floats[0][at:at+n], buffer[:n]
		logAlphas(slope, w, in.Floats[1][at:at+n])
		klSlopes(slope)
		for i, w := range w {
			switch w := float64(w); {
			case w == 0:
				y[i] = 0 // the limit
			case f.ofLogVariance:
				y[i] = F(factor * slope[i])
			default:
				y[i] = F(factor * slope[i] * -2 / w)
			}
		}
	}
	return nil
}
