package optim

import (
	"math"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/kernel/solver"
	"github.com/gorgonia-dropout/dropout/internal/kernel/units"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
)

const (
	// maxSlots is the largest number of slots that a solver has for a
	// parameter.
	maxSlots = 2

	// block is the number of elements that pass through all loops of an update
	// together: few enough that parameter, gradient and slots stay in the
	// first-level cache in float64.
	block = 512

	// grain is the number of elements in a task: some ten microseconds of work.
	grain = 1 << 14

	// share is the number of tasks that justifies waking a goroutine.
	share = 3
)

// slotNames are the names of a solver's slots in State.
type slotNames [maxSlots]string

func (n slotNames) list() []string {
	for i, name := range n {
		if name == "" {
			return n[:i]
		}
	}
	return n[:]
}

// kernel updates the elements w by the gradient g, which includes penalties,
// and by the slots a and b if the solver has them. All have the same length.
type kernel[F float] interface {
	update(w, g, a, b []F)
	// scaled returns the kernel with its learning rate times by, in the memory of
	// own if that is a kernel of the same type.
	scaled(by float64, own kernel[F]) kernel[F]
}

// indexed is a kernel that updates the elements of w, a and b that are units
// [from, to) of at in place, by a gradient with one element for each of them. It
// avoids gathering and scattering. The next row is so many elements ahead. Its
// rule must not shrink.
type indexed[F float] interface {
	updateAt(w, g, a, b []F, at *units.Units, from, to, ahead int)
}

// rule is what distinguishes solvers in a step.
type rule struct {
	solver string
	slots  [maxSlots]bool // in use from now on
	f32    kernel[float32]
	f64    kernel[float64]
	// decoupled replaces the weight decay in the gradient: parameters are
	// scaled by 1-lr*decay before the update.
	decoupled bool
	lr        float64
}

// core is what all solvers share: the parameters with their slots, and the
// passes over them.
type core struct {
	rate   rate
	steps  int64
	seen   bool // params is known
	params []param
	slots  [maxSlots]bool // allocated

	// The rest serves one call of step, and is kept to avoid allocations.
	spans   []span
	rule    rule
	reg     *Regularization
	clip    float64 // the factor by which gradients are scaled
	tasks   []task
	partial []float64 // sums of squares by task
	phase   phase
	next    parallel.Tasks
	team    parallel.Team[*core]
	f32     []lines[float32] // by worker
	f64     []lines[float64]
}

// task is a range of elements or, for the projection, of units of a parameter.
type task struct{ param, lo, hi int }

// phase is what is done with each task.
type phase int

const (
	phaseSquares phase = iota
	phaseUpdate
	phaseProject
)

// step updates model's parameters by rule r.
func (c *core) step(model []gorgonia.ValueGrad, r rule, reg *Regularization) error {
	defer c.release()
	c.rule, c.reg = r, reg
	if err := c.bind(model, r.solver, reg.MaxNorm > 0); err != nil {
		return err
	}
	c.grow(r.slots)
	for i := range c.params {
		c.params[i].gather()
	}

	c.clip = 1
	c.chunks()
	if reg.ClipNorm > 0 {
		c.run(phaseSquares)
		sum := 0.0
		for _, s := range c.partial[:len(c.tasks)] {
			sum += s
		}
		switch norm := math.Sqrt(sum); {
		case math.IsInf(norm, 1):
			c.clip = min(c.gradientFactor(), 1)
		case norm > reg.ClipNorm:
			c.clip = reg.ClipNorm / norm
		}
	}
	c.run(phaseUpdate)
	if reg.MaxNorm > 0 {
		c.units()
		c.run(phaseProject)
	}

	for i := range c.params {
		c.params[i].clearGrad()
	}
	c.steps++
	return nil
}

// chunks lists tasks that cover all elements of the gradients.
func (c *core) chunks() {
	c.tasks = c.tasks[:0]
	for i := range c.params {
		n := c.params[i].grad.size()
		for lo := 0; lo < n; lo += grain {
			c.tasks = append(c.tasks, task{i, lo, min(lo+grain, n)})
		}
	}
	if len(c.partial) < len(c.tasks) {
		c.partial = make([]float64, len(c.tasks))
	}
}

