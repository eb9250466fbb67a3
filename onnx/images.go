package onnx

import (
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
)

// images returns the options of a window over images.
func (c *call) images(kernel []int) ([]nn.WindowOption, error) {
	if pad := string(c.attr("auto_pad").GetS()); pad != "" && pad != "NOTSET" && pad != "VALID" {
		return nil, errors.Errorf("auto_pad must be NOTSET or VALID, got %q", pad)
	}
	if err := c.must("ceil_mode", 0); err != nil {
		return nil, err
	}
	strides, pads, dilations := c.ints("strides"), c.ints("pads"), c.ints("dilations")
	if strides == nil {
		strides = []int{1, 1}
	}
	if pads == nil {
		pads = make([]int, 4)
	}
	if dilations == nil {
		dilations = []int{1, 1}
	}
	if len(kernel) != 2 || len(strides) != 2 || len(pads) != 4 || len(dilations) != 2 {
		return nil, errors.Errorf("windows must be over images, got a kernel of %v", kernel)
	}
	if !slices.Equal(pads[:2], pads[2:]) {
		return nil, errors.Errorf("pads must be the same at both ends, got %v", pads)
	}
	return []nn.WindowOption{nn.WithStride(strides...), nn.WithPadding(pads[:2]...), nn.WithDilation(dilations...)}, nil
}

func (c *call) conv() ([]value, error) {
	x, err := c.x()
	if err != nil {
		return nil, err
	}
	a, err := c.known(1)
	if err != nil {
		return nil, err
	}
	if err := c.must("group", 1); err != nil {
		return nil, err
	}
	if len(a.shape) != 4 {
		return nil, errors.Errorf("weights must be those of images, got shape %v", a.shape)
	}
	opts, err := c.images(a.shape[2:])
	if err != nil {
		return nil, err
	}
	w, err := c.param(a, "weight", a.shape, inOrder)
	if err != nil {
		return nil, err
	}
	if !c.has(2) {
		return one(nn.Conv2d(x, w, nil, opts...))
	}
	b, err := c.known(2)
	if err != nil {
		return nil, err
	}
	bias, err := c.param(b, "bias", b.shape, inOrder)
	if err != nil {
		return nil, err
	}
	return one(nn.Conv2d(x, w, bias, opts...))
}

func (c *call) maxPool() ([]value, error) {
	kernel := c.ints("kernel_shape")
	opts, err := c.images(kernel)
	if err != nil {
		return nil, err
	}
	return c.apply(models.MaxPool2d(kernel[0], append(opts, nn.WithKernel(kernel...))...))
}

func (c *call) averagePool() ([]value, error) {
	kernel := c.ints("kernel_shape")
	opts, err := c.images(kernel)
	if err != nil {
		return nil, err
	}
	padded := slices.ContainsFunc(c.ints("pads"), func(p int) bool { return p != 0 })
	if padded && c.int("count_include_pad", 0) == 0 {
		return nil, errors.New("count_include_pad must be 1 where there are pads")
	}
	return c.apply(models.AvgPool2d(kernel[0], append(opts, nn.WithKernel(kernel...))...))
}

func (c *call) globalAveragePool() ([]value, error) {
	x, err := c.x()
	if err != nil {
		return nil, err
	}
	y, err := nn.GlobalAvgPool2d(x)
	if err != nil {
		return nil, err
	}
	return one(rowMajor([]int{y.Shape()[0], y.Shape()[1], 1, 1}).apply(y))
}

// reduceMean adds the mean of images.
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
	if x.Dims() != 4 || !slices.Equal(axes, []int{2, 3}) {
		return nil, errors.Errorf("axes must be those of images, got %v of %v", axes, x.Shape())
	}
	if c.int("keepdims", 1) != 0 {
		return c.globalAveragePool()
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
