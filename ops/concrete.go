package ops

import (
	"fmt"
	"hash"
	"math"
	"sync/atomic"

	"github.com/chewxy/hm"
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/kernel"
	"github.com/gorgonia-dropout/dropout/internal/mask"
	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// WithTemperature sets the temperature of ConcreteDropout, a positive number:
// the lower, the nearer its factors are to 0 and 1/(1-p). The default is 0.1,
// that of the authors' code. Other dropouts have no temperature, and it is an
// error to give them one.
func WithTemperature(t float64) Option {
	return func(c *config) { c.temperature, c.hasTemperature = t, true }
}

const defaultTemperature = 0.1

// Logit returns log(p/(1-p)), for the first value of ConcreteDropout's logit.
func Logit(p float64) float64 { return math.Log(p) - math.Log1p(-p) }

// ConcreteDropout is dropout whose probability is learned: p = sigmoid(logit),
// where logit is a scalar parameter of x's graph and of x's type, for a solver
// to update as any other. Each element of x is multiplied by
//
//	(1 - z)/(1 - p),  z = sigmoid((logit + log(u) - log(1-u))/t)
//
// where u is uniform in (0, 1) and t the temperature: a smooth stand-in for
// dropping with probability p, so that the gradient reaches the logit. At
// inference x passes unchanged. Since the loss alone often drives p to 0, add
// ConcreteRegularizer.
//
// x is a float32 or float64 node of any shape. The logit may be any number but
// NaN and +Inf, which are errors of the run; -Inf is p = 0 and leaves x as it
// is. No element is dropped for good: NaN stays NaN. WithNoiseShape and
// WithBroadcastAxes share the factors over axes; WithRate and WithRateNode are
// errors. u is (w+1/2)/2^32, w being the random word of the element as in
// GaussianDropout, and the factors are the same bits on all machines. The op can
// be differentiated any number of times in x and the logit.
//
// Source: Gal, Hron and Kendall, "Concrete Dropout", NeurIPS 2017, equation 5.
func ConcreteDropout(x, logit *gorgonia.Node, opts ...Option) (*gorgonia.Node, error) {
	const name = "ops: ConcreteDropout"
	c, err := configure("ConcreteDropout", x, opts, true)
	if err != nil {
		return nil, err
	}
	dt, err := dtypeOf(x)
	if err != nil {
		return nil, errors.Wrap(err, name)
	}
	switch {
	case logit == nil || logit.Graph() != nil && logit.Graph() != x.Graph():
		return nil, errors.Errorf("%s: logit must be a node of x's graph, got %v", name, logit)
	case !logit.IsScalar() || logit.Type() != dt:
		return nil, errors.Errorf("%s: logit must be a scalar of x's type %v, got %v", name, dt, logit.Type())
	case c.rate != nil || c.hasRateNode:
		return nil, errors.Errorf("%s: rate must be the logit's, got another", name)
	}
	shared, err := c.sharedAxes(x.Shape(), nil)
	if err != nil {
		return nil, errors.Wrap(err, name)
	}
	op := &concreteOp{config: *c, logitType: dt, shared: shared, training: new(atomic.Bool)}
	op.training.Store(true)
	return op.apply(x, logit, c.step)
}

// concreteOp :: Tensor f → f → Int64 → Tensor f
//
// The inputs are x, the logit and the step. The op multiplies each element of x
// by the derivative of that order of its factor, as a function of the logit.
// Applied to the gradient of the output it is the op's derivative in x; the
// derivative in the logit is the sum of the gradient times the op of the next
// order.
type concreteOp struct {
	config
	order     int
	logitType tensor.Dtype
	shared    []bool // by axis of x; nil: none
	training  *atomic.Bool
}

func (op *concreteOp) apply(x, logit, step *gorgonia.Node) (*gorgonia.Node, error) {
	y, err := gorgonia.ApplyOp(op, x, logit, step)
	return y, op.wrap(err)
}

func (op *concreteOp) wrap(err error) error { return errors.Wrap(err, "ops: ConcreteDropout") }

func (op *concreteOp) layerID() uint32 { return op.layer }

// Arity, Type and InferShape tell Gorgonia how to connect the op.
func (op *concreteOp) Arity() int { return 3 }

func (op *concreteOp) Type() hm.Type {
	a := hm.TypeVariable('a')
	return hm.NewFnType(a, op.logitType, tensor.Int64, a)
}

func (op *concreteOp) InferShape(in ...gorgonia.DimSizer) (tensor.Shape, error) {
	if err := op.count(len(in)); err != nil {
		return nil, err
	}
	s, ok := in[0].(tensor.Shape)
	if !ok {
		return nil, errors.Errorf("ops: ConcreteDropout: want the shape of x, got %T", in[0])
	}
	return s.Clone(), nil
}

func (op *concreteOp) count(n int) error {
	if n != 3 {
		return errors.Errorf("ops: ConcreteDropout: want x, logit and step, got %d inputs", n)
	}
	return nil
}

func (op *concreteOp) ReturnsPtr() bool     { return false }
func (op *concreteOp) OverwritesInput() int { return -1 }
func (op *concreteOp) CallsExtern() bool    { return false }

func (op *concreteOp) String() string {
	return fmt.Sprintf("ConcreteDropout{order=%d t=%v seed=%d layer=%d mode=%v shared=%v}",
		op.order, op.temperature, op.seed, op.layer, op.mode, op.shared)
}

func (op *concreteOp) WriteHash(h hash.Hash) { fmt.Fprint(h, op.String()) }
func (op *concreteOp) Hashcode() uint32      { return hashOf(op) }

// SetTraining makes an Auto dropout active or the identity. Machines call it
// when they are made.
func (op *concreteOp) SetTraining(training bool) error {
	op.training.Store(training)
	return nil
}

func (op *concreteOp) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	return op.UsePreallocDo(nil, in...)
}

