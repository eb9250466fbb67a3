package draw

import (
	"cmp"
	"fmt"
	"math"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// A Rate is a drop probability that changes with the training step. At must be
// a pure function: it is called on every run, for the forward and the backward
// pass, possibly by several machines at once. A value that the dropout cannot
// use is an error of the run. String must distinguish a rate from every other
// of its type, since Gorgonia merges dropouts with equal hashes.
//
// A rate with a method Validate() error is validated as the graph is built.
type Rate interface {
	At(step int64) float64
	String() string
}

// Constant is a [Rate] that is the same at every step.
type Constant float64

// At returns the constant.
func (c Constant) At(int64) float64 { return float64(c) }
func (c Constant) String() string   { return fmt.Sprint(float64(c)) }

// Validate returns an error unless the rate is a probability.
func (c Constant) Validate() error { return CheckRate(float64(c)) }

// Linear is a [Rate] that is From up to step Start and To from step End on,
// with a straight line in between.
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
	// Convex, and each product rounded on its own, so that the rate never
	// leaves the range and is the same on every machine.
	return float64(l.From*(1-done)) + float64(l.To*done)
}

func (l Linear) String() string { return fmt.Sprintf("%v-%v@%d-%d", l.From, l.To, l.Start, l.End) }

// Validate returns an error unless both ends are probabilities and in order.
func (l Linear) Validate() error {
	if l.End < l.Start {
		return errors.Errorf("end must not be before start %d, got %d", l.Start, l.End)
	}
	return cmp.Or(CheckRate(l.From), CheckRate(l.To))
}

// Early is the [Rate] of early dropout, for models that underfit: dropout in
// the first Cutoff steps and none after. In these steps the rate is P or, if
// Decay is set, falls in a straight line from P at step 0 to 0 at step
// Cutoff-1.
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
func (e Early) Validate() error { return cmp.Or(CheckRate(e.P), checkCutoff(e.Cutoff)) }

// Late is the [Rate] of late dropout, for models that overfit: no dropout in
// the first Cutoff steps and P after that.
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
func (l Late) Validate() error { return cmp.Or(CheckRate(l.P), checkCutoff(l.Cutoff)) }

// Curriculum is a [Rate] that rises from 0 towards P as P*(1 -
// exp(-Gamma*step)). The authors use Gamma = 10/T for a run of T steps.
//
// Source: Morerio et al., "Curriculum Dropout", ICCV 2017, equation 3, in terms
// of the drop instead of the keep probability.
type Curriculum struct{ P, Gamma float64 }

// At returns the rate at a step.
func (c Curriculum) At(step int64) float64 {
	return c.P * (1 - portable.Exp(-c.Gamma*float64(max(step, 0))))
}

func (c Curriculum) String() string { return fmt.Sprintf("%v~%v", c.P, c.Gamma) }

// Validate returns an error unless P is a probability and Gamma a nonnegative
// number.
func (c Curriculum) Validate() error {
	if !(c.Gamma >= 0) || math.IsInf(c.Gamma, 0) {
		return errors.Errorf("gamma must not be negative, got %v", c.Gamma)
	}
	return CheckRate(c.P)
}

func checkCutoff(step int64) error {
	if step < 0 {
		return errors.Errorf("cutoff must not be negative, got %d", step)
	}
	return nil
}

// Validate returns the error of the rate's method Validate() error, and nil if
// it has no such method.
func Validate(r Rate) error {
	if v, ok := r.(interface{ Validate() error }); ok {
		return v.Validate()
	}
	return nil
}

// Identify returns a string that distinguishes a rate from every other.
func Identify(r Rate) string {
	if p, ok := r.(Constant); ok {
		return fmt.Sprintf("p=%v", float64(p))
	}
	return fmt.Sprintf("p=%T:%v", r, r)
}

// CheckRate returns an error unless p is a probability.
func CheckRate(p float64) error {
	if !(p >= 0 && p <= 1) {
		return errors.Errorf("p must be in [0, 1], got %v", p)
	}
	return nil
}
