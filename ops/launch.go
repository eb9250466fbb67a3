package ops

import (
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cuda/kernels"
	"github.com/gorgonia-dropout/dropout/internal/launch"
)

// Launch runs inverted and Gaussian dropout on a device; other distributions have no kernel.
func (f masked) Launch(l *launch.List, y launch.Memory, in []launch.Memory) error {
	if err := launch.Floats(in...); err != nil {
		return err
	}
	n := y.Size()
	// A block has so many elements at a time, fewer where they share those of a mask.
	each := func(dense, inner int) int {
		if inner > 1 {
			return kernels.Threads
		}
		return dense
	}
	switch f.distribution.(type) {
	case bernoulli:
		mask, inner, err := f.mask.Launch(l, in[1], y.Shape)
		if err != nil {
			return err
		}
		launch.Add(l, "drop", kernels.Threads, launch.Blocks(n, each(2048, inner)), kernels.Drop{
			Y: y.At, X: in[0].At, N: int64(n), Inner: int64(inner), Mask: mask,
		})
	case gaussian:
		noise, inner, err := f.mask.LaunchNoise(l, in[1], y.Shape, gaussianSigma)
		if err != nil {
			return err
		}
		launch.Add(l, "gaussian", kernels.Threads, launch.Blocks(n, each(1024, inner)), kernels.Gaussian{
			Y: y.At, X: in[0].At, N: int64(n), Inner: int64(inner), Noise: noise,
		})
	default:
		return errors.New("must have a kernel for devices, got none")
	}
	return nil
}
