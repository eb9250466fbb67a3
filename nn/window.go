package nn

import (
	"fmt"
	"math"

	"github.com/pkg/errors"
)

// A WindowOption changes a default of a convolution or pooling. Sizes are one
// number for height and width, or two for the height and then the width.
type WindowOption func(*window)

// WithStride sets the distance between neighbouring positions of the window.
// The default is 1 for convolutions and the size of the window for pooling.
func WithStride(sizes ...int) WindowOption {
	return func(w *window) { w.set(&w.stride, "stride", 1, sizes) }
}

// WithPadding sets how many rows and columns are added around each image, on
// all four sides: zeros for convolutions and averages, and values that never
// win for maxima. The default is 0.
func WithPadding(sizes ...int) WindowOption {
	return func(w *window) { w.set(&w.padding, "padding", 0, sizes) }
}

// WithDilation sets the distance between neighbouring elements under the window,
// 1 by default (Yu and Koltun, "Multi-Scale Context Aggregation by Dilated
// Convolutions", ICLR 2016).
func WithDilation(sizes ...int) WindowOption {
	return func(w *window) { w.set(&w.dilation, "dilation", 1, sizes) }
}

// WithKernel sets the size of a pooling window that is not square. For
// convolutions the weights determine the size.
func WithKernel(sizes ...int) WindowOption {
	return func(w *window) { w.set(&w.kernel, "kernel", 1, sizes) }
}

// WithGroups divides the channels of a convolution into n groups, 1 by default:
// the first filters see the first channels only, and so on (Krizhevsky,
// Sutskever and Hinton, NIPS 2012, section 3.5). As many groups as channels make
// it depthwise.
func WithGroups(n int) WindowOption {
	return func(w *window) {
		if w.groups = n; n < 1 && w.err == nil {
			w.err = errors.Errorf("groups must be at least 1, got %d", n)
		}
	}
}

// window is the geometry of a convolution or pooling. Values are for the height
// and the width.
type window struct {
	kernel, stride, padding, dilation [2]int

	groups int // of channels

	err error // the first of the options
}

// newWindow returns the window of the given kernel and options. A stride of 0
// means the size of the kernel.
func newWindow(kernel, stride [2]int, opts []WindowOption) (window, error) {
	w := window{kernel: kernel, stride: stride, dilation: [2]int{1, 1}, groups: 1}
	for _, opt := range opts {
		opt(&w)
	}
	for axis := range 2 {
		if w.err == nil && w.kernel[axis] < 1 {
			w.err = errors.Errorf("kernel must be at least 1, got %v", w.kernel)
		}
		for _, size := range []int{w.kernel[axis], w.stride[axis], w.padding[axis], w.dilation[axis]} {
			if w.err == nil && size > math.MaxInt32 {
				w.err = errors.Errorf("sizes of the window must be at most %d, got %d", math.MaxInt32, size)
			}
		}
		if w.stride[axis] == 0 {
			w.stride[axis] = w.kernel[axis]
		}
	}
	return w, w.err
}

func (w *window) set(dst *[2]int, what string, least int, sizes []int) {
	switch {
	case len(sizes) == 1 && sizes[0] >= least:
		*dst = [2]int{sizes[0], sizes[0]}
	case len(sizes) == 2 && sizes[0] >= least && sizes[1] >= least:
		*dst = [2]int{sizes[0], sizes[1]}
	case w.err == nil:
		w.err = errors.Errorf("%s must be one or two numbers of at least %d, got %v", what, least, sizes)
	}
}

func (w window) String() string {
	text := fmt.Sprintf("stride=%v padding=%v dilation=%v", w.stride, w.padding, w.dilation)
	if w.groups > 1 {
		text += fmt.Sprintf(" groups=%d", w.groups)
	}
	return text
}

// places returns how many positions the window has in images of the given
// height and width.
func (w window) places(height, width int) (rows, cols int, err error) {
	var out [2]int
	for axis, in := range [2]int{height, width} {
		span := w.dilation[axis]*(w.kernel[axis]-1) + 1
		room := in + 2*w.padding[axis] - span
		if in < 1 || room < 0 {
			return 0, 0, errors.Errorf("images of %d×%d with padding %v must hold a window of %d×%d with dilation %v",
				height, width, w.padding, w.kernel[0], w.kernel[1], w.dilation)
		}
		out[axis] = room/w.stride[axis] + 1
	}
	return out[0], out[1], nil
}

// inside returns, for an axis of images of the given size, the range [from, to)
// of the n window positions at which the window's element k lies in the image
// and not in the padding, and where it lies at position 0.
func (w window) inside(axis, k, n, size int) (from, to, first int) {
	first = k*w.dilation[axis] - w.padding[axis]
	stride := w.stride[axis]
	if first < 0 {
		from = min(n, (-first+stride-1)/stride)
	}
	to = from
	if last := size - 1 - first; last >= 0 {
		to = max(from, min(n, last/stride+1))
	}
	return from, to, first
}
