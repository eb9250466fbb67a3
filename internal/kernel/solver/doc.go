// Package solver has the loops of package optim's solvers: updates of
// parameters, and sums of squares. All instruction sets give the same bits,
// those of the loops in Go, where conversions keep products from being fused
// with sums. The slices of a call have the same length.
package solver

//go:generate go -C gen run . -out ../solver_amd64.s -stubs ../stubs_amd64.go -pkg solver

// Float is the type of an element.
type Float interface{ float32 | float64 }