// UsePreallocDo is Do into the memory of prealloc where it fits.
func (op *concreteOp) UsePreallocDo(prealloc gorgonia.Value, in ...gorgonia.Value) (gorgonia.Value, error) {
	if err := op.count(len(in)); err != nil {
		return nil, err
	}
	if in[0] == nil {
		return nil, errors.New("ops: ConcreteDropout: x must be a value, got none")
	}
	if op.shared != nil && len(op.shared) != in[0].Shape().Dims() {
		return nil, errors.Errorf("ops: ConcreteDropout: x must have %d axes as its node, got %s", len(op.shared), describe(in[0]))
	}
	logit, err := scalarIn(in[1])
	if err != nil {
		return nil, errors.Wrap(err, "ops: ConcreteDropout: logit")
	}
	if math.IsNaN(logit) || math.IsInf(logit, 1) {
		return nil, errors.Errorf("ops: ConcreteDropout: logit must be a number below +Inf, got %v", logit)
	}
	step, err := stepIn(in[2])
	if err != nil {
		return nil, op.wrap(err)
	}
	m := op.mask(in[0].Shape(), logit, step)
	var y gorgonia.Value
	switch in[0].Dtype() {
	case tensor.Float32:
		y, err = applyMask(prealloc, in[0], m.Float32)
	case tensor.Float64:
		y, err = applyMask(prealloc, in[0], m.Float64)
	default:
		err = errors.Errorf("x must be of float32 or float64, got %v", in[0].Dtype())
	}
	return y, op.wrap(err)
}

// mask returns the factors at a step; where dropout is not active they are those
// of the identity, which does not depend on the logit.
func (op *concreteOp) mask(shape tensor.Shape, logit float64, step int64) mask.Mask {
	if !op.active(step, op.training.Load()) {
		if op.order == 0 {
			return mask.Identity{}
		}
		return mask.PerElement{Threshold: kernel.Always}
	}
	l := mask.NewLayout(shape, op.shared)
	return mask.Noise{Layout: l, Stream: op.stream(step), Number: concreteFactor(op.order, logit, op.temperature)}
}

// concreteFactor returns the derivative of an order of the factor
//
//	m = (1-z)*(1+e^logit),  z = sigmoid((logit + log(u) - log(1-u))/t)
//
// as a function of u's word. Derivative k of z is P[k](z)/t^k with P[0] = z and
// P[k+1] = P[k]'*z*(1-z), and those of 1+e^logit are e^logit; Leibniz's rule
// joins the two. Products are rounded one by one, so that all machines agree.
func concreteFactor(order int, logit, t float64) func(word uint32) float64 {
	e := portable.Exp(logit)
	polynomials := [][]float64{{0, 1}}
	weights := []float64{1} // binomials of order, each times its derivative of 1+e^logit, by derivative of z
	if order == 0 {
		weights[0] = 1 + e
	} else {
		weights[0] = e
	}
	binomial, power := 1.0, 1.0
	for k := 1; k <= order; k++ {
		last := polynomials[k-1]
		next := make([]float64, len(last)+1)
		for i, c := range last {
			next[i] += float64(c * float64(i))
			next[i+1] -= float64(c * float64(i))
		}
		polynomials = append(polynomials, next)
		binomial = binomial * float64(order-k+1) / float64(k)
		power *= t
		outer := e
		if k == order {
			outer = 1 + e
		}
		weights = append(weights, binomial*outer/power)
	}
	return func(word uint32) float64 {
		u := (float64(word) + 0.5) / (1 << 32)
		a := (logit + (portable.Log(u) - portable.Log(1-u))) / t
		kept := 1 / (1 + portable.Exp(a)) // 1-z, without the loss of 1 minus z
		m := float64(weights[0] * kept)
		if order == 0 {
			return m
		}
		z := 1 / (1 + portable.Exp(-a))
		for k := 1; k <= order; k++ {
			p := 0.0
			for i := len(polynomials[k]) - 1; i >= 0; i-- {
				p = float64(p*z) + polynomials[k][i]
			}
			m -= float64(weights[k] * p)
		}
		return m
	}
}

