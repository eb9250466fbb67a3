package optim

import (
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/kernel/units"
)

// UpdatesBlocks reports whether a solver uses the method Block of parameters and
// their other optional methods, as the solvers of this package do.
func UpdatesBlocks(solver gorgonia.Solver) bool {
	switch solver.(type) {
	case *SGD, *Adam, *AdamW, *RMSProp, *AdaGrad:
		return true
	}
	return false
}

// Slots returns how many tensors of its size a solver keeps for each parameter; for
// solvers of other packages 2, the most that Gorgonia's keep.
func Slots(solver gorgonia.Solver) int {
	switch s := solver.(type) {
	case *SGD:
		return slotsFor(0, s.Momentum)
	case *RMSProp:
		return slotsFor(1, s.Momentum)
	case *AdaGrad:
		return 1
	}
	return 2
}

// slotsFor adds the velocity, if there is momentum, to the other slots.
func slotsFor(others int, momentum float64) int {
	if momentum > 0 {
		return others + 1
	}
	return others
}

// part is the block of a parameter that a gradient belongs to. A vector counts
// as a row.
type part struct {
	rows, cols []int        // ascending; nil: all
	columns    units.Units  // cols, where they are not nil
	shape      tensor.Shape // of the block
}

func (b *part) some() bool { return b.rows != nil || b.cols != nil }

// bind binds the block of m, a parameter of the given shape.
func (b *part) bind(m gorgonia.ValueGrad, shape tensor.Shape) error {
	b.rows, b.cols = nil, nil
	if m, ok := m.(interface{ Block() (rows, cols []int) }); ok {
		b.rows, b.cols = m.Block()
	}
	if !b.some() {
		return nil
	}
	rank := len(shape)
	if rank < 1 || rank > 2 || rank == 1 && b.rows != nil {
		return errors.Errorf("Block must be of rows and columns of a matrix or columns of a vector, got one for shape %v", shape)
	}
	b.shape = append(b.shape[:0], shape...)
	for _, axis := range [...]struct {
		units []int
		at    int
	}{{b.rows, 0}, {b.cols, rank - 1}} {
		if axis.units == nil {
			continue
		}
		before, n := -1, shape[axis.at]
		for _, u := range axis.units {
			if u <= before || u >= n {
				return errors.Errorf("Block must have ascending indices in [0, %d), got %d after %d", n, u, before)
			}
			before = u
		}
		b.shape[axis.at] = len(axis.units)
	}
	if b.cols == nil {
		return nil
	}
	return b.columns.Set(b.cols, shape[rank-1])
}

// units returns the indices along an axis, nil for all.
func (b *part) units(axis int) []int {
	if axis == 0 && len(b.shape) == 2 {
		return b.rows
	}
	return b.cols
}

// lines is where a worker gathers the elements of a block.
type lines[F float] [1 + maxSlots][block]F

// provide allocates lines for the given number of workers, if they are needed.
func (c *core) provide(workers int) {
	for i := range c.params {
		switch p := &c.params[i]; {
		case !p.block.some():
		case p.wide && len(c.f64) < workers:
			c.f64 = make([]lines[float64], workers)
		case !p.wide && len(c.f32) < workers:
			c.f32 = make([]lines[float32], workers)
		}
	}
}

// updateBlock is update for elements [lo, hi) of the gradient of a block.
func updateBlock[F float](c *core, p *param, a *arrays[F], k kernel[F], lo, hi int, l *lines[F]) {
	width, count := p.shape[len(p.shape)-1], p.block.shape[len(p.shape)-1]
	direct, _ := k.(indexed[F])
	for lo < hi {
		row, from := lo/count, lo%count
		n := min(block, hi-lo, count-from)
		g := a.g[lo : lo+n]
		lo += n
		ahead := width // to the next row
		if rows := p.block.rows; rows != nil {
			if row+1 < len(rows) {
				ahead *= rows[row+1] - rows[row]
			}
			row = rows[row]
		}
		at := row * width
		if p.block.cols == nil {
			at += from
			var s, t []F
			if c.slots[0] {
				s = a.slots[0][at : at+n]
			}
			if c.slots[1] {
				t = a.slots[1][at : at+n]
			}
			updateRun(c, p, k, a.w[at:at+n], g, s, t)
			continue
		}
		cols := &p.block.columns
		var own [1 + maxSlots][]F // where the elements are
		own[0] = a.w[at : at+width]
		for i, use := range c.slots {
			if use {
				own[1+i] = a.slots[i][at : at+width]
			}
		}
		if direct != nil {
			limit(c, g)
			if p.penalized && c.penalizes(p) {
				units.ChooseRange(l[0][:n], own[0], cols, from, from+n)
				penalize(c, p, g, l[0][:n])
			}
			direct.updateAt(own[0], g, own[1], own[2], cols, from, from+n, ahead)
			clear(g)
			continue
		}
		var run [1 + maxSlots][]F // the elements
		for i, whole := range own {
			if whole != nil {
				run[i] = l[i][:n]
				units.ChooseRange(run[i], whole, cols, from, from+n)
			}
		}
		updateRun(c, p, k, run[0], g, run[1], run[2])
		for i, to := range own {
			if to != nil {
				put(to, run[i], cols.Indices()[from:from+n])
			}
		}
	}
}

// put sets the elements of dst at the indices to src.
func put[F float](dst, src []F, indices []int) {
	src = src[:len(indices)]
	for i, k := range indices {
		dst[k] = src[i]
	}
}
