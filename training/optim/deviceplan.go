package optim

import (
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cuda"
	"github.com/gorgonia-dropout/dropout/internal/cuda/kernels"
	"github.com/gorgonia-dropout/dropout/internal/launch"
)

// A Place is where the value and the gradient of a parameter are on a device.
type Place struct{ Value, Gradient cuda.Pointer }

// Clip lists what ClipNorm needs of the gradients in all places, and returns where the
// factor of the gradients is; 0 without ClipNorm.
func (d *Device) Clip(l *launch.List, places []Place) (cuda.Pointer, error) {
	c, reg := d.solver.parts()
	if reg.ClipNorm == 0 {
		return 0, nil
	}
	tasks := 0
	for i := range c.params {
		tasks += (c.params[i].size() + kernels.ClipTask - 1) / kernels.ClipTask
	}
	sums, err := l.Scratch(8 * tasks)
	if err != nil {
		return 0, err
	}
	factor, err := l.Scratch(4)
	if err != nil {
		return 0, err
	}
	at := sums
	for i := range c.params {
		n := c.params[i].size()
		some := (n + kernels.ClipTask - 1) / kernels.ClipTask
		launch.Add(l, "clip_squares", kernels.Threads, some, kernels.ClipSquares{
			Sums: at, G: places[i].Gradient, N: int64(n), ClipValue: reg.ClipValue,
		})
		at += cuda.Pointer(8 * some)
	}
	launch.Add(l, "clip_factor", kernels.Threads, 1, kernels.ClipFactor{
		Factor: factor, Sums: sums, Tasks: int32(tasks), ClipNorm: reg.ClipNorm,
	})
	return factor, nil
}

// Update lists the update of parameter i in its place, by the factor of Clip. It does
// nothing in a run whose loss is not finite. Whether there is a velocity, MaxNorm,
// ClipNorm and ClipValue are settled here; all else may change from step to step.
func (d *Device) Update(l *launch.List, i int, at Place, clip, loss cuda.Pointer) error {
	c, reg := d.solver.parts()
	p := &c.params[i]
	if err := d.update(l, p, at, clip, loss); err != nil {
		return err
	}
	if reg.MaxNorm == 0 || p.axis < 0 {
		return nil
	}
	lay := layoutOf(p.shape, p.axis)
	args := kernels.MaxNorm{
		W: at.Value, Outer: int32(lay.outer), Units: int32(lay.units), Inner: int32(lay.inner), C: reg.MaxNorm, Loss: loss,
	}
	launch.Add(l, "max_norm", kernels.Threads, launch.Blocks(lay.units, args.Each()), args)
	return nil
}

// update lists the solver's kernel.
func (d *Device) update(l *launch.List, p *param, at Place, clip, loss cuda.Pointer) error {
	n := p.size()
	blocks := launch.Blocks(n, kernels.Threads)
	switch k := p.f32.kernel.(type) {
	case *sgdKernel[float32]:
		planned := *k
		settings, err := launch.EachRun(l, func(s *kernels.SGDSettings) error {
			k, ok := p.f32.kernel.(*sgdKernel[float32])
			if !ok || k.velocity != planned.velocity || k.nesterov != planned.nesterov {
				return errors.New("optim: SGD: Momentum must not begin during a run on a device, nor Nesterov change")
			}
			*s = kernels.SGDSettings{Penalties: d.penalties(p), LR: k.lr, Momentum: k.momentum}
			return nil
		})
		launch.Add(l, "sgd", kernels.Threads, blocks, kernels.SGD{
			W: at.Value, G: at.Gradient, V: d.slot(p, 0), N: int64(n), Settings: settings, Clip: clip,
			Velocity: flag(k.velocity), Nesterov: flag(k.nesterov), Loss: loss,
		})
		return err
	case *adamKernel[float32]:
		settings, err := launch.EachRun(l, func(s *kernels.AdamSettings) error {
			k, ok := p.f32.kernel.(*adamKernel[float32])
			if !ok {
				return errors.New("optim: Adam: the solver must stay the same during a run on a device")
			}
			*s = kernels.AdamSettings{
				Penalties: d.penalties(p),
				Step:      k.Adam.Step, Beta1: k.Beta1, Beta2: k.Beta2, Rest1: k.Rest1, Rest2: k.Rest2, Eps: k.Eps,
			}
			return nil
		})
		launch.Add(l, "adam", kernels.Threads, blocks, kernels.Adam{
			W: at.Value, G: at.Gradient, M: d.slot(p, 0), V: d.slot(p, 1), N: int64(n), Settings: settings, Clip: clip, Loss: loss,
		})
		return err
	}
	return errors.Errorf("optim: OnDevice: solver must be SGD, Adam or AdamW on a device, got %s", d.rule.solver)
}

// slot returns where slot k of a parameter is, 0 if there is none.
func (d *Device) slot(p *param, k int) cuda.Pointer {
	if d.slots[k] == nil {
		return 0
	}
	at, _ := d.slots[k].At(p.f32.slots[k])
	return at
}

// penalties returns those of a parameter in this step.
func (d *Device) penalties(p *param) kernels.Penalties {
	_, reg := d.solver.parts()
	of := kernels.Penalties{ClipValue: float32(reg.ClipValue), Keep: 1}
	if !p.penalized {
		return of
	}
	if !d.rule.decoupled {
		of.Decay = float32(p.decay)
	}
	of.L1, of.Keep = float32(reg.L1), float32(1-p.shrink)
	return of
}

func flag(set bool) int32 {
	if set {
		return 1
	}
	return 0
}
