package draw

import (
	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/cuda/kernels"
	"github.com/gorgonia-dropout/dropout/internal/cuda/remote"
	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/launch"
)

// Launch returns where on a device the mask of each run is described; 0 for no dropout.
// step is the memory of the step's node.
func (f *Fused) Launch(l *launch.List, step launch.Memory) (remote.Pointer, error) {
	if f == nil {
		return 0, nil
	}
	return launch.EachRun(l, func(m *kernels.Mask) error {
		s, threshold, err := f.At(step.Step())
		*m = describe(s, threshold)
		return err
	})
}

// Launch is the same for a mask of float32 elements, and returns how many neighbouring
// elements of a tensor of a shape share an element of the mask.
func (m Mask) Launch(l *launch.List, step launch.Memory, shape tensor.Shape) (at remote.Pointer, inner int, err error) {
	return launchMask(l, m, step, shape, kernels.Mask{Scale: 1}, func(s drop.Stream, p float64) kernels.Mask {
		return describe(s, drop.Threshold(p))
	})
}

// LaunchNoise is Launch for noise of mean 1, whose standard deviation at a rate is given by
// sigma: 0 at rate 0.
func (m Mask) LaunchNoise(l *launch.List, step launch.Memory, shape tensor.Shape, sigma func(p float64) float64) (at remote.Pointer, inner int, err error) {
	return launchMask(l, m, step, shape, kernels.Noise{}, func(s drop.Stream, p float64) kernels.Noise {
		return kernels.Noise{Seed: s.Seed, Step: s.Step, Layer: s.Layer, Sigma: sigma(p)}
	})
}

// launchMask returns where the T is that describe gives for each run, or identity where the
// mask is not active.
func launchMask[T any](l *launch.List, m Mask, step launch.Memory, shape tensor.Shape, identity T, describe func(drop.Stream, float64) T) (at remote.Pointer, inner int, err error) {
	if m.rateNode != nil {
		return 0, 0, errors.New("rate must be a number on a device, got a node")
	}
	if inner, err = m.inner(shape); err != nil {
		return 0, 0, err
	}
	at, err = launch.EachRun(l, func(to *T) error {
		*to = identity
		now := step.Step()
		if !m.Active(now) {
			return nil
		}
		p, err := m.RateAt(now, 0)
		if err == nil {
			*to = describe(m.Stream(now), p)
		}
		return err
	})
	return at, inner, err
}

// inner returns the number of neighbouring elements that share an element of the mask.
func (m Mask) inner(shape tensor.Shape) (int, error) {
	inner := 1
	for axis := len(shape) - 1; axis >= 0 && m.shared != nil; axis-- {
		if !m.shared[axis] {
			for _, before := range m.shared[:axis] {
				if before {
					return 0, errors.New("mask must be shared over the last axes on a device, got one over others")
				}
			}
			break
		}
		inner *= shape[axis]
	}
	return inner, nil
}

func describe(s drop.Stream, threshold uint32) kernels.Mask {
	return kernels.Mask{
		Seed: s.Seed, Step: s.Step, Layer: s.Layer, Threshold: threshold, Scale: float32(drop.Scale(threshold)),
	}
}
