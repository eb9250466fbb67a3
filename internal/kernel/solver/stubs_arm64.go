//go:build !noasm

package solver

//go:generate go -C gen run . -neon ../solver_arm64.s

// adamVectors is Adam.update.
//
//go:noescape
func adamVectors(w, grad, m, v *float32, n int, step, beta1, beta2, rest1, rest2, eps float32)

// momentumVectors is momentum.
//
//go:noescape
func momentumVectors(w, grad, v *float32, n int, lr, mu float32)

// squaresVectors adds the squares of elements to eight sums in turn.
//
//go:noescape
func squaresVectors(sums *float64, grad *float32, n int)

// addSquaresVectors adds the squares of the columns of four rows.
//
//go:noescape
func addSquaresVectors(sums *float64, a, b, c, d *float32, n int)

// scaleByVectors multiplies elements in float64.
//
//go:noescape
func scaleByVectors(x *float32, by *float64, n int)
