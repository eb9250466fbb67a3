package optim

import (
	"cmp"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
)

// param is a parameter as a solver knows it. Each step binds everything anew
// except the kind, the slots and the extent.
type param struct {
	kind
	f32 arrays[float32] // one of the two is in use
	f64 arrays[float64]

	grad      memory // the gradient's own memory, if a copy of it is used
	copied    bool
	penalized bool
	decay     float64 // the weight decay
	shrink    float64 // the decoupled one, times the learning rate
	axis      int     // counts units for MaxNorm; -1 for none
	block     part

	// extent is where value and gradient began and ended when they were last
	// compared with others; shared is whether the gradient overlapped with
	// another.
	extent [4]uintptr
	shared bool
}

// arrays are the elements of a parameter, of its gradient and of its slots.
type arrays[F float] struct {
	w, g    []F
	slots   [maxSlots][]F
	scratch []F // the copy of a strided or shared gradient

	kernel kernel[F] // for this step
	own    kernel[F] // the memory for one with another learning rate
}

// span is where a value or a gradient lies in memory.
type span struct {
	lo, hi uintptr
	param  int
	grad   bool
}

// bind binds the model's values and gradients, or returns what is wrong with
// them and changes nothing.
func (c *core) bind(model []gorgonia.ValueGrad, solver string, maxNorm bool) error {
	if c.seen && len(model) != len(c.params) {
		return errors.Errorf("optim: %s.Step: must have the %d parameters of earlier steps, got %d", solver, len(c.params), len(model))
	}
	params := c.params
	if !c.seen {
		params = make([]param, len(model))
	}
	if err := c.bindTo(params, model, maxNorm); err != nil {
		// The next step must compare extents that this one did not.
		for i := range params {
			params[i].extent = [4]uintptr{}
		}
		return errors.WithMessagef(err, "optim: %s.Step", solver)
	}
	c.params, c.seen = params, true
	return nil
}

func (c *core) bindTo(params []param, model []gorgonia.ValueGrad, maxNorm bool) error {
	moved := false
	for i, m := range model {
		if n, ok := m.(*gorgonia.Node); ok && n == nil {
			m = nil
		}
		changed, err := params[i].bind(m, c.seen, maxNorm)
		if err == nil {
			err = params[i].treat(m, &c.rule, c.reg)
		}
		if err != nil {
			name := ""
			if n, ok := m.(gorgonia.Namer); ok {
				name = " (" + n.Name() + ")"
			}
			return errors.WithMessagef(err, "parameter %d%s", i, name)
		}
		moved = moved || changed
	}
	if moved {
		return c.overlaps(params)
	}
	return nil
}

// bind binds one parameter and reports whether it or its gradient has moved.
func (p *param) bind(m gorgonia.ValueGrad, seen, maxNorm bool) (moved bool, err error) {
	w, err := p.bindValue(m, seen)
	if err != nil {
		return false, err
	}
	grad, err := m.Grad()
	if err != nil {
		return false, errors.WithMessage(err, "gradient")
	}
	g, err := view(grad)
	if err != nil {
		return false, errors.WithMessage(err, "gradient")
	}
	if err := p.block.bind(m, p.shape); err != nil {
		return false, err
	}
	// Gorgonia gives the gradient of a scalar tensor as a scalar, so all shapes
	// with one element are the same here.
	if p.block.some() {
		if want := (kind{p.block.shape, w.wide}); !g.equal(want) {
			return false, errors.Errorf("gradient must be %v as the block, got %v", want, g.kind)
		}
	} else if !g.equal(w.kind) && (g.wide != w.wide || g.size() != 1 || w.size() != 1) {
		return false, errors.Errorf("gradient must be %v as the value, got %v", p.kind, g.kind)
	}
	if err := p.bindPenalties(m, maxNorm); err != nil {
		return false, err
	}
	p.grad = g
	p.f32.w, p.f32.g = w.f32, g.f32
	p.f64.w, p.f64.g = w.f64, g.f64

	wlo, whi := w.span()
	glo, ghi := g.span()
	at := [4]uintptr{wlo, whi, glo, ghi}
	moved = at != p.extent
	p.extent = at
	return moved, nil
}