// units lists tasks that cover all units with a bounded norm.
func (c *core) units() {
	c.tasks = c.tasks[:0]
	for i := range c.params {
		p := &c.params[i]
		if p.axis < 0 {
			continue
		}
		l := layoutOf(p.shape, p.axis)
		step := l.block()
		for lo := 0; lo < l.units; lo += step {
			c.tasks = append(c.tasks, task{i, lo, min(lo+step, l.units)})
		}
	}
}

// run does all tasks, on several goroutines if there are enough tasks.
func (c *core) run(p phase) {
	c.phase = p
	workers := parallel.Workers(len(c.tasks), share)
	c.next.Reset(len(c.tasks), workers)
	if p == phaseUpdate {
		c.provide(workers)
	}
	c.team.Run(workers, c, (*core).work)
}

func (c *core) work(worker int) {
	for i, ok := c.next.Next(worker); ok; i, ok = c.next.Next(worker) {
		t := c.tasks[i]
		p := &c.params[t.param]
		switch c.phase {
		case phaseSquares:
			if p.wide {
				c.partial[i] = squaresOf(c, p.f64.g[t.lo:t.hi])
			} else {
				c.partial[i] = squaresOf(c, p.f32.g[t.lo:t.hi])
			}
		case phaseUpdate:
			switch {
			case p.wide && p.block.some():
				updateBlock(c, p, &p.f64, p.f64.kernel, t.lo, t.hi, &c.f64[worker])
			case p.wide:
				update(c, p, &p.f64, p.f64.kernel, t.lo, t.hi)
			case p.block.some():
				updateBlock(c, p, &p.f32, p.f32.kernel, t.lo, t.hi, &c.f32[worker])
			default:
				update(c, p, &p.f32, p.f32.kernel, t.lo, t.hi)
			}
		case phaseProject:
			l := layoutOf(p.shape, p.axis)
			if p.wide {
				project(p.f64.w, l, t.lo, t.hi, c.reg.MaxNorm, p.block.units(p.axis))
			} else {
				project(p.f32.w, l, t.lo, t.hi, c.reg.MaxNorm, p.block.units(p.axis))
			}
		}
	}
}

// squaresOf returns the sum of the squares of gradients, as used by ClipNorm.
func squaresOf[F float](c *core, g []F) float64 {
	if limit := c.reg.ClipValue; limit > 0 {
		return squaresClipped(g, limit)
	}
	return solver.Squares(g)
}

// update does everything that a step does with elements [lo, hi) of a
// parameter, and leaves the gradient zero.
func update[F float](c *core, p *param, a *arrays[F], k kernel[F], lo, hi int) {
	for ; lo < hi; lo += block {
		end := min(lo+block, hi)
		var s, t []F
		if c.slots[0] {
			s = a.slots[0][lo:end]
		}
		if c.slots[1] {
			t = a.slots[1][lo:end]
		}
		updateRun(c, p, k, a.w[lo:end], a.g[lo:end], s, t)
	}
}

// updateRun is update for a run of at most block elements, with their gradient
// and slots.
func updateRun[F float](c *core, p *param, k kernel[F], w, g, s, t []F) {
	limit(c, g)
	if p.penalized {
		penalize(c, p, g, w)
		if p.shrink != 0 {
			scale(w, F(1-p.shrink))
		}
	}
	k.update(w, g, s, t)
	clear(g)
}

// limit clips a gradient.
func limit[F float](c *core, g []F) {
	if c.reg.ClipValue > 0 {
		clip(g, F(c.reg.ClipValue))
	}
	if by := F(c.clip); by != 1 {
		scale(g, by)
	}
}

// penalize adds the gradients of the penalties of w to g.
func penalize[F float](c *core, p *param, g, w []F) {
	if p.decay != 0 && !c.rule.decoupled {
		addScaled(g, w, F(p.decay))
	}
	if l1 := c.reg.L1; l1 != 0 {
		addSign(g, w, F(l1))
	}
}

// penalizes reports whether penalize does anything.
func (c *core) penalizes(p *param) bool {
	return c.reg.L1 != 0 || p.decay != 0 && !c.rule.decoupled
}
