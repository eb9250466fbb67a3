package nn

import (
	"github.com/gorgonia-dropout/dropout/internal/kernel/conv"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
)

// winograd is a convolution with 3×3 filters and stride 1, in float32, by the
// minimal filtering F(2×2, 3×3) of Lavin and Gray, "Fast Algorithms for
// Convolutional Neural Networks", CVPR 2016. Images are cut into tiles of 4×4
// that overlap by 2. A linear transform turns tiles and filters into 16
// components each, which are multiplied and summed over the channels by 16
// matrix products. Another transform turns the result into 2×2 of the output.
// That takes 16 multiplications where the definition takes 36.
//
// Tiles are processed in blocks, each by one goroutine with products that the
// BLAS computes in its caller's thread, so that no goroutine waits for threads
// of the BLAS. The blocks depend only on sizes, and so does the order of
// additions.
type winograd struct {
	n, c, h, w, k, oh, ow int
	padding               [2]int

	across, down int // tiles in an image
	rows         int // of tiles in a block
	filters      int // in a product
}

const (
	components = 16
	// blockTiles is the number of tiles in a block: enough for efficient
	// products, few enough for components to stay in a core's cache.
	blockTiles = 128
	// leastChannels is the number of channels from which the products outweigh
	// the transforms.
	leastChannels = 16
)

// tiled returns the convolution in tiles, and whether that is worthwhile.
func (l layout) tiled() (winograd, bool) {
	one, three := [2]int{1, 1}, [2]int{3, 3}
	t := newWinograd(l.n, l.c, l.h, l.w, l.k, l.oh, l.ow, l.padding)
	return t, l.groups == 1 && l.kernel == three && l.stride == one && l.dilation == one &&
		min(l.c, l.k) >= leastChannels && min(l.oh, l.ow) > 1 && min(t.filters, t.transposed().filters) >= 8
}

func newWinograd(n, c, h, w, k, oh, ow int, padding [2]int) winograd {
	t := winograd{n: n, c: c, h: h, w: w, k: k, oh: oh, ow: ow, padding: padding, across: (ow + 1) / 2, down: (oh + 1) / 2}
	t.rows = min(n*t.down, max(1, blockTiles/t.across))
	t.filters = min(k, threadedSize/(c*t.stride()))
	return t
}

// transposed returns the convolution that computes the gradient of x from that
// of y: with filters rotated by half a turn, and inputs and outputs swapped.
func (t winograd) transposed() winograd {
	return newWinograd(t.n, t.k, t.oh, t.ow, t.c, t.h, t.w, [2]int{2 - t.padding[0], 2 - t.padding[1]})
}

// tiles is the number of tiles in a block.
func (t winograd) tiles() int { return t.rows * t.across }

// stride is the distance between the tiles of two channels: whole vectors, since a product
// that ends within one is written through a buffer.
func (t winograd) stride() int { return vectors(t.tiles()) }

// vectors rounds a number of tiles up to whole vectors. What is computed from the elements
// between is not read.
func vectors(n int) int { return (n + 7) / 8 * 8 }

// blocks is the number of blocks.
func (t winograd) blocks() int { return (t.n*t.down + t.rows - 1) / t.rows }

// width and height return the size of the part of an image under a block's
// tiles.
func (t winograd) width() int  { return 2*t.across + 2 }
func (t winograd) height() int { return 2*t.rows + 2 }

// apart returns the distance between two components of a block's tiles, with
// the given number of channels.
func (t winograd) apart(channels int) int { return channels*t.stride() + conv.Slack }

// memory returns the sizes that a block needs: for tiles of the input and of
// the output, and for an image.
func (t winograd) memory() (in, out, image int) {
	return components * t.apart(t.c), components * t.apart(t.k), t.width()*t.height() + conv.Slack
}

// run calls f for each run of rows of tiles in block b that belong to one
// image: rows [from, to) of image n, from the block's row at on.
func (t winograd) run(b int, f func(n, from, to, at int)) {
	first, last := b*t.rows, min((b+1)*t.rows, t.n*t.down)
	for r := first; r < last; {
		n, from := r/t.down, r%t.down
		to := min(t.down, from+last-r)
		f(n, from, to, r-first)
		r += to - from
	}
}

