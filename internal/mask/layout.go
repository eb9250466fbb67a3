// Package mask applies random masks to tensors: bits that keep or drop, drawn
// by package kernel or by the samplers here, and Gaussian or other noise. A
// mask may be smaller than its tensor and shared over some of its axes. The
// bits are specified in docs/contract.md.
package mask

// A Layout maps each element of a tensor to an element of its mask, both in
// row-major order. The mask has the shape of the tensor, with the axes over
// which it is shared set to 1.
type Layout struct {
	reduced []int
	groups  []group
	size    int
	masked  int
}

// group is a run of neighbouring axes that are all shared or all not.
type group struct {
	n      int
	shared bool
	stride int // in the tensor
	step   int // in the mask: 0 where shared
}

// NewLayout returns the layout for a tensor of the given shape whose mask is
// shared over the axes marked in shared, which has one element for each axis or
// is nil to mark none.
func NewLayout(shape []int, shared []bool) Layout {
	l := Layout{reduced: make([]int, len(shape)), size: 1, masked: 1}
	for d, n := range shape {
		isShared := shared != nil && shared[d]
		l.reduced[d] = n
		if isShared {
			l.reduced[d] = 1
		}
		l.size *= n
		l.masked *= l.reduced[d]
		if n == 1 {
			continue
		}
		if last := len(l.groups) - 1; last >= 0 && l.groups[last].shared == isShared {
			l.groups[last].n *= n
		} else {
			l.groups = append(l.groups, group{n: n, shared: isShared})
		}
	}
	if len(l.groups) == 0 {
		l.groups = []group{{n: 1}}
	}
	stride, step := 1, 1
	for d := len(l.groups) - 1; d >= 0; d-- {
		g := &l.groups[d]
		g.stride = stride
		stride *= g.n
		if !g.shared {
			g.step = step
			step *= g.n
		}
	}
	return l
}

// Shape returns the shape of the mask.
func (l Layout) Shape() []int { return l.reduced }

// Size returns the number of elements of the mask.
func (l Layout) Size() int { return l.masked }

// Dense reports whether every element of the tensor has its own element of the
// mask.
func (l Layout) Dense() bool { return len(l.groups) == 1 && !l.groups[0].shared }

// runs calls f for runs that cover the tensor: n elements from at on. If
// shared, their mask is the single element m, and else the n elements from m
// on.
func (l Layout) runs(f func(at, m, n int, shared bool)) {
	if l.size > 0 {
		l.walk(0, 0, 0, f)
	}
}

func (l Layout) walk(d, at, m int, f func(at, m, n int, shared bool)) {
	g := l.groups[d]
	if d == len(l.groups)-1 {
		f(at, m, g.n, g.shared)
		return
	}
	for range g.n {
		l.walk(d+1, at, m, f)
		at += g.stride
		m += g.step
	}
}