// bindValue returns the memory of a parameter's value, which must be what it was in
// earlier steps.
func (p *param) bindValue(m gorgonia.ValueGrad, seen bool) (w memory, err error) {
	if m == nil {
		return w, errors.New("must be a value with a gradient, got nil")
	}
	if w, err = view(m.Value()); err != nil {
		return w, errors.WithMessage(err, "value")
	}
	if w.strides != nil {
		return w, errors.Errorf("value must be row-major, got strides %v for shape %v", w.strides, w.shape)
	}
	if !seen {
		p.kind = w.kind.clone()
	} else if !w.kind.equal(p.kind) {
		return w, errors.Errorf("value must be %v as in earlier steps, got %v", p.kind, w.kind)
	}
	return w, nil
}

// bindPenalties asks a parameter what bounds and penalties it takes.
func (p *param) bindPenalties(m any, maxNorm bool) (err error) {
	p.axis, p.penalized = -1, penalized(m)
	if maxNorm {
		p.axis, err = unitAxis(m, p.shape)
	}
	return err
}

// overlaps finds gradients that share memory, which will be copied, and rejects
// parameters that share it with anything.
func (c *core) overlaps(params []param) error {
	c.spans = c.spans[:0]
	for i := range params {
		p := &params[i]
		p.shared = false
		w := memory{kind: p.kind, f32: p.f32.w, f64: p.f64.w}
		lo, hi := w.span()
		c.spans = append(c.spans, span{lo, hi, i, false})
		lo, hi = p.grad.span()
		c.spans = append(c.spans, span{lo, hi, i, true})
	}
	slices.SortFunc(c.spans, func(a, b span) int { return cmp.Compare(a.lo, b.lo) })

	// reach has the furthest-reaching spans so far, of values and of gradients.
	var reach [2]span
	for _, s := range c.spans {
		for k, r := range reach {
			switch {
			case s.lo >= r.hi:
			case s.grad && k == 1:
				params[s.param].shared = true
			case !s.grad && k == 0:
				return errors.Errorf("parameters must differ, got one memory for %d and %d", min(r.param, s.param), max(r.param, s.param))
			default:
				return errors.Errorf("gradients must not share memory with parameters, got one memory for those of %d and %d", r.param, s.param)
			}
		}
		k := 0
		if s.grad {
			k = 1
		}
		if s.hi > reach[k].hi {
			reach[k] = s
		}
	}
	return nil
}

// grow adds the slots that are in use from now on.
func (c *core) grow(slots [maxSlots]bool) {
	for k, use := range slots {
		if use && !c.slots[k] {
			for i := range c.params {
				c.params[i].grow(k)
			}
			c.slots[k] = true
		}
	}
}

// grow adds slot k, filled with zeros.
func (p *param) grow(k int) {
	if p.wide {
		p.f64.slots[k] = make([]float64, p.size())
	} else {
		p.f32.slots[k] = make([]float32, p.size())
	}
}

// gather copies a gradient that cannot be processed in place. All are copied
// before the first is changed.
func (p *param) gather() {
	p.copied = p.shared || p.grad.strides != nil
	if !p.copied {
		return
	}
	if p.wide {
		p.f64.gather(&p.grad, p.grad.f64)
	} else {
		p.f32.gather(&p.grad, p.grad.f32)
	}
}

func (a *arrays[F]) gather(m *memory, from []F) {
	a.scratch = slices.Grow(a.scratch[:0], m.size())[:m.size()]
	gather(a.scratch, from, m.shape, m.strides)
	a.g = a.scratch
}

// clearGrad sets the gradient to zero if the update only did so to a copy.
func (p *param) clearGrad() {
	switch {
	case !p.copied:
	case p.wide:
		clearStrided(p.grad.f64, p.grad.shape, p.grad.strides)
	default:
		clearStrided(p.grad.f32, p.grad.shape, p.grad.strides)
	}
}

// release drops references to the model's memory.
func (c *core) release() {
	c.reg = nil
	c.rule = rule{}
	for i := range c.params {
		p := &c.params[i]
		p.f32.w, p.f32.g, p.f32.kernel = nil, nil, nil
		p.f64.w, p.f64.g, p.f64.kernel = nil, nil, nil
		p.grad = memory{}
		p.block.rows, p.block.cols = nil, nil
	}
}
