package product

import (
	"runtime"

	"github.com/pkg/errors"
)

// Multiply sets c to alpha*a*b + beta*c, to the bits of the package's contract. Large
// products are shared out over the processor's cores. c must not overlap a or b, and no
// two elements of it may be one. It is an error if the sizes do not fit or a matrix
// reaches beyond its elements; c is then left alone.
func Multiply[F Float](alpha F, a, b Matrix[F], beta F, c Matrix[F]) error {
	if a.Cols != b.Rows || a.Rows != c.Rows || b.Cols != c.Cols {
		return errors.Errorf("product: Multiply: sizes must fit, got %d×%d times %d×%d for %d×%d",
			a.Rows, a.Cols, b.Rows, b.Cols, c.Rows, c.Cols)
	}
	if err := a.check("Multiply", "a"); err != nil {
		return err
	}
	if err := b.check("Multiply", "b"); err != nil {
		return err
	}
	if err := c.check("Multiply", "c"); err != nil {
		return err
	}
	active[F]().multiply(runtime.GOMAXPROCS(0), alpha, a, b, beta, c)
	return nil
}

// few is the number of columns up to which the product is computed as its transpose,
// b's columns being the rows of tiles: they would fill no vector.
const few = 14

// multiply is Multiply on so many goroutines at most, for arguments that fit.
func (k *kernels[F]) multiply(goroutines int, alpha F, a, b Matrix[F], beta F, c Matrix[F]) {
	if c.Rows == 0 || c.Cols == 0 {
		return
	}
	if a.Cols == 0 || alpha == 0 {
		c.scale(beta)
		return
	}
	if beta != 0 {
		c.scale(beta)
	}
	if c.Cols <= few && c.Cols < c.Rows {
		k.run(goroutines, 1, b.T(), alpha, a.T(), beta != 0, c.T())
		return
	}
	if beta == 0 && k.pays(a, b) && k.runSparse(goroutines, alpha, a, b, c) {
		return
	}
	k.run(goroutines, alpha, a, 1, b, beta != 0, c)
}