// count is the number of tiles of block b.
func (t winograd) count(b int) int {
	return (min((b+1)*t.rows, t.n*t.down) - b*t.rows) * t.across
}

// crop sets dst, of the given width, to the part of an image at (y, x). What
// lies outside the image is zero.
func crop(dst []float32, width int, image []float32, w, y, x int) {
	if w == width && x == 0 && y >= 0 {
		n := copy(dst, image[min(y*w, len(image)):])
		clear(dst[n:])
		return
	}
	h := len(image) / w
	left := min(width, max(0, -x))
	right := max(left, min(width, w-x))
	for ; len(dst) > 0; dst, y = dst[width:], y+1 {
		row := dst[:width]
		if y < 0 || y >= h || left == right {
			clear(row)
			continue
		}
		copy(row[left:right], image[y*w+x+left:])
		// An element or two, which clear would take longer for.
		for i := 0; i < left; i++ {
			row[i] = 0
		}
		for i := right; i < width; i++ {
			row[i] = 0
		}
	}
}

// tilesOfInput sets in to the components of the tiles of x in block b.
func (t winograd) tilesOfInput(in, image, x []float32, b int) {
	step, plane := t.apart(t.c), t.h*t.w
	for c := range t.c {
		t.run(b, func(n, from, to, at int) {
			image := image[:(2*(to-from)+2)*t.width()+conv.Slack]
			crop(image[:len(image)-conv.Slack], t.width(), x[(n*t.c+c)*plane:][:plane], t.w, 2*from-t.padding[0], -t.padding[1])
			conv.TilesOfInput(in[c*t.stride()+at*t.across:], step, image, t.across, to-from)
		})
	}
}

// componentsOf sets u to the components of the filters in w: matrices of shape
// (k, c). For turned filters w has shape (c, k, 3, 3).
func (t winograd) componentsOf(u, w []float32, turned bool) {
	parallel.Each(t.k, t.c*components, func(k int) {
		for c := range t.c {
			at := k*t.c + c
			var g [9]float32
			if turned {
				for i, v := range w[(c*t.k+k)*9:][:9] {
					g[8-i] = v
				}
			} else {
				copy(g[:], w[at*9:][:9])
			}
			var rows [4][3]float32
			for j := range 3 {
				a, b, c := g[j], g[3+j], g[6+j]
				rows[0][j], rows[1][j], rows[2][j], rows[3][j] = a, (a+c+b)/2, (a+c-b)/2, c
			}
			for i, r := range rows {
				a, b, c := r[0], r[1], r[2]
				for j, v := range [4]float32{a, (a + c + b) / 2, (a + c - b) / 2, c} {
					u[(4*i+j)*t.k*t.c+at] = v
				}
			}
		}
	})
}

// convolve sets y to the convolution of x with w, turned or not, plus the bias
// if there is one, or to the positive part of that.
func (t winograd) convolve(m *parallel.Memory, y, x, w, bias []float32, turned, positive bool) {
	u := parallel.SharedOf[float32](m).Take(t.shared())[:components*t.k*t.c]
	t.componentsOf(u, w, turned)
	parallel.Each(t.blocks(), components*t.c*t.tiles(), func(b int) {
		nIn, nOut, nImage := t.memory()
		buffer := parallel.ScratchOf[float32](m).Take(t.scratch())
		in, out, image := buffer[:nIn], buffer[nIn:][:nOut], buffer[nIn+nOut:][:nImage]
		t.tilesOfInput(in, image, x, b)
		step, tiles := t.apart(t.k), t.stride()
		for e := range components {
			for k := 0; k < t.k; k += t.filters {
				gemm(min(t.filters, t.k-k), vectors(t.count(b)), t.c, matrix[float32]{data: u[(e*t.k+k)*t.c:], stride: t.c},
					matrix[float32]{data: in[e*t.apart(t.c):], stride: tiles}, 0, out[e*step+k*tiles:], tiles)
			}
		}
		plane := t.oh * t.ow
		for k := range t.k {
			var shift float32
			if bias != nil {
				shift = bias[k]
			}
			t.run(b, func(n, from, to, at int) {
				conv.OutputOfTiles(image, out[k*tiles+at*t.across:], step, t.across, to-from, shift)
				y := y[(n*t.k+k)*plane:][2*from*t.ow : min(t.oh, 2*to)*t.ow]
				crop(y, t.ow, image[:4*(to-from)*t.across], 2*t.across, 0, 0)
				if positive {
					keepPositive(y)
				}
			})
		}
		parallel.ScratchOf[float32](m).Give(buffer)
	})
	parallel.SharedOf[float32](m).Give(u)
}

