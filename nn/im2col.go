package nn

import (
	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
)

// layout is a convolution at given sizes. A group of channels counts as an image
// of its own: n is the number of images times that of groups, c and k are the
// channels and filters of a group.
type layout struct {
	window
	n, c, h, w, k, oh, ow int
}

// output returns the shape of y.
func (l layout) output() tensor.Shape {
	return tensor.Shape{l.n / l.groups, l.k * l.groups, l.oh, l.ow}
}

// group returns the part of w, or of its gradient, that is that of image n.
func group[F any](l layout, w []F, n int) []F {
	size := len(w) / l.groups
	return w[n%l.groups*size:][:size]
}

// layout returns the sizes for x and w, or an error if they do not fit.
func (c *convolution) layout(x, w tensor.Shape) (layout, error) {
	l := layout{window: c.window, n: x[0] * c.groups, c: w[1], h: x[2], w: x[3], k: w[0] / c.groups}
	var err error
	switch {
	case w[2] != c.kernel[0] || w[3] != c.kernel[1]:
		err = errors.Errorf("w must have filters of %d×%d, got shape %v", c.kernel[0], c.kernel[1], w)
	case c.groups == 1 && w[1] != x[1]:
		err = errors.Errorf("w must have the %d channels of x, got shape %v", x[1], w)
	case w[1]*c.groups != x[1] || w[0]%c.groups != 0:
		err = errors.Errorf("w must have a multiple of %d filters, each with the channels of x in one of %d groups, got shape %v for x of %v", c.groups, c.groups, w, x)
	default:
		if err = op.NotEmpty("x", x); err == nil {
			err = op.NotEmpty("w", w)
		}
	}
	if err == nil {
		l.oh, l.ow, err = c.places(l.h, l.w)
	}
	return l, err
}

// patch returns the number of elements under the window.
func (l layout) patch() int { return l.c * l.kernel[0] * l.kernel[1] }

// area returns the number of positions of the window in an image.
func (l layout) area() int { return l.oh * l.ow }

// A block is what patches are gathered from at a time: some images, or some
// rows of window positions in one image.
type block struct {
	image, images int // the first and the number of the images
	from, to      int // rows of places
}

// places returns the number of window positions of one image in the block.
func (b block) places(l layout) int { return (b.to - b.from) * l.ow }

// size returns the number of window positions in the block.
func (b block) size(l layout) int { return b.images * b.places(l) }

// block returns the largest block; no other is larger.
func (l layout) block() block {
	place := max(l.patch(), l.k)
	if images := patchBlock / (place * l.area()); images > 0 {
		return block{images: min(images, l.n), to: l.oh}
	}
	return block{images: 1, to: min(l.oh, max(1, patchBlock/(place*l.ow)))}
}

// blocks calls f for the blocks of a convolution, in order. They depend only on
// the sizes, and so does the order of all additions.
func (l layout) blocks(f func(b block)) {
	largest := l.block()
	for n := 0; n < l.n; n += largest.images {
		for from := 0; from < l.oh; from += largest.to {
			f(block{n, min(largest.images, l.n-n), from, min(l.oh, from+largest.to)})
		}
	}
}

// gather2d copies the patches of a block of x into col, of shape (patch, images,
// places).
func gather2d[F op.Float](l layout, col, x []F, b block) {
	parallel.Each(b.images*l.c, l.kernel[0]*l.kernel[1]*b.places(l), func(i int) { gatherPlane(l, col, x, b, i/l.c, i%l.c) })
}

