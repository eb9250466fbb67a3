package optim

import (
	"math"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/kernel/solver"
	"github.com/gorgonia-dropout/dropout/internal/op"
)

// MaxNorm projects, in place, the weights of each unit onto the ball of radius
// c: if their L2 norm over all other axes exceeds c they are scaled down to it.
// axis is the axis of w that counts the units: 1 for the weights (inputs,
// outputs) of x·W, 0 for convolution filters (outputs, inputs, height, width).
// Solvers can do this for all parameters: see [Regularization].
//
// w is float32 or float64 and row-major; c is positive. Source: Srivastava et
// al., JMLR 15, 2014, section 5.1.
func MaxNorm(w *tensor.Dense, c float64, axis int) error {
	const name = "optim: MaxNorm"
	switch {
	case !(c > 0):
		return errors.Errorf("%s: c must be positive, got %v", name, c)
	case w == nil:
		return errors.Errorf("%s: w must be a tensor, got nil", name)
	case axis < 0 || axis >= w.Dims():
		return errors.Errorf("%s: axis must be one of w's, got axis %d of %s", name, axis, op.Describe(w))
	case !op.RowMajor(w):
		return errors.Errorf("%s: w must be row-major, got strides %v for shape %v", name, w.Strides(), w.Shape())
	case op.Size(w.Shape()) == 0:
		return nil
	}
	switch w.Dtype() {
	case tensor.Float32:
		projectAll(w.Float32s(), layoutOf(w.Shape(), axis), c)
	case tensor.Float64:
		projectAll(w.Float64s(), layoutOf(w.Shape(), axis), c)
	default:
		return errors.Errorf("%s: w must be of float32 or float64, got %v", name, w.Dtype())
	}
	return nil
}

func projectAll[F float](w []F, l layout, c float64) {
	w = w[:l.outer*l.units*l.inner]
	for lo := 0; lo < l.units; lo += l.block() {
		project(w, l, lo, min(lo+l.block(), l.units), c, nil)
	}
}

// maxUnits bounds the units of one task, so that their sums fit on the stack.
const maxUnits = 512

// layout is row-major memory seen as outer x units x inner elements.
type layout struct{ outer, units, inner int }

func layoutOf(shape tensor.Shape, axis int) layout {
	l := layout{1, shape[axis], 1}
	for i, d := range shape {
		if i < axis {
			l.outer *= d
		} else if i > axis {
			l.inner *= d
		}
	}
	return l
}

// block returns the number of units for a task: some hundred kilobytes, in runs
// long enough for efficient memory access.
func (l layout) block() int {
	return min(max(4*grain/(l.outer*l.inner), 256/l.inner, 1), maxUnits)
}

// project bounds the norms of units [lo, hi), at most maxUnits, by c: of all of
// them or, if it is not nil, of those in the ascending list some. The sums are
// in float64 and in the same order whatever the range.
//
// It takes a range of units, so that goroutines can divide the work of a step,
// and does not allocate.
func project[F float](w []F, l layout, lo, hi int, c float64, some []int) {
	var buffer [maxUnits]float64
	by := buffer[:hi-lo]
	row := l.units * l.inner
	runs := func(f func(run []F)) {
		for at := 0; at < len(w); at += row {
			f(w[at+lo*l.inner : at+hi*l.inner])
		}
	}
	if l.inner == 1 {
		solver.ColumnSquares(by, w[lo:], row, l.outer)
	} else {
		runs(func(run []F) {
			for i := range by {
				by[i] += solver.Squares(run[i*l.inner : (i+1)*l.inner])
			}
		})
	}

	exceeds := false
	for i, sum := range by {
		by[i] = 1
		switch norm := math.Sqrt(sum); {
		case !among(some, lo+i):
		case math.IsInf(norm, 1), c < vanishing:
			bound(w, l, lo+i, c)
		case norm > c:
			by[i] = c / norm
			exceeds = true
		}
	}
	if !exceeds {
		return
	}
	if l.inner == 1 {
		runs(func(run []F) { solver.ScaleBy(run, by) })
		return
	}
	runs(func(run []F) {
		for i, a := range by {
			if a != 1 {
				unit := run[i*l.inner : (i+1)*l.inner]
				for j, x := range unit {
					unit[j] = F(float64(x) * a)
				}
			}
		}
	})
}

// bound does for one unit what project does for many, when squares may overflow
// or vanish.
func bound[F float](w []F, l layout, unit int, c float64) {
	each := func(f func(x *F)) {
		for o := range l.outer {
			at := (o*l.units + unit) * l.inner
			for i := range l.inner {
				f(&w[at+i])
			}
		}
	}
	var n norm
	each(func(x *F) { n.see(float64(*x)) })
	each(func(x *F) { n.add(float64(*x)) })
	if !n.exceeds(c) {
		return
	}
	each(func(x *F) { *x = F(n.scale(float64(*x), c)) })
}

// among reports whether an ascending list, nil for all, holds a unit.
func among(some []int, unit int) bool {
	if some == nil {
		return true
	}
	_, found := slices.BinarySearch(some, unit)
	return found
}
