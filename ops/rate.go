package ops

import (
	"fmt"
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// A Rate is a drop probability that changes with the training step. At must be
// a pure function: it is called on every run, for the forward and the backward
// pass, possibly by several machines at once. A value that the dropout cannot
// use is an error of the run. String must tell a rate from every other of its
// type: Gorgonia merges dropouts that are told apart by nothing.
//
// A rate with a method Validate() error is validated as the graph is built.
type Rate interface {
	At(step int64) float64
	String() string
}

// WithRate makes the dropout take its probability from r at each step instead
// of the constant p, which is then checked but not used. Nothing is rebuilt as
// the rate changes.
func WithRate(r Rate) Option { return func(c *config) { c.rate = r } }

// WithRateNode makes the dropout read its probability from a node of x's graph,
// a float32 or float64 scalar that is fed as each run starts or computed in the
// graph, instead of the constant p, which is then checked but not used. No
// gradient flows into it: for a rate that is learned see ConcreteDropout.
func WithRateNode(rate *gorgonia.Node) Option {
	return func(c *config) { c.rateNode, c.hasRateNode = rate, true }
}

// Constant is the rate that is the same at every step.
type Constant float64

// At returns the constant.
func (c Constant) At(int64) float64 { return float64(c) }
func (c Constant) String() string   { return fmt.Sprint(float64(c)) }

// Validate returns an error unless the rate is a probability.
func (c Constant) Validate() error { return checkRate(float64(c)) }

// Linear is From up to step Start, To from step End on, and moves from one to
// the other on a straight line between.
type Linear struct {
	From, To   float64
	Start, End int64
}

// At returns the rate at a step.
func (l Linear) At(step int64) float64 {
	switch {
	case step >= l.End:
		return l.To
	case step <= l.Start:
		return l.From
	}
	// Differences of steps that are far apart need all 64 bits.
	done := float64(uint64(step-l.Start)) / float64(uint64(l.End-l.Start))
	// Convex, and each product rounded by itself, so that the rate never leaves
	// the range and is the same on every machine.
	return float64(l.From*(1-done)) + float64(l.To*done)
}

func (l Linear) String() string { return fmt.Sprintf("%v-%v@%d-%d", l.From, l.To, l.Start, l.End) }

// Validate returns an error unless both ends are probabilities and in order.
func (l Linear) Validate() error {
	if l.End < l.Start {
		return errors.Errorf("end must not be before start %d, got %d", l.Start, l.End)
	}
	return firstError(checkRate(l.From), checkRate(l.To))
}

// Early is early dropout, for models that underfit: dropout in the first Cutoff
// steps and none after. The rate is P in these steps or, where Decay is set,
// falls from P at step 0 to 0 at step Cutoff-1 on a straight line.
//
// Source: Liu et al., "Dropout Reduces Underfitting", ICML 2023, section 4; the
// line is that of its published code.
type Early struct {
	P      float64
	Cutoff int64
	Decay  bool
}

// At returns the rate at a step.
func (e Early) At(step int64) float64 {
	switch {
	case step >= e.Cutoff:
		return 0
	case e.Decay && e.Cutoff > 1:
		return Linear{From: e.P, End: e.Cutoff - 1}.At(step)
	}
	return e.P
}

func (e Early) String() string { return fmt.Sprintf("%v@%d decay=%v", e.P, e.Cutoff, e.Decay) }

// Validate returns an error unless P is a probability and Cutoff not negative.
func (e Early) Validate() error { return firstError(checkRate(e.P), checkCutoff(e.Cutoff)) }

// Late is late dropout, for models that overfit: no dropout in the first Cutoff
// steps and the rate P after.
//
// Source: Liu et al., "Dropout Reduces Underfitting", ICML 2023, section 4.
type Late struct {
	P      float64
	Cutoff int64
}

// At returns the rate at a step.
func (l Late) At(step int64) float64 {
	if step < l.Cutoff {
		return 0
	}
	return l.P
}

func (l Late) String() string { return fmt.Sprintf("%v@%d", l.P, l.Cutoff) }

// Validate returns an error unless P is a probability and Cutoff not negative.
func (l Late) Validate() error { return firstError(checkRate(l.P), checkCutoff(l.Cutoff)) }

// Curriculum raises the rate from 0 towards P: it is P*(1 - exp(-Gamma*step)).
// The authors take Gamma = 10/T for a run of T steps.
//
// Source: Morerio et al., "Curriculum Dropout", ICCV 2017, equation 3, in terms
// of the drop instead of the keep probability.
type Curriculum struct{ P, Gamma float64 }

// At returns the rate at a step.
func (c Curriculum) At(step int64) float64 {
	return c.P * (1 - portable.Exp(-c.Gamma*float64(max(step, 0))))
}

func (c Curriculum) String() string { return fmt.Sprintf("%v~%v", c.P, c.Gamma) }

// Validate returns an error unless P is a probability and Gamma a number that
// is not negative.
func (c Curriculum) Validate() error {
	if !(c.Gamma >= 0) || math.IsInf(c.Gamma, 0) {
		return errors.Errorf("gamma must not be negative, got %v", c.Gamma)
	}
	return checkRate(c.P)
}

func checkCutoff(step int64) error {
	if step < 0 {
		return errors.Errorf("cutoff must not be negative, got %d", step)
	}
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// validate returns an error where a kind cannot use a rate, as far as that is
// known before the run.
func validate(r Rate, k kind) error {
	if v, ok := r.(interface{ Validate() error }); ok {
		if err := v.Validate(); err != nil {
			return err
		}
	}
	return errors.Wrap(k.check(r.At(0)), "rate at step 0")
}

// checkRate returns an error unless p is a probability.
func checkRate(p float64) error {
	if !(p >= 0 && p <= 1) {
		return errors.Errorf("p must be in [0, 1], got %v", p)
	}
	return nil
}

// scalarIn reads the float that a scalar holds, or a tensor of one element.
func scalarIn(v gorgonia.Value) (float64, error) {
	switch v := v.(type) {
	case *gorgonia.F32:
		return float64(*v), nil
	case *gorgonia.F64:
		return float64(*v), nil
	case *tensor.Dense:
		switch one := size(v.Shape()) == 1; {
		case one && v.Dtype() == tensor.Float32:
			return float64(v.Float32s()[0]), nil
		case one && v.Dtype() == tensor.Float64:
			return v.Float64s()[0], nil
		}
	}
	return 0, errors.Errorf("want a float32 or float64 scalar, got %s", describe(v))
}
