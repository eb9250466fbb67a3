package ops

import (
	"fmt"
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
)

// ConcreteRegularizer returns the term that [ConcreteDropout] needs in the loss
// for the layer of weights w that follows it:
//
//	weight*sum(w^2)/(1-p) + dropout*units*(p*log(p) + (1-p)*log(1-p))
//
// with p = sigmoid(logit). w, of any shape, and logit, a scalar, have the same
// type and graph. units is the number of units that are dropped independently:
// for a dense layer, the inputs of w. The first term is weight decay, which
// pulls p down; the second pulls p towards 1/2. For a loss that is a mean over
// N examples the authors use weight = l^2/(tau*N) and dropout = 2/(tau*N), with
// prior length scale l and model precision tau (1 for classification). weight
// and dropout must not be negative; units must be positive.
//
// Source: Gal, Hron and Kendall, "Concrete Dropout", NeurIPS 2017, equations 3
// and 4, in the form used in their code.
func ConcreteRegularizer(w, logit *gorgonia.Node, units int, weight, dropout float64) (*gorgonia.Node, error) {
	const name = "ops: ConcreteRegularizer"
	if w == nil || logit == nil || w.Graph() == nil {
		return nil, errors.Errorf("%s: w and logit must be nodes of a graph, got none", name)
	}
	dt, err := op.DtypeOf(w)
	if err != nil || !op.IsFloat(dt) {
		return nil, errors.Errorf("%s: w must be of float32 or float64, got %v", name, w.Type())
	}
	if !logit.IsScalar() || logit.Type() != dt {
		return nil, errors.Errorf("%s: logit must be a scalar of w's type %v, got %v", name, dt, logit.Type())
	}
	if units < 1 {
		return nil, errors.Errorf("%s: units must be positive, got %d", name, units)
	}
	for _, factor := range []float64{weight, dropout} {
		if !(factor >= 0) || math.IsInf(factor, 0) {
			return nil, errors.Errorf("%s: weight and dropout must not be negative, got %v and %v", name, weight, dropout)
		}
	}
	e := &expression{dt: dt}
	odds := e.unary(gorgonia.Exp, logit)
	square := e.unary(gorgonia.Square, w)
	if !w.IsScalar() {
		square = e.unary(func(n *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Sum(n) }, square)
	}
	// 1/(1-p) = 1 + e^logit.
	decay := e.scale(weight, e.binary(gorgonia.Add, square, e.binary(gorgonia.HadamardProd, square, odds)))
	// log(1-p) = -softplus(logit) and log(p) = logit - softplus(logit), so that
	// p*log(p) + (1-p)*log(1-p) = p*logit - softplus(logit).
	p := e.unary(gorgonia.Sigmoid, logit)
	entropy := e.binary(gorgonia.Sub, e.binary(gorgonia.HadamardProd, p, logit), e.unary(gorgonia.Softplus, logit))
	loss := e.binary(gorgonia.Add, decay, e.scale(dropout*float64(units), entropy))
	return loss, errors.Wrap(e.err, name)
}

// expression builds nodes and remembers the first error.
type expression struct {
	dt  tensor.Dtype
	err error
}

func (e *expression) unary(f func(*gorgonia.Node) (*gorgonia.Node, error), a *gorgonia.Node) (n *gorgonia.Node) {
	if e.err == nil {
		n, e.err = f(a)
	}
	return n
}

func (e *expression) binary(f func(a, b *gorgonia.Node) (*gorgonia.Node, error), a, b *gorgonia.Node) (n *gorgonia.Node) {
	if e.err == nil {
		n, e.err = f(a, b)
	}
	return n
}

func (e *expression) scale(factor float64, a *gorgonia.Node) *gorgonia.Node {
	// Gorgonia merges constants of the same name, whatever their types.
	name := gorgonia.WithName(fmt.Sprintf("%v %v", e.dt, factor))
	c := gorgonia.NewConstant(factor, name)
	if e.dt == tensor.Float32 {
		c = gorgonia.NewConstant(float32(factor), name)
	}
	return e.binary(gorgonia.HadamardProd, c, a)
}
