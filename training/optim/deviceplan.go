package optim

import (
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cuda"
	"github.com/gorgonia-dropout/dropout/internal/cuda/kernels"
	"github.com/gorgonia-dropout/dropout/internal/launch"
)

// A Place is where the value and the gradient of a parameter are on a device.
type Place struct{ Value, Gradient cuda.Pointer }

// Plan lists the launches of a step for parameters in their places. Whether there is a
// velocity, and MaxNorm, are settled here; all else may change from step to step.
func (d *Device) Plan(l *launch.List, places []Place) error {
	c, reg := d.solver.parts()
	for i := range c.params {
		p, at := &c.params[i], places[i]
		if err := d.update(l, p, at); err != nil {
			return err
		}
		if reg.MaxNorm == 0 || p.axis < 0 {
			continue
		}
		lay := layoutOf(p.shape, p.axis)
		args := kernels.MaxNorm{W: at.Value, Outer: int32(lay.outer), Units: int32(lay.units), Inner: int32(lay.inner), C: reg.MaxNorm}
		launch.Add(l, "max_norm", kernels.Threads, launch.Blocks(lay.units, args.Each()), args)
	}
	return nil
}

// update lists that of a parameter.
func (d *Device) update(l *launch.List, p *param, at Place) error {
	n := p.size()
	blocks := launch.Blocks(n, 4*kernels.Threads)
	switch p.f32.kernel.(type) {
	case *sgdKernel[float32]:
		args := kernels.SGD{W: at.Value, G: at.Gradient, V: d.slot(p, 0), N: int64(n)}
		k := p.f32.kernel.(*sgdKernel[float32])
		args.Velocity, args.Nesterov = flag(k.velocity), flag(k.nesterov)
		planned := *k
		var err error
		args.Settings, err = launch.EachRun(l, func(s *kernels.SGDSettings) error {
			k := p.f32.kernel.(*sgdKernel[float32])
			if k.velocity != planned.velocity || k.nesterov != planned.nesterov {
				return errors.New("optim: SGD: momentum must not begin during a run on a device, nor Nesterov change")
			}
			*s = kernels.SGDSettings{Penalties: d.penalties(p), LR: k.lr, Momentum: k.momentum}
			return nil
		})
		launch.Add(l, "sgd", kernels.Threads, blocks, args)
		return err
	case *adamKernel[float32]:
		args := kernels.Adam{W: at.Value, G: at.Gradient, M: d.slot(p, 0), V: d.slot(p, 1), N: int64(n)}
		var err error
		args.Settings, err = launch.EachRun(l, func(s *kernels.AdamSettings) error {
			k := p.f32.kernel.(*adamKernel[float32])
			*s = kernels.AdamSettings{
				Penalties: d.penalties(p),
				Step:      k.Adam.Step, Beta1: k.Beta1, Beta2: k.Beta2, Rest1: k.Rest1, Rest2: k.Rest2, Eps: k.Eps,
			}
			return nil
		})
		launch.Add(l, "adam", kernels.Threads, blocks, args)
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
