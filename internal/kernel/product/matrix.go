package product

import "github.com/pkg/errors"

// Float is the type of an element.
type Float interface{ float32 | float64 }

// Matrix is a view of Rows×Cols elements: element (i, j) is
// Elements[i*RowStep+j*ColStep]. A matrix stored by rows has the ColStep 1.
type Matrix[F Float] struct {
	Elements         []F
	Rows, Cols       int
	RowStep, ColStep int
}

// T returns the transpose, a view of the same elements.
func (m Matrix[F]) T() Matrix[F] {
	return Matrix[F]{m.Elements, m.Cols, m.Rows, m.ColStep, m.RowStep}
}

// check reports a matrix that reaches outside of its elements.
func (m Matrix[F]) check(function, name string) error {
	if m.Rows < 0 || m.Cols < 0 || m.RowStep < 0 || m.ColStep < 0 {
		return errors.Errorf("product: %s: %s must have no negative size or step, got %d×%d with steps %d, %d",
			function, name, m.Rows, m.Cols, m.RowStep, m.ColStep)
	}
	if m.Rows == 0 || m.Cols == 0 {
		return nil
	}
	if need := (m.Rows-1)*m.RowStep + (m.Cols-1)*m.ColStep + 1; len(m.Elements) < need {
		return errors.Errorf("product: %s: %s must have %d elements, got %d", function, name, need, len(m.Elements))
	}
	return nil
}

// from returns the elements from (i, j) on.
func (m Matrix[F]) from(i, j int) []F { return m.Elements[i*m.RowStep+j*m.ColStep:] }

// rows returns some of the rows.
func (m Matrix[F]) rows(s span) Matrix[F] {
	return Matrix[F]{m.from(s.first, 0), s.n, m.Cols, m.RowStep, m.ColStep}
}

// scale multiplies the elements by beta, or sets them to 0 where that is 0.
func (m Matrix[F]) scale(beta F) {
	if beta == 1 {
		return
	}
	for i := range m.Rows {
		row := m.from(i, 0)
		for j := range m.Cols {
			if x := &row[j*m.ColStep]; beta == 0 {
				*x = 0
			} else {
				*x *= beta
			}
		}
	}
}
