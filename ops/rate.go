package ops

import "github.com/gorgonia-dropout/dropout/internal/draw"

// A Rate is a drop probability that changes with the training step. At must be
// a pure function: it is called on every run, for the forward and the backward
// pass, possibly by several machines at once. A value that the dropout cannot
// use is an error of the run. String must distinguish a rate from every other
// of its type, since Gorgonia merges dropouts with equal hashes.
//
// A rate with a method Validate() error is validated as the graph is built.
type Rate = draw.Rate

// Constant is a [Rate] that is the same at every step.
type Constant = draw.Constant

// Linear is a [Rate] that is From up to step Start and To from step End on,
// with a straight line in between.
type Linear = draw.Linear

// Early is the [Rate] of early dropout, for models that underfit: dropout in
// the first Cutoff steps and none after. In these steps the rate is P or, if
// Decay is set, falls in a straight line from P at step 0 to 0 at step
// Cutoff-1.
//
// Source: Liu et al., "Dropout Reduces Underfitting", ICML 2023, section 4; the
// line is that of its published code.
type Early = draw.Early

// Late is the [Rate] of late dropout, for models that overfit: no dropout in
// the first Cutoff steps and P after that.
//
// Source: Liu et al., "Dropout Reduces Underfitting", ICML 2023, section 4.
type Late = draw.Late

// Curriculum is a [Rate] that rises from 0 towards P as P*(1 -
// exp(-Gamma*step)). The authors use Gamma = 10/T for a run of T steps.
//
// Source: Morerio et al., "Curriculum Dropout", ICCV 2017, equation 3, in terms
// of the drop instead of the keep probability.
type Curriculum = draw.Curriculum