// correlate sets dw to the gradient of w from x and the gradient of y.
func (t winograd) correlate(m *parallel.Memory, dw, x, dy []float32) {
	parts, size := min(t.parts(), t.blocks()), components*t.k*t.c
	sums := parallel.SharedOf[float32](m).Take(t.shared())[:parts*size]
	parallel.Each(parts, t.blocks()*components*t.c*t.tiles()/parts, func(p int) {
		nIn, nOut, nImage := t.memory()
		buffer := parallel.ScratchOf[float32](m).Take(t.scratch())
		in, out, image := buffer[:nIn], buffer[nIn:][:nOut], buffer[nIn+nOut:][:nImage]
		step, tiles, plane := t.apart(t.k), t.stride(), t.oh*t.ow
		sum, beta := sums[p*size:][:size], float32(0)
		for b := p * t.blocks() / parts; b < (p+1)*t.blocks()/parts; b++ {
			t.tilesOfInput(in, image, x, b)
			for k := range t.k {
				t.run(b, func(n, from, to, at int) {
					width := 2 * t.across
					size := 2 * (to - from) * width
					pixels := dy[(n*t.k+k)*plane+2*from*t.ow:]
					if t.ow != width || 2*to > t.oh || len(pixels) < size+conv.Slack {
						pixels = image
						crop(pixels[:size], width, dy[(n*t.k+k)*plane:][:plane], t.ow, 2*from, 0)
					}
					conv.TilesOfGradient(out[k*tiles+at*t.across:], step, pixels, t.across, to-from)
				})
			}
			for e := range components {
				for k := 0; k < t.k; k += t.filters {
					gemm(min(t.filters, t.k-k), t.c, t.count(b), matrix[float32]{data: out[e*step+k*tiles:], stride: tiles},
						matrix[float32]{in[e*t.apart(t.c):], tiles, true}, beta, sum[(e*t.k+k)*t.c:], t.c)
				}
			}
			beta = 1
		}
		parallel.ScratchOf[float32](m).Give(buffer)
	})
	t.filtersOf(dw, sums, parts)
	parallel.SharedOf[float32](m).Give(sums)
}

// filtersOf sets dw to the gradient of the filters from that of their
// components, which is the sum of the given number of parts. It is the
// transpose of componentsOf.
func (t winograd) filtersOf(dw, sums []float32, parts int) {
	size := components * t.k * t.c
	parallel.Each(t.k, t.c*components*parts, func(k int) {
		for c := range t.c {
			at := k*t.c + c
			var u [components]float32
			for p := range parts {
				for e := range u {
					u[e] += sums[p*size+e*t.k*t.c+at]
				}
			}
			var rows [3][4]float32
			for j := range 4 {
				rows[0][j], rows[1][j], rows[2][j] = transposedFilter(u[j], u[4+j], u[8+j], u[12+j])
			}
			for i, r := range rows {
				g := dw[at*9+3*i:][:3]
				g[0], g[1], g[2] = transposedFilter(r[0], r[1], r[2], r[3])
			}
		}
	})
}

func transposedFilter(a, b, c, d float32) (x, y, z float32) {
	half := float32((b + c) / 2)
	return a + half, (b - c) / 2, half + d
}

// scratch returns the size of a goroutine's memory, which the op and its
// derivatives share.
func (t winograd) scratch() int {
	size := 0
	for _, t := range []winograd{t, t.transposed()} {
		in, out, image := t.memory()
		size = max(size, in+out+image)
	}
	return size
}

// parts returns the number of parts into which the sum over all tiles is split:
// fewer than for other convolutions if there are many filters.
func (t winograd) parts() int {
	const most = 1 << 21 // elements
	return max(2, min(parts, most/(components*t.k*t.c)))
}

// shared returns the size of the memory that all goroutines share.
func (t winograd) shared() int { return t.parts() * components * t.k * t.c }
