package nn

import (
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/cuda/kernels"
	"github.com/gorgonia-dropout/dropout/internal/launch"
)

// Launch implements [launch.Function].
func (f maxPool) Launch(l *launch.List, y launch.Memory, in []launch.Memory) error {
	if err := launch.Floats(in...); err != nil {
		return err
	}
	launch.Add(l, "max_pool", kernels.Threads, launch.Blocks(y.Size(), kernels.Threads), kernels.MaxPool{
		Y: y.At, X: in[0].At, Shape: f.onDevice(in[0].Shape, y.Shape),
	})
	return nil
}

// Launch implements [launch.Function].
func (f maxPoolDiff) Launch(l *launch.List, dx launch.Memory, in []launch.Memory) error {
	if err := launch.Floats(in...); err != nil {
		return err
	}
	launch.Add(l, "max_pool_back", kernels.Threads, launch.Blocks(dx.Size(), kernels.Threads), kernels.MaxPoolBack{
		DX: dx.At, X: in[0].At, Y: in[1].At, DY: in[2].At, Shape: f.onDevice(in[0].Shape, in[1].Shape),
	})
	return nil
}

// onDevice returns the geometry of a window over images x with results y.
func (w window) onDevice(x, y tensor.Shape) kernels.PoolShape {
	return kernels.PoolShape{
		Planes: int32(x[0] * x[1]), Height: int32(x[2]), Width: int32(x[3]), Rows: int32(y[2]), Cols: int32(y[3]),
		Kernel: pair(w.kernel), Stride: pair(w.stride), Padding: pair(w.padding), Dilation: pair(w.dilation),
	}
}

func pair(sizes [2]int) [2]int32 { return [2]int32{int32(sizes[0]), int32(sizes[1])} }
