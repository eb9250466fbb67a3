package nn

import (
	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/cuda/kernels"
	"github.com/gorgonia-dropout/dropout/internal/launch"
)

// What the ops of this package run on a device: see package launch. An op that is not
// here has no kernel for devices.

// Launch implements [launch.Function].
func (f linearForward) Launch(l *launch.List, y launch.Memory, in []launch.Memory) error {
	if f.kept != nil {
		return errors.New("must have all units on a device, got some")
	}
	if err := launch.Floats(in...); err != nil {
		return err
	}
	mask, err := f.drop.Launch(l, in[len(in)-1])
	if err != nil {
		return err
	}
	x, w := in[0], in[1]
	rows, inner, cols := x.Shape[0], x.Shape[1], w.Shape[1]
	p := kernels.NewProduct(rows, cols, inner)
	p.C, p.A, p.B, p.Mask = y.At, x.At, w.At, mask
	p.LDA, p.LDB, p.LDC = int64(inner), int64(cols), int64(cols)
	if f.bias {
		p.Bias = in[2].At
	}
	if f.act == ActivationReLU {
		p.ReLU = 1
	}
	addProduct(l, kernels.ByRows, p)
	return nil
}

// addProduct lists a product.
func addProduct(l *launch.List, form kernels.Form, p kernels.Product) {
	name, threads, blocks := p.Kernel(form)
	launch.Add(l, name, threads, blocks, p)
}

// Launch implements [launch.Function].
func (f linearGrad) Launch(l *launch.List, dz launch.Memory, in []launch.Memory) error {
	if f.kept != nil {
		return errors.New("must have all units on a device, got some")
	}
	if err := launch.Floats(in...); err != nil {
		return err
	}
	mask, err := f.drop.Launch(l, in[len(in)-1])
	if err != nil {
		return err
	}
	rows, cols := in[0].Shape[0], in[0].Shape[1]
	args := kernels.LinearBack{DZ: dz.At, DY: in[1].At, Y: in[0].At, Rows: int32(rows), Cols: int32(cols), Mask: mask}
	if f.act == ActivationReLU {
		args.ReLU = 1
	}
	launch.Add(l, "linear_back", kernels.Threads, launch.Blocks(cols, 16), args)
	return nil
}

// Launch implements [launch.Function].
func (f linearGradX) Launch(l *launch.List, dx launch.Memory, in []launch.Memory) error {
	if err := launch.Floats(in...); err != nil {
		return err
	}
	rows, inner, outer := in[0].Shape[0]-1, in[1].Shape[0], in[1].Shape[1]
	p := kernels.NewProduct(rows, inner, outer)
	p.C, p.A, p.B = dx.At, in[0].At, in[1].At
	p.LDA, p.LDB, p.LDC = int64(outer), int64(outer), int64(inner)
	addProduct(l, kernels.TransposedB, p)
	return nil
}

// Launch implements [launch.Function].
func (f linearGradW) Launch(l *launch.List, dw launch.Memory, in []launch.Memory) error {
	if err := launch.Floats(in...); err != nil {
		return err
	}
	rows, inner, outer := in[0].Shape[0], in[0].Shape[1], in[1].Shape[1]
	p := kernels.NewProduct(inner, outer, rows)
	p.C, p.A, p.B = dw.At, in[0].At, in[1].At
	p.LDA, p.LDB, p.LDC = int64(inner), int64(outer), int64(outer)
	addProduct(l, kernels.TransposedA, p)
	return nil
}

// View implements [launch.View]: the gradient of the bias is the last row.
func (f linearGradB) View(in []launch.Memory) (input, offset int) {
	return 0, (in[0].Shape[0] - 1) * in[0].Shape[1]
}

// View implements [launch.View].
func (f reshape) View([]launch.Memory) (input, offset int) { return 0, 0 }

// Launch implements [launch.Function].
func (f crossEntropy) Launch(l *launch.List, y launch.Memory, in []launch.Memory) error {
	if err := f.plain(in); err != nil {
		return err
	}
	rows, classes := in[1].Size(), in[0].Shape[f.dims]
	losses, err := l.Scratch(8 * rows)
	if err != nil {
		return err
	}
	launch.Add(l, "xent_rows", kernels.Threads, launch.Blocks(rows, 8), kernels.XentRows{
		Losses: losses, Logits: in[0].At, Labels: in[1].At, Rows: int32(rows), Classes: int32(classes), Smoothing: f.smoothing,
	})
	launch.Add(l, "xent_mean", kernels.Threads, 1, kernels.XentMean{
		Y: y.At, Losses: losses, Rows: int32(rows), Scale: f.scale(float64(rows)),
	})
	return nil
}

// plain returns an error unless the loss is one that a device computes.
func (f crossEntropy) plain(in []launch.Memory) error {
	if f.soft || f.weighted || f.weighsClasses || f.ignores || f.kind == reduceNone {
		return errors.New("must have labels that all count the same and one loss on a device, got another form")
	}
	if in[0].Dtype != tensor.Float32 {
		return errors.Errorf("must be of float32 on a device, got %v", in[0].Dtype)
	}
	return nil
}

// Launch implements [launch.Function].
func (f crossEntropyDiff) Launch(l *launch.List, dx launch.Memory, in []launch.Memory) error {
	if err := f.plain(in); err != nil {
		return err
	}
	rows, classes := in[1].Size(), in[0].Shape[f.dims]
	launch.Add(l, "xent_grad", kernels.Threads, launch.Blocks(rows, 8), kernels.XentGrad{
		DX: dx.At, Logits: in[0].At, Labels: in[1].At, DY: in[2].At,
		Rows: int32(rows), Classes: int32(classes), Smoothing: f.smoothing, Scale: f.scale(float64(rows)),
	})
	return nil
}

// launchEach lists the kernel of a function of single elements.
func launchEach(l *launch.List, kernel string, y launch.Memory, in []launch.Memory) error {
	if err := launch.Floats(in...); err != nil {
		return err
	}
	n := y.Size()
	launch.Add(l, kernel, kernels.Threads, launch.Blocks(n, 1024), kernels.Elementwise{Y: y.At, X: in[0].At, N: int64(n)})
	return nil
}

// launchEachBack lists the kernel of a derivative of a function of single elements.
func launchEachBack(l *launch.List, kernel string, dx launch.Memory, in []launch.Memory) error {
	if err := launch.Floats(in...); err != nil {
		return err
	}
	n := dx.Size()
	launch.Add(l, kernel, kernels.Threads, launch.Blocks(n, 1024), kernels.ElementwiseBack{
		DX: dx.At, Y: in[0].At, DY: in[1].At, N: int64(n),
	})
	return nil
}

// Launch implements [launch.Function].
func (f relu) Launch(l *launch.List, y launch.Memory, in []launch.Memory) error {
	return launchEach(l, "relu", y, in)
}

// Launch implements [launch.Function].
func (f reluDiff) Launch(l *launch.List, dx launch.Memory, in []launch.Memory) error {
	return launchEachBack(l, "relu_back", dx, in)
}

// Launch implements [launch.Function].
func (f sigmoidOf) Launch(l *launch.List, y launch.Memory, in []launch.Memory) error {
	return launchEach(l, "sigmoid", y, in)
}

// Launch implements [launch.Function].
func (f sigmoidDiff) Launch(l *launch.List, dx launch.Memory, in []launch.Memory) error {
	return launchEachBack(l, "sigmoid_back", dx, in)
}