// gatherPlane is gather2d for one channel of an image of the block.
func gatherPlane[F op.Float](l layout, col, x []F, b block, n, c int) {
	places := b.places(l)
	whole := l.stride == [2]int{1, 1} && l.ow == l.w
	plane := x[((b.image+n)*l.c+c)*l.h*l.w:][:l.h*l.w]
	for u := range l.kernel[0] {
		top, bottom, y0 := l.inside(0, u, l.oh, l.h)
		for v := range l.kernel[1] {
			left, right, x0 := l.inside(1, v, l.ow, l.w)
			out := col[(((c*l.kernel[0]+u)*l.kernel[1]+v)*b.images+n)*places:][:places]
			if whole {
				shift(out, plane, l.w, max(b.from, top)-b.from, min(b.to, bottom)-b.from, (y0+b.from)*l.w+x0, left, right)
				continue
			}
			for i := b.from; i < b.to; i++ {
				row := out[(i-b.from)*l.ow:][:l.ow]
				if i < top || i >= bottom || left == right {
					clear(row)
					continue
				}
				clear(row[:left])
				clear(row[right:])
				src := plane[(y0+i*l.stride[0])*l.w:][:l.w]
				if l.stride[1] == 1 {
					copy(row[left:right], src[x0+left:])
					continue
				}
				for j := left; j < right; j++ {
					row[j] = src[x0+j*l.stride[1]]
				}
			}
		}
	}
}

// shift copies rows [top, bottom) of window positions from an image of the same
// width at some distance. It copies them in one piece, then clears what came
// from neighbouring rows, and the other rows and columns.
func shift[F op.Float](out, image []F, width, top, bottom, by, left, right int) {
	if top >= bottom || left >= right {
		clear(out)
		return
	}
	from, to := top*width+left, (bottom-1)*width+right
	clear(out[:from])
	copy(out[from:to], image[by+from:])
	clear(out[to:])
	if gap := width - (right - left); gap > 0 {
		for at := top*width + right; at+gap <= to; at += width {
			clear(out[at : at+gap])
		}
	}
}

// scatter2d adds the patches in col to where gather2d would take them from.
func scatter2d[F op.Float](l layout, x, col []F, b block) {
	parallel.Each(b.images*l.c, l.kernel[0]*l.kernel[1]*b.places(l), func(i int) { scatterPlane(l, x, col, b, i/l.c, i%l.c) })
}

// scatterPlane is scatter2d for one channel of an image of the block.
func scatterPlane[F op.Float](l layout, x, col []F, b block, n, c int) {
	places := b.places(l)
	plane := x[((b.image+n)*l.c+c)*l.h*l.w:][:l.h*l.w]
	for u := range l.kernel[0] {
		top, bottom, y0 := l.inside(0, u, l.oh, l.h)
		for v := range l.kernel[1] {
			left, right, x0 := l.inside(1, v, l.ow, l.w)
			in := col[(((c*l.kernel[0]+u)*l.kernel[1]+v)*b.images+n)*places:][:places]
			for i := max(b.from, top); i < min(b.to, bottom) && left < right; i++ {
				row := in[(i-b.from)*l.ow:][:l.ow]
				dst := plane[(y0+i*l.stride[0])*l.w:][:l.w]
				if l.stride[1] == 1 {
					row = row[left:right]
					dst = dst[x0+left:][:len(row)]
					for j, g := range row {
						dst[j] += g
					}
					continue
				}
				for j := left; j < right; j++ {
					dst[x0+j*l.stride[1]] += row[j]
				}
			}
		}
	}
}

// buffers returns memory for the patches and the maps of a block.
func buffers[F op.Float](l layout, pool *parallel.Scratch[F]) (buffer, col, maps []F) {
	n := l.block().size(l)
	buffer = pool.Take((l.patch() + l.k) * n)
	return buffer, buffer[:l.patch()*n], buffer[l.patch()*n:]
}

// eachMap calls f in parallel for the maps of y of a block: with the map's part in
// y, the same in a matrix of shape (filters, images, places), and the filter.
func eachMap[F op.Float](l layout, y, m []F, b block, f func(y, m []F, k int)) {
	places := b.places(l)
	parallel.Each(b.images*l.k, places, func(i int) {
		n, k := i/l.k, i%l.k
		f(y[((b.image+n)*l.k+k)*l.area()+b.from*l.ow:][:places], m[(k*b.images+n)*places:][:places], k)
	})
}
