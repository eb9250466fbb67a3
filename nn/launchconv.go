package nn

import (
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cuda/kernels"
	"github.com/gorgonia-dropout/dropout/internal/cuda/remote"
	"github.com/gorgonia-dropout/dropout/internal/launch"
)

// Convolutions on a device take the ways that they take on the processor, since those
// round differently, but all images at a time: blocks that only save memory are left out.

// Launch implements [launch.Function].
func (f convForward) Launch(l *launch.List, y launch.Memory, in []launch.Memory) error {
	s, err := f.layout(in[0].Shape, in[1].Shape)
	if err == nil {
		err = onDevice(s, in)
	}
	if err != nil {
		return err
	}
	var bias remote.Pointer
	if f.biased {
		bias = in[2].At
	}
	if t, ok := s.tiled(); ok {
		return t.launch(l, y.At, in[0].At, in[1].At, bias, false, f.positive)
	}
	col, err := launchPatches(l, s, in[0].At)
	if err != nil {
		return err
	}
	p := kernels.NewProduct(s.k, s.area(), s.patch())
	p.A, p.B, p.C = in[1].At, col, y.At
	p.LDA, p.LDB, p.LDC = int64(s.patch()), int64(s.area()), int64(s.area())
	p.Batch, p.BStep, p.CStep = int32(s.n), int64(s.patch()*s.area()), int64(s.k*s.area())
	p.Bias, p.BiasRows = bias, 1
	if _, ok := s.alone(); ok && f.biased {
		p.BiasFirst = 1
	}
	if f.positive {
		p.ReLU = 1
	}
	addProduct(l, kernels.ByRows, p)
	return nil
}

// onDevice returns an error unless a device has kernels for a convolution.
func onDevice(s layout, in []launch.Memory) error {
	if s.groups > 1 {
		return errors.Errorf("must have one group of channels on a device, got %d", s.groups)
	}
	return launch.Floats(in...)
}

// shape is the geometry for kernels.
func (l layout) shape() kernels.ConvShape {
	return kernels.ConvShape{
		Images: int32(l.n), Channels: int32(l.c), Height: int32(l.h), Width: int32(l.w), Rows: int32(l.oh), Cols: int32(l.ow),
		Kernel: pair(l.kernel), Stride: pair(l.stride), Padding: pair(l.padding), Dilation: pair(l.dilation),
	}
}

// scratchFloats returns memory for n numbers.
func scratchFloats(l *launch.List, n int) (remote.Pointer, error) { return l.Scratch(4 * n) }

// perThread is the number of blocks of a kernel in which a thread has one of n elements.
func perThread(n int) int { return launch.Blocks(n, kernels.Threads) }

// launchPatches lists what gathers the patches of x, and returns their memory: matrices
// of shape (patch, places), one for each image.
func launchPatches(l *launch.List, s layout, x remote.Pointer) (remote.Pointer, error) {
	n := s.n * s.patch() * s.area()
	col, err := scratchFloats(l, n)
	if err == nil {
		launch.Add(l, "conv_gather", kernels.Threads, perThread(n), kernels.ConvGather{Col: col, X: x, Shape: s.shape()})
	}
	return col, err
}

// Launch implements [launch.Function].
func (f convInput) Launch(l *launch.List, dx launch.Memory, in []launch.Memory) error {
	s, err := f.withOutput(dx.Shape, in[0].Shape, in[1].Shape)
	if err == nil {
		err = onDevice(s, in)
	}
	if err != nil {
		return err
	}
	w, dy := in[0].At, in[1].At
	if t, ok := s.tiled(); ok {
		return t.transposed().launch(l, dx.At, dy, w, 0, true, false)
	}
	n := s.n * s.patch() * s.area()
	col, err := scratchFloats(l, n)
	if err != nil {
		return err
	}
	p := kernels.NewProduct(s.patch(), s.area(), s.k)
	p.A, p.B, p.C = w, dy, col
	p.LDA, p.LDB, p.LDC = int64(s.patch()), int64(s.area()), int64(s.area())
	p.Batch, p.BStep, p.CStep = int32(s.n), int64(s.k*s.area()), int64(s.patch()*s.area())
	addProduct(l, kernels.TransposedA, p)
	rows := s.block().to
	if a, ok := s.alone(); ok {
		rows = a.rows
	}
	launch.Add(l, "conv_scatter", kernels.Threads, perThread(dx.Size()), kernels.ConvScatter{
		X: dx.At, Col: col, Shape: s.shape(), BlockRows: int32(rows),
	})
	return nil
}

// Launch implements [launch.Function].
func (f convWeight) Launch(l *launch.List, dw launch.Memory, in []launch.Memory) error {
	s, err := f.withOutput(in[0].Shape, dw.Shape, in[1].Shape)
	if err == nil {
		err = onDevice(s, in)
	}
	if err != nil {
		return err
	}
	x, dy := in[0].At, in[1].At
	if t, ok := s.tiled(); ok {
		return t.launchWeights(l, dw.At, x, dy)
	}
	col, err := launchPatches(l, s, x)
	if err != nil {
		return err
	}
	// One sum over the places of all images, or one for each part of the images.
	p := kernels.NewProduct(s.k, s.patch(), s.area())
	p.A, p.B, p.C = dy, col, dw.At
	p.LDA, p.LDB, p.LDC = int64(s.area()), int64(s.area()), int64(s.patch())
	p.Segments, p.Total = int32(s.n), int64(s.n*s.area())
	p.ASegment, p.BSegment = int64(s.k*s.area()), int64(s.patch()*s.area())
	size := dw.Size()
	if _, ok := s.alone(); ok {
		p.Parts, p.CPart = int32(min(parts, s.n)), int64(size)
		if p.C, err = scratchFloats(l, int(p.Parts)*size); err != nil {
			return err
		}
	}
	addProduct(l, kernels.TransposedB, p)
	if p.C != dw.At {
		launch.Add(l, "conv_parts", kernels.Threads, perThread(size), kernels.ConvParts{Y: dw.At, X: p.C, N: int64(size), Parts: p.Parts})
	}
	return nil
}

