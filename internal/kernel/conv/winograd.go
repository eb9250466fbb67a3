// Package conv has the transforms of convolutions by minimal filtering: those
// of F(2×2, 3×3) of Lavin and Gray, "Fast Algorithms for Convolutional Neural
// Networks", CVPR 2016, for rows of tiles. They only add and subtract, in a
// fixed order, so that all instruction sets give the same bits.
//
// A tile has 16 components. Component e of tile i is at e*step+i in memory:
// each component of many tiles is contiguous, as matrix products need it. Tiles
// are processed eight at a time: memory must hold [Slack] elements more than
// the tiles have. What follows a row of tiles is overwritten, so rows must be
// written in ascending order.
package conv

import "github.com/gorgonia-dropout/dropout/internal/kernel/isa"

//go:generate go -C gen run . -out ../conv_amd64.s -stubs ../stubs_amd64.go -pkg conv

// Slack is how many elements beyond the last tile may be read and written.
const Slack = 16

// TilesOfInput transforms an image of 2*rows+2 rows of 2n+2 elements into the
// components of rows rows of n tiles: tile i of row r has the 4×4 elements from
// (2r, 2i) on. The rows of tiles follow each other in dst.
func TilesOfInput(dst []float32, step int, image []float32, n, rows int) {
	inputWith(isa.Active(), dst[:15*step+n*rows+Slack], step, image[:(2*rows+2)*(2*n+2)+Slack], n, rows)
}

// TilesOfGradient transforms the gradient of the output, an image of 2*rows
// rows of 2n elements: tile i of row r has the 2×2 elements from (2r, 2i) on.
// It is the transpose of [OutputOfTiles].
func TilesOfGradient(dst []float32, step int, image []float32, n, rows int) {
	gradientWith(isa.Active(), dst[:15*step+n*rows+Slack], step, image[:4*rows*n+Slack], n, rows)
}

// OutputOfTiles transforms tiles with the given components into an output image
// of 2*rows rows of 2n elements, and adds bias.
func OutputOfTiles(image, src []float32, step, n, rows int, bias float32) {
	outputWith(isa.Active(), image[:4*rows*n+Slack], src[:15*step+n*rows+Slack], step, n, rows, bias)
}

func tilesOfInput(dst []float32, step int, image []float32, n, rows int) {
	width := 2*n + 2
	for r := range rows {
		x := image[2*r*width:]
		a, b, c, d := x[:width], x[width:][:width], x[2*width:][:width], x[3*width:][:width]
		dst := dst[r*n:]
		for i := range n {
			var t [4][4]float32
			for j := range 4 {
				at := 2*i + j
				t[0][j], t[1][j], t[2][j], t[3][j] = a[at]-c[at], b[at]+c[at], c[at]-b[at], b[at]-d[at]
			}
			for u, t := range t {
				dst[(4*u+0)*step+i] = t[0] - t[2]
				dst[(4*u+1)*step+i] = t[1] + t[2]
				dst[(4*u+2)*step+i] = t[2] - t[1]
				dst[(4*u+3)*step+i] = t[1] - t[3]
			}
		}
	}
}

func tilesOfGradient(dst []float32, step int, image []float32, n, rows int) {
	width := 2 * n
	for r := range rows {
		x := image[2*r*width:]
		a, b := x[:width], x[width:][:width]
		dst := dst[r*n:]
		for i := range n {
			p, q := a[2*i], a[2*i+1]
			s, t := b[2*i], b[2*i+1]
			for u, row := range [4][2]float32{{p, q}, {p + s, q + t}, {p - s, q - t}, {-s, -t}} {
				dst[(4*u+0)*step+i] = row[0]
				dst[(4*u+1)*step+i] = row[0] + row[1]
				dst[(4*u+2)*step+i] = row[0] - row[1]
				dst[(4*u+3)*step+i] = -row[1]
			}
		}
	}
}

func outputOfTiles(image, src []float32, step, n, rows int, bias float32) {
	width := 2 * n
	for r := range rows {
		x := image[2*r*width:]
		top, bottom := x[:width], x[width:][:width]
		src := src[r*n:]
		for i := range n {
			var p, q [4]float32
			for j := range 4 {
				a, b, c, d := src[j*step+i], src[(4+j)*step+i], src[(8+j)*step+i], src[(12+j)*step+i]
				p[j], q[j] = a+b+c, b-c-d
			}
			top[2*i], top[2*i+1] = p[0]+p[1]+p[2]+bias, p[1]-p[2]-p[3]+bias
			bottom[2*i], bottom[2*i+1] = q[0]+q[1]+q[2]+bias, q[1]-q[2]-q[3]+bias
		}
	}
}
