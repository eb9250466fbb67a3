package ops

import (
	"fmt"
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/draw"
	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/mask"
	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// Logit returns log(p/(1-p)), to initialize the logit of [ConcreteDropout].
func Logit(p float64) float64 { return portable.Log(p) - portable.Log1p(-p) }

// ConcreteDropout is dropout whose probability is learned: p = sigmoid(logit),
// where logit is a scalar of x's graph and type, a parameter that a solver
// updates like any other. Each element of x is multiplied by
//
//	(1 - z)/(1 - p),  z = sigmoid((logit + log(u/(1-u)))/t)
//
// where u is uniform in (0, 1) and t the temperature: a smooth approximation of
// dropping with probability p, so that the gradient reaches the logit. At
// inference x passes unchanged. Since the loss alone often drives p to 0, add
// [ConcreteRegularizer].
//
// x is a float32 or float64 node of any shape. The logit may be any number but
// NaN and +Inf, which are errors of the run; -Inf means p = 0 and leaves x as
// it is. No element is dropped entirely: NaN stays NaN. [WithNoiseShape] and
// [WithBroadcastAxes] share the factors over axes. u is (w+1/2)/2^32, where w
// is the element's random word as in [GaussianDropout], and the factors have
// the same bits on all machines. The op can be differentiated any number of
// times with respect to x and the logit.
//
// Source: Gal, Hron and Kendall, "Concrete Dropout", NeurIPS 2017, equation 5.
func ConcreteDropout(x, logit *gorgonia.Node, opts ...ConcreteOption) (*gorgonia.Node, error) {
	const name = "ops: ConcreteDropout"
	if err := checkFloats(x); err != nil {
		return nil, errors.Wrap(err, name)
	}
	dt, err := op.DtypeOf(x)
	if err != nil {
		return nil, errors.Wrap(err, name)
	}
	switch {
	case logit == nil || logit.Graph() != nil && logit.Graph() != x.Graph():
		return nil, errors.Errorf("%s: logit must be a node of x's graph, got %v", name, logit)
	case !logit.IsScalar() || logit.Type() != dt:
		return nil, errors.Errorf("%s: logit must be a scalar of x's type %v, got %v", name, dt, logit.Type())
	}
	f := concrete{rank: x.Dims()}
	settings := draw.Collect(opts)
	if f.temperature, err = settings.Temperature(); err != nil {
		return nil, errors.Wrap(err, name)
	}
	if f.shared, err = settings.SharedAxes(x.Shape(), nil); err != nil {
		return nil, errors.Wrap(err, name)
	}
	if f.Source, err = settings.Source(x); err != nil {
		return nil, errors.Wrap(err, name)
	}
	return apply(f, x, logit, f.Step())
}

// concrete :: Tensor f → f → Int64 → Tensor f
//
// The inputs are x, the logit and the step. The op multiplies each element of x
// by the derivative, of the given order, of its factor with respect to the
// logit. Applied to the gradient of the output, it is the op's derivative with
// respect to x. The derivative with respect to the logit is the sum of the
// gradient times the op of the next order.
type concrete struct {
	op.Elementwise
	*draw.Source
	order       int
	rank        int
	temperature float64
	shared      []bool // by axis of x; nil: none
}

func (f concrete) Name() string { return "ConcreteDropout" }
func (f concrete) Rank() int    { return f.rank }

func (f concrete) String() string {
	return fmt.Sprintf("ConcreteDropout{order=%d t=%v %v shared=%v}", f.order, f.temperature, f.Source, f.shared)
}

func (f concrete) Inputs() []op.Input {
	return []op.Input{{Name: "x", Rank: f.rank}, {Name: "logit"}, draw.StepInput()}
}

func (f concrete) Loops() op.Loops { return op.Bind(f, applyConcrete, applyConcrete) }

func (f concrete) Draws() draw.Drawing {
	return draw.Drawing{Source: f.Source, Shared: f.shared, Drops: true}
}

func (f concrete) Role() op.Role { return op.RoleDropout }

// Copy returns the function with another source.
func (f concrete) Copy(source func(*draw.Source) (*draw.Source, error)) (op.Function, error) {
	var err error
	f.Source, err = source(f.Source)
	return f, err
}

func applyConcrete[F op.Float](f concrete, y []F, in op.Args[F]) error {
	logit := float64(in.Floats[1][0])
	if math.IsNaN(logit) || math.IsInf(logit, 1) {
		return errors.Errorf("logit must be a number below +Inf, got %v", logit)
	}
	mask.Apply(f.mask(in.Shapes[0], logit, in.Step), y, in.Floats[0])
	return nil
}

// mask returns the factors at a step. If dropout is not active they are those
// of the identity, which does not depend on the logit.
func (f concrete) mask(shape tensor.Shape, logit float64, step int64) mask.Mask {
	if !f.Active(step) {
		if f.order == 0 {
			return mask.Identity{}
		}
		return mask.PerElement{Threshold: drop.Always}
	}
	return mask.Concrete(mask.NewLayout(shape, f.shared), f.Stream(step), f.order, logit, f.temperature)
}

// Derive returns the gradients of x and the logit.
func (f concrete) Derive(c *op.Calculus, x []op.Operand, _, dy op.Operand) []op.Operand {
	next := f
	next.order++
	return []op.Operand{
		c.Of(f, dy, x[1], x[2]),
		c.Of(inner{f.rank}, c.Of(next, x[0], x[1], x[2]), dy),
		nil,
	}
}