// DiffWRT says that the op is differentiable in x and the logit.
func (op *concreteOp) DiffWRT(inputs int) []bool {
	wrt := make([]bool, inputs)
	for i := range min(inputs, 2) {
		wrt[i] = true
	}
	return wrt
}

// next is the op of the next order, under the same switch.
func (op *concreteOp) next() *concreteOp {
	n := *op
	n.order++
	return &n
}

// SymDiff returns the gradient nodes of x and the logit.
func (op *concreteOp) SymDiff(inputs gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	if err := op.count(len(inputs)); err != nil {
		return nil, err
	}
	dx, err := op.apply(grad, inputs[1], inputs[2])
	if err != nil {
		return nil, err
	}
	dlogit, err := op.next().apply(inputs[0], inputs[1], inputs[2])
	if err != nil {
		return nil, err
	}
	if dlogit, err = gorgonia.HadamardProd(dlogit, grad); err == nil && !dlogit.IsScalar() {
		dlogit, err = gorgonia.Sum(dlogit)
	}
	if err != nil {
		return nil, errors.Wrap(err, "ops: ConcreteDropout: gradient of the logit")
	}
	return gorgonia.Nodes{dx, dlogit, nil}, nil
}

// DoDiff adds the gradients of x and the logit for a LispMachine.
func (op *concreteOp) DoDiff(_ gorgonia.ExecutionContext, inputs gorgonia.Nodes, output *gorgonia.Node) error {
	if err := op.count(len(inputs)); err != nil {
		return err
	}
	dy, err := output.Grad()
	if err != nil {
		return errors.Wrap(err, "ops: ConcreteDropout: gradient of the output")
	}
	dx, err := op.Do(dy, inputs[1].Value(), inputs[2].Value())
	if err != nil {
		return err
	}
	if err := accumulate(inputs[0], dx); err != nil {
		return errors.Wrap(err, "ops: ConcreteDropout: gradient of x")
	}
	slope, err := op.next().Do(inputs[0].Value(), inputs[1].Value(), inputs[2].Value())
	if err != nil {
		return err
	}
	var dlogit gorgonia.Value
	if slope.Dtype() == tensor.Float32 {
		dlogit, err = dot[float32](slope, dy)
	} else {
		dlogit, err = dot[float64](slope, dy)
	}
	if err == nil {
		err = accumulate(inputs[1], dlogit)
	}
	return errors.Wrap(err, "ops: ConcreteDropout: gradient of the logit")
}

// dot returns the sum of the products of the elements of a and b.
func dot[F float](a, b gorgonia.Value) (gorgonia.Value, error) {
	x, err := values[F](a)
	if err != nil {
		return nil, err
	}
	y, err := values[F](b)
	if err != nil {
		return nil, err
	}
	if len(x) != len(y) {
		return nil, errors.Errorf("want as many elements in both, got %s and %s", describe(a), describe(b))
	}
	var sum float64
	for i := range x {
		sum += float64(x[i]) * float64(y[i])
	}
	return scalar(F(sum)), nil
}

// ConcreteRegularizer returns the term that ConcreteDropout adds to the loss for
// one layer of weights w behind it:
//
//	weight*sum(w^2)/(1-p) + dropout*units*(p*log(p) + (1-p)*log(1-p))
//
// with p = sigmoid(logit). w, of any shape, and logit, a scalar, are of one type
// and graph; units is the number of units that are dropped independently: the
// inputs of w for a dense layer. The first term is weight decay that pulls p
// down, the second draws p towards 1/2. For a loss that is a mean over N
// examples the authors take weight = l^2/(tau*N) and dropout = 2/(tau*N), with
// prior length scale l and model precision tau (1 for classification). weight
// and dropout must not be negative, units must be positive.
//
// Source: Gal, Hron and Kendall, "Concrete Dropout", NeurIPS 2017, equations 3
// and 4, in the form of their code.
func ConcreteRegularizer(w, logit *gorgonia.Node, units int, weight, dropout float64) (*gorgonia.Node, error) {
	const name = "ops: ConcreteRegularizer"
	if w == nil || logit == nil || w.Graph() == nil {
		return nil, errors.Errorf("%s: w and logit must be nodes of a graph, got none", name)
	}
	dt, err := dtypeOf(w)
	if err != nil || dt != tensor.Float32 && dt != tensor.Float64 {
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
	// Gorgonia takes constants of one name for one, whatever their types.
	name := gorgonia.WithName(fmt.Sprintf("%v %v", e.dt, factor))
	c := gorgonia.NewConstant(factor, name)
	if e.dt == tensor.Float32 {
		c = gorgonia.NewConstant(float32(factor), name)
	}
	return e.binary(gorgonia.HadamardProd, c, a)
}
