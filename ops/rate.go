package ops

import "github.com/gorgonia-dropout/dropout/internal/draw"

// A Rate is a drop probability that changes with the training step. At must be
// a pure function: it is called on every run, for the forward and the backward
// pass, possibly by several machines at once. A value that the dropout cannot
// use is an error of the run. String must tell a rate from every other of its
// type: Gorgonia merges dropouts that are told apart by nothing.
//
// A rate with a method Validate() error is validated as the graph is built.
type Rate = draw.Rate

// Constant is the rate that is the same at every step.
type Constant = draw.Constant

// Linear is From up to step Start, To from step End on, and moves from one to
// the other on a straight line between.
type Linear = draw.Linear

// Early is early dropout, for models that underfit: dropout in the first Cutoff
// steps and none after. The rate is P in these steps or, where Decay is set,
// falls from P at step 0 to 0 at step Cutoff-1 on a straight line.
//
// Source: Liu et al., "Dropout Reduces Underfitting", ICML 2023, section 4; the
// line is that of its published code.
type Early = draw.Early

// Late is late dropout, for models that overfit: no dropout in the first Cutoff
// steps and the rate P after.
//
// Source: Liu et al., "Dropout Reduces Underfitting", ICML 2023, section 4.
type Late = draw.Late

// Curriculum raises the rate from 0 towards P: it is P*(1 - exp(-Gamma*step)).
// The authors take Gamma = 10/T for a run of T steps.
//
// Source: Morerio et al., "Curriculum Dropout", ICCV 2017, equation 3, in terms
// of the drop instead of the keep probability.
type Curriculum = draw.Curriculum
