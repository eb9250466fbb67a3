// Package solver has the loops of solvers: updates of parameters, and sums of squares.
// All instruction sets give the same bits, those of the loops in Go, in which conversions
// keep products from being fused with sums. Slices of one call have one length.
package solver

//go:generate go -C gen run . -out ../solver_amd64.s -stubs ../stubs_amd64.go -pkg solver

// Float is the type of an element.
type Float interface{ float32 | float64 }
