// Package optim holds solvers and schedules for training Gorgonia graphs.
//
// The solvers SGD, Adam, AdamW, RMSProp and AdaGrad implement gorgonia.Solver
// with the formulas of PyTorch, so that they serve any graph:
//
//	solver := &optim.SGD{LR: 0.1, Momentum: 0.9}
//	solver.MaxNorm = 3
//	err := solver.Step(gorgonia.NodesToValueGrads(params))
//
// # A step
//
// Step takes for each parameter w its gradient g and, in this order,
//
//  1. clips the elements of g to [-ClipValue, ClipValue],
//  2. scales all gradients together to a norm of at most ClipNorm,
//  3. adds the gradients of the penalties, WeightDecay*w and L1*sign(w),
//  4. updates w by the solver's own rule,
//  5. projects the weights of each unit onto the ball of radius MaxNorm,
//
// and leaves g zero, as Gorgonia's solvers do, since a machine built with
// gorgonia.BindDualValues adds to what is there. Steps 1 and 3 to 4 are one
// pass over the memory; 2 and 5 need one more each. Nothing is allocated after
// the first step, but for goroutines that the runtime has none left to use again
// for. Large models are spread over the processors that GOMAXPROCS allows; the
// result does not depend on their number.
//
// Settings are fields and may be changed between steps. Step checks them, the
// parameters and the gradients, and returns an error before it changes
// anything.
//
// # Parameters
//
// A solver serves one list of parameters: the same shapes and element types in
// the same order at each step. Its state belongs to places in that list, so the
// graph may be built again, and State and SetState carry it over to another
// process bit for bit. Parameters are *tensor.Dense of float32 or float64 in
// row-major memory, or *gorgonia.F32 and *gorgonia.F64 scalars. Gradients may
// also be strided or share memory with each other, at the cost of a copy. NaN
// and Inf in gradients are not looked for.
//
// A parameter, the gorgonia.ValueGrad, can choose its treatment by optional
// methods. NoDecay() bool returns true to keep WeightDecay and L1 off it.
// UnitAxis() int names the axis that counts units for MaxNorm, -1 for none; see
// Regularization.
//
// # Blocks
//
// A third optional method, Block() (rows, cols []int), says that the gradient is
// for some rows and columns of a matrix alone, or for some elements, cols, of a
// vector: ascending indices, nil for all. The gradient has the shape of the block,
// and Step leaves everything outside of it as it is, weights and slots alike:
// there is no momentum, no decay of moments and no penalty in a step that an
// element has no part in. So a step costs what the block does, not what the
// parameter does, and gives what a step with a gradient of zeros outside of the
// block would, had it then put back all that lies there. ClipNorm is the norm of
// the blocks' gradients, which is that of the whole ones with zeros. MaxNorm alone
// reaches further: a unit of the block is bounded by its whole norm and scaled as
// a whole, units outside are not looked at. The slots keep the shapes of
// parameters, Adam's bias correction counts all steps, and blocks may change from
// step to step.
package optim
