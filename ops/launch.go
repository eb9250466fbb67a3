package ops

import (
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cuda/kernels"
	"github.com/gorgonia-dropout/dropout/internal/launch"
)

// Launch runs inverted dropout on a device; other distributions have no kernel.
func (f masked) Launch(l *launch.List, y launch.Memory, in []launch.Memory) error {
	if _, ok := f.distribution.(bernoulli); !ok {
		return errors.New("must have a kernel for devices, got none")
	}
	if err := launch.Floats(in...); err != nil {
		return err
	}
	mask, inner, err := f.mask.Launch(l, in[1], y.Shape)
	if err != nil {
		return err
	}
	n, each := y.Size(), 2048
	if inner > 1 {
		each = kernels.Threads
	}
	launch.Add(l, "drop", kernels.Threads, launch.Blocks(n, each), kernels.Drop{
		Y: y.At, X: in[0].At, N: int64(n), Inner: int64(inner), Mask: mask,
	})
	return nil
}
