package product

import (
	"runtime"

	"github.com/pkg/errors"
)

// Apply sets y to alpha*a*x + beta*y. It is the product of a row, yᵀ = (alpha*xᵀ)*aᵀ +
// beta*yᵀ, to its bits. Neither a nor x may overlap y.
func Apply[F Float](alpha F, a Matrix[F], x Vector[F], beta F, y Vector[F]) error {
	if a.Cols != x.N || a.Rows != y.N {
		return errors.Errorf("product: Apply: sizes must fit, got %d×%d times %d for %d", a.Rows, a.Cols, x.N, y.N)
	}
	if err := x.check("Apply", "x"); err != nil {
		return err
	}
	if err := y.check("Apply", "y"); err != nil {
		return err
	}
	if err := a.check("Apply", "a"); err != nil {
		return err
	}
	k := active[F]()
	k.apply(runtime.GOMAXPROCS(0), alpha, a, x, beta, y)
	return nil
}

func (k *kernels[F]) apply(goroutines int, alpha F, a Matrix[F], x Vector[F], beta F, y Vector[F]) {
	to := y.forward()
	k.multiply(goroutines, alpha, x.forward().row(), a.T(), beta, to.row())
	y.take(to)
}

// Update adds alpha*x*yᵀ to a, each element by one fused multiply-add of alpha*x[i] and
// y[j]. Neither x nor y may overlap a.
func Update[F Float](alpha F, x, y Vector[F], a Matrix[F]) error {
	if a.Rows != x.N || a.Cols != y.N {
		return errors.Errorf("product: Update: sizes must fit, got %d times %d for %d×%d", x.N, y.N, a.Rows, a.Cols)
	}
	if err := x.check("Update", "x"); err != nil {
		return err
	}
	if err := y.check("Update", "y"); err != nil {
		return err
	}
	if err := a.check("Update", "a"); err != nil {
		return err
	}
	k := active[F]()
	k.update(runtime.GOMAXPROCS(0), alpha, x, y, a)
	return nil
}

func (k *kernels[F]) update(goroutines int, alpha F, x, y Vector[F], a Matrix[F]) {
	k.multiply(goroutines, alpha, x.forward().row().T(), y.forward().row(), 1, a)
}

// forward returns v, or a copy of it if its step is negative, which is rare.
func (v Vector[F]) forward() Vector[F] {
	if v.Step >= 0 {
		return v
	}
	c := Vector[F]{Elements: make([]F, v.N), Step: 1, N: v.N}
	for i := range c.Elements {
		c.Elements[i] = v.Elements[v.First+i*v.Step]
	}
	return c
}

// take copies the elements back from what forward returned.
func (v Vector[F]) take(c Vector[F]) {
	if v.Step >= 0 {
		return
	}
	for i, x := range c.Elements {
		v.Elements[v.First+i*v.Step] = x
	}
}

// row returns a vector with a step that is not negative as a matrix of one row.
func (v Vector[F]) row() Matrix[F] {
	m := Matrix[F]{Rows: 1, Cols: v.N, RowStep: max(1, v.N*v.Step), ColStep: v.Step}
	if v.N > 0 {
		m.Elements = v.Elements[v.First:]
	}
	return m
}
