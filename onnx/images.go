package onnx

import (
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
)

// window returns the options of a window of the given size over images, or over
// sequences as images of one row.
func (c *call) window(kernel []int) ([]nn.WindowOption, error) {
	if pad := string(c.attr("auto_pad").GetS()); pad != "" && pad != "NOTSET" && pad != "VALID" {
		return nil, errors.Errorf("auto_pad must be NOTSET or VALID, got %q", pad)
	}
	if err := c.must("ceil_mode", 0); err != nil {
		return nil, err
	}
	v, err := c.first()
	if err != nil {
		return nil, err
	}
	axes := len(kernel)
	strides, pads, dilations := c.ints("strides"), c.ints("pads"), c.ints("dilations")
	if strides == nil {
		strides = slices.Repeat([]int{1}, axes)
	}
	if pads == nil {
		pads = make([]int, 2*axes)
	}
	if dilations == nil {
		dilations = slices.Repeat([]int{1}, axes)
	}
	if axes < 1 || axes > 2 || len(v.shape()) != axes+2 || len(strides) != axes || len(pads) != 2*axes || len(dilations) != axes {
		return nil, errors.Errorf("windows must be over images or sequences, got a kernel of %v for x of %v", kernel, v.shape())
	}
	pads, ends := pads[:axes], pads[axes:]
	if !slices.Equal(pads, ends) {
		return nil, errors.Errorf("pads must be the same at both ends, got %v and %v", pads, ends)
	}
	if axes == 1 {
		strides, pads, dilations = []int{1, strides[0]}, []int{0, pads[0]}, []int{1, dilations[0]}
	}
	return []nn.WindowOption{nn.WithStride(strides...), nn.WithPadding(pads...), nn.WithDilation(dilations...)}, nil
}

// images returns sequences, (N, C, L), or filters of sequences, as images of one
// row, and images as they are.
func images(x *gorgonia.Node) (*gorgonia.Node, error) {
	if s := x.Shape(); len(s) == 3 {
		return rowMajor([]int{s[0], s[1], 1, s[2]}).apply(x)
	}
	return x, nil
}

// overImages adds what f adds to images, to images or sequences.
func (c *call) overImages(f func(x *gorgonia.Node) (*gorgonia.Node, error)) ([]value, error) {
	x, err := c.x()
	if err != nil {
		return nil, err
	}
	sequences := x.Dims() == 3
	if x, err = images(x); err != nil {
		return nil, err
	}
	y, err := f(x)
	if err != nil || !sequences {
		return one(y, err)
	}
	s := y.Shape()
	return one(rowMajor([]int{s[0], s[1], s[3]}).apply(y))
}

func (c *call) conv() ([]value, error) {
	a, err := c.known(1)
	if err != nil {
		return nil, err
	}
	if len(a.shape) != 3 && len(a.shape) != 4 {
		return nil, errors.Errorf("weights must be those of images or sequences, got shape %v", a.shape)
	}
	opts, err := c.window(a.shape[2:])
	if err != nil {
		return nil, err
	}
	opts = append(opts, nn.WithGroups(c.int("group", 1)))
	w, err := c.param(a, "weight", a.shape, inOrder)
	if err != nil {
		return nil, err
	}
	if w, err = images(w); err != nil {
		return nil, err
	}
	var bias *gorgonia.Node
	if c.has(2) {
		b, err := c.known(2)
		if err != nil {
			return nil, err
		}
		if bias, err = c.param(b, "bias", b.shape, inOrder); err != nil {
			return nil, err
		}
	}
	return c.overImages(func(x *gorgonia.Node) (*gorgonia.Node, error) { return nn.Conv2d(x, w, bias, opts...) })
}

// pool adds a pooling, which layer makes of the first size of its window.
func pool[L models.Layer](c *call, layer func(kernel int, opts ...nn.WindowOption) L) ([]value, error) {
	kernel := c.ints("kernel_shape")
	opts, err := c.window(kernel)
	if err != nil {
		return nil, err
	}
	if len(kernel) == 1 {
		kernel = []int{1, kernel[0]}
	}
	opts = append(opts, nn.WithKernel(kernel...))
	return c.overImages(func(x *gorgonia.Node) (*gorgonia.Node, error) {
		return c.scope.Apply(c.label(), layer(kernel[0], opts...), x)
	})
}

func (c *call) maxPool() ([]value, error) { return pool(c, models.MaxPool2d) }

func (c *call) averagePool() ([]value, error) {
	padded := slices.ContainsFunc(c.ints("pads"), func(p int) bool { return p != 0 })
	if padded && c.int("count_include_pad", 0) == 0 {
		return nil, errors.New("count_include_pad must be 1 where there are pads, got 0")
	}
	return pool(c, models.AvgPool2d)
}

func (c *call) globalAveragePool() ([]value, error) {
	return c.overImages(func(x *gorgonia.Node) (*gorgonia.Node, error) {
		y, err := nn.GlobalAvgPool2d(x)
		if err != nil {
			return nil, err
		}
		return rowMajor([]int{y.Shape()[0], y.Shape()[1], 1, 1}).apply(y)
	})
}

// reduceMean adds the mean of images or sequences.
func (c *call) reduceMean() ([]value, error) {
	x, err := c.x()
	if err != nil {
		return nil, err
	}
	axes := c.ints("axes")
	if c.has(1) {
		if axes, err = c.in[1].known.ints(); err != nil {
			return nil, err
		}
	}
	for i, k := range axes {
		if axes[i], err = axis(k, x.Dims()); err != nil {
			return nil, err
		}
	}
	slices.Sort(axes)
	if !slices.Equal(axes, []int{2, 3}[:max(0, min(2, x.Dims()-2))]) || x.Dims() > 4 {
		return nil, errors.Errorf("axes must be those of images or sequences, behind the channels, got %v of %v", axes, x.Shape())
	}
	if c.int("keepdims", 1) != 0 {
		return c.globalAveragePool()
	}
	if x, err = images(x); err != nil {
		return nil, err
	}
	return one(nn.GlobalAvgPool2d(x))
}

// pad passes on what is not padded.
func (c *call) pad() ([]value, error) {
	v, err := c.first()
	if err != nil {
		return nil, err
	}
	pads := c.ints("pads")
	if c.has(1) {
		if pads, err = c.in[1].known.ints(); err != nil {
			return nil, err
		}
	}
	if slices.ContainsFunc(pads, func(p int) bool { return p != 0 }) {
		return nil, errors.Errorf("pads must be 0, got %v", pads)
	}
	return []value{v}, nil
}