// inputShape and outputShape are the geometry of the tiles for kernels.
func (t winograd) inputShape() kernels.TileShape {
	return kernels.TileShape{
		Images: int32(t.n), Channels: int32(t.c), Height: int32(t.h), Width: int32(t.w), Down: int32(t.down), Across: int32(t.across),
		Padding: pair(t.padding),
	}
}

func (t winograd) outputShape() kernels.TileShape {
	return kernels.TileShape{
		Images: int32(t.n), Channels: int32(t.k), Height: int32(t.oh), Width: int32(t.ow), Down: int32(t.down), Across: int32(t.across),
	}
}

// launchTiles lists a transform of tiles, and returns the memory of their components.
func launchTiles(l *launch.List, kernel string, x remote.Pointer, s kernels.TileShape) (remote.Pointer, error) {
	n := int(s.Channels) * s.Tiles()
	tiles, err := scratchFloats(l, components*n)
	if err == nil {
		launch.Add(l, kernel, kernels.Threads, perThread(n), kernels.Tiles{Tiles: tiles, X: x, Shape: s})
	}
	return tiles, err
}

// launch is convolve on a device.
func (t winograd) launch(l *launch.List, y, x, w, bias remote.Pointer, turned, positive bool) error {
	u, err := scratchFloats(l, components*t.k*t.c)
	if err != nil {
		return err
	}
	filters := kernels.ComponentsOfFilters{U: u, W: w, Outputs: int32(t.k), Inputs: int32(t.c)}
	if turned {
		filters.Turned = 1
	}
	launch.Add(l, "components_of_filters", kernels.Threads, perThread(t.k*t.c), filters)
	in, err := launchTiles(l, "tiles_of_input", x, t.inputShape())
	if err != nil {
		return err
	}
	s := t.outputShape()
	tiles := s.Tiles()
	out, err := scratchFloats(l, components*t.k*tiles)
	if err != nil {
		return err
	}
	p := kernels.NewProduct(t.k, tiles, t.c)
	p.A, p.B, p.C = u, in, out
	p.LDA, p.LDB, p.LDC = int64(t.c), int64(tiles), int64(tiles)
	p.Batch, p.AStep, p.BStep, p.CStep = components, int64(t.k*t.c), int64(t.c*tiles), int64(t.k*tiles)
	addProduct(l, kernels.ByRows, p)
	output := kernels.OutputOfTiles{Y: y, Tiles: out, Bias: bias, Shape: s}
	if positive {
		output.ReLU = 1
	}
	launch.Add(l, "output_of_tiles", kernels.Threads, perThread(t.k*tiles), output)
	return nil
}

// launchWeights is correlate on a device.
func (t winograd) launchWeights(l *launch.List, dw, x, dy remote.Pointer) error {
	in, err := launchTiles(l, "tiles_of_input", x, t.inputShape())
	if err != nil {
		return err
	}
	s := t.outputShape()
	out, err := launchTiles(l, "tiles_of_gradient", dy, s)
	if err != nil {
		return err
	}
	// The sums over blocks of tiles are in parts, as on the processor.
	parts, tiles := min(t.parts(), t.blocks()), s.Tiles()
	sums, err := scratchFloats(l, parts*components*t.k*t.c)
	if err != nil {
		return err
	}
	p := kernels.NewProduct(t.k, t.c, t.tiles())
	p.A, p.B, p.C = out, in, sums
	p.LDA, p.LDB, p.LDC = int64(tiles), int64(tiles), int64(t.c)
	p.Segments, p.Total, p.ASegment, p.BSegment = int32(t.blocks()), int64(tiles), int64(t.tiles()), int64(t.tiles())
	p.Batch, p.AStep, p.BStep, p.CStep = components, int64(t.k*tiles), int64(t.c*tiles), int64(t.k*t.c)
	p.Parts, p.CPart = int32(parts), int64(components*t.k*t.c)
	addProduct(l, kernels.TransposedB, p)
	launch.Add(l, "filters_of_components", kernels.Threads, perThread(t.k*t.c), kernels.FiltersOfComponents{
		W: dw, U: sums, N: int64(t.k * t.c), Parts: int32(parts),
	})
	return nil
}

// Launch implements [launch.Function].
func (f channelSum) Launch(l *launch.List, sums launch.Memory, in []launch.Memory) error {
	if err := launch.Floats(in...); err != nil {
		return err
	}
	s := in[0].Shape
	launch.Add(l, "channel_sum", kernels.Threads, s[1], kernels.ChannelSum{
		Sums: sums.At, X: in[0].At, Images: int32(s[0]), Channels: int32(s[1]), Plane: int32(s[2] * s[3]),
	})
	return nil
}
