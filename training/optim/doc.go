// Package optim provides solvers and schedules for training Gorgonia graphs.
//
// The solvers [SGD], [Adam], [AdamW], [RMSProp] and [AdaGrad] implement
// [gorgonia.Solver] with PyTorch's formulas, so they work with any graph:
//
//	solver := &optim.SGD{LR: 0.1, Momentum: 0.9}
//	solver.MaxNorm = 3
//	err := solver.Step(gorgonia.NodesToValueGrads(params))
//
// # A step
//
// For each parameter w with gradient g, a step in this order
//
//  1. clips the elements of g to [-ClipValue, ClipValue],
//  2. scales all gradients together to a norm of at most ClipNorm,
//  3. adds the gradients of the penalties, WeightDecay*w and L1*sign(w),
//  4. updates w by the solver's rule,
//  5. projects the weights of each unit onto the ball of radius MaxNorm,
//
// and leaves g zero, as Gorgonia's solvers do, since a machine built with
// gorgonia.BindDualValues adds to it. Items 1, 3 and 4 are one pass over the
// memory; 2 and 5 need one more each. After the first step nothing is allocated
// except goroutines for which the runtime has none to reuse. Large models are
// divided among the processors that GOMAXPROCS allows; the result does not
// depend on their number.
//
// Settings are fields and may be changed between steps; see also
// [Regularization]. Step checks them, the parameters and the gradients, and
// returns an error before it changes anything.
//
// # Parameters
//
// A solver serves one list of parameters: the same shapes and element types in
// the same order at each step. Its state belongs to positions in that list, so
// the graph may be built again, and State and SetState carry it over to another
// process bit for bit. Parameters are *tensor.Dense of float32 or float64 in
// row-major memory, or *gorgonia.F32 and *gorgonia.F64 scalars. Gradients may
// also be strided or share memory with each other, at the cost of a copy.
// Gradients are not checked for NaN and Inf.
//
// A parameter, the gorgonia.ValueGrad, can choose its treatment by optional
// methods. LRFactor() float64 returns by what its learning rate is multiplied,
// and WeightDecay(solver float64) float64 its own weight decay in place of the
// solver's, both finite and not negative. NoDecay() bool returns true to exempt
// it from WeightDecay and L1. UnitAxis() int returns the axis that counts units for MaxNorm, -1 for none;
// see [Regularization].
//
// # Blocks
//
// A third optional method, Block() (rows, cols []int), says that the gradient
// covers only some rows and columns of a matrix, or some elements, cols, of a
// vector: ascending indices, nil for all. The gradient has the shape of the
// block, and Step leaves everything outside of it unchanged, weights and slots
// alike: elements that take no part in a step get no momentum, no decay of
// moments and no penalty. So the cost of a step depends on the block and not on
// the parameter, and the result is that of a step with zero gradients outside
// the block, after which everything outside is restored. ClipNorm uses the norm
// of the blocks' gradients, which equals that of whole gradients with zeros.
// Only MaxNorm reaches further: a unit of the block is bounded by its full norm
// and scaled as a whole, while units outside are ignored. The slots keep the
// shapes of parameters, Adam's bias correction counts all steps, and blocks may
// change from step to step.
package optim
