package kernel

import (
	"fmt"
	"testing"
)

// checkWinograd compares the transforms on one path with those in Go. More may be
// overwritten behind the last tile, but no more than TileSlack.
func checkWinograd(p path, n, rows, shift, gap int, bias float32) error {
	step := n*rows + TileSlack + gap
	size := 15*step + n*rows + TileSlack
	compare := func(what string, got, want []float32, used func(i int) bool, intact func() bool) error {
		for i := range want {
			if used(i) && !same(float64(got[i]), float64(want[i])) {
				return fmt.Errorf("%s: element %d is %v, want %v", what, i, got[i], want[i])
			}
		}
		if !intact() {
			return fmt.Errorf("%s: wrote outside", what)
		}
		return nil
	}
	component := func(i int) bool { return i%step < n*rows }

	for _, t := range []struct {
		what      string
		pixels    int
		got, want func(dst []float32, step int, image []float32, n, rows int)
	}{
		{"input", (2*rows + 2) * (2*n + 2), p.tilesOfInput, tilesOfInput},
		{"gradient", 4 * rows * n, p.tilesOfGradient, tilesOfGradient},
	} {
		image := awkward[float32](t.pixels + TileSlack)
		got, intact := guarded[float32](size, shift)
		want := make([]float32, size)
		t.got(got, step, image, n, rows)
		t.want(want, step, image, n, rows)
		if err := compare(t.what, got, want, component, intact); err != nil {
			return err
		}
	}

	src := awkward[float32](size)
	got, intact := guarded[float32](4*rows*n+TileSlack, shift)
	want := make([]float32, len(got))
	p.outputOfTiles(got, src, step, n, rows, bias)
	outputOfTiles(want, src, step, n, rows, bias)
	return compare("output", got, want, func(i int) bool { return i < 4*rows*n }, intact)
}

func TestWinograd(t *testing.T) {
	forEachPath(t, func(t *testing.T, p path) {
		for n := range 35 {
			for rows := range 5 {
				if err := checkWinograd(p, n, rows, (n+rows)%8, n%3, 0.1*float32(n-5)); err != nil {
					t.Fatalf("n=%d rows=%d: %v", n, rows, err)
				}
			}
		}
	})
}

func FuzzWinograd(f *testing.F) {
	f.Add(byte(7), byte(7), byte(0), byte(0), float32(0.5))
	f.Add(byte(255), byte(1), byte(7), byte(3), float32(-1))
	f.Fuzz(func(t *testing.T, n, rows, shift, gap byte, bias float32) {
		for _, p := range supported() {
			if err := checkWinograd(p, int(n), int(rows%9), int(shift%16), int(gap), bias); err != nil {
				t.Fatalf("%s: %v", p.String(), err)
			}
		}
	})
}

// The transforms make the convolution of 3×3: of tiles of an image with those of
// a filter, here of a single 1 in each place in turn.
func TestWinogradConvolves(t *testing.T) {
	const n, rows = 3, 2
	const step = n*rows + TileSlack
	width := 2*n + 2
	image := make([]float32, (2*rows+2)*width+TileSlack)
	for i := range image {
		image[i] = float32(i*i%101 - 50)
	}
	// The components of filters: a row for each place in 3.
	g := [4][3]float32{{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}}
	forEachPath(t, func(t *testing.T, p path) {
		for a := range 3 {
			for b := range 3 {
				in := make([]float32, 16*step)
				p.tilesOfInput(in, step, image, n, rows)
				for e := range 16 {
					for i := range n * rows {
						in[e*step+i] *= g[e/4][a] * g[e%4][b]
					}
				}
				y := make([]float32, 4*n*rows+TileSlack)
				p.outputOfTiles(y, in, step, n, rows, 1)
				for i := range 2 * rows {
					for j := range 2 * n {
						if got, want := y[i*2*n+j], image[(i+a)*width+j+b]+1; got != want {
							t.Fatalf("filter %d, %d: place %d, %d is %v, want %v", a, b, i, j, got, want)
						}
					}
				}
			}
		}
	})
}

// The transform of the gradient is the transpose of that to the output.
func TestWinogradTransposes(t *testing.T) {
	const n, rows = 9, 2
	const step = n*rows + TileSlack
	forEachPath(t, func(t *testing.T, p path) {
		image := make([]float32, 4*n*rows+TileSlack)
		tiles := make([]float32, 16*step)
		for i := range image {
			image[i] = float32(i*i%23 - 11)
		}
		for i := range tiles {
			tiles[i] = float32(i*i%19 - 9)
		}
		y, dm := make([]float32, len(image)), make([]float32, len(tiles))
		p.outputOfTiles(y, tiles, step, n, rows, 0)
		p.tilesOfGradient(dm, step, image, n, rows)
		var left, right float32
		for i := range 4 * n * rows {
			left += y[i] * image[i]
		}
		for e := range 16 {
			for i := range n * rows {
				right += tiles[e*step+i] * dm[e*step+i]
			}
		}
		if left != right {
			t.Errorf("products are %v and %v, want the same", left, right)
		}
	})
}

// BenchmarkWinograd is by tile.
func BenchmarkWinograd(b *testing.B) {
	const n, rows = 7, 7
	const step = n*rows + TileSlack
	tiles := make([]float32, 16*step)
	image := make([]float32, (2*n+2)*(2*rows+2)+TileSlack)
	for _, p := range supported() {
		benchElements(b, p.String()+"/input", n*rows, func() { p.tilesOfInput(tiles, step, image, n, rows) })
		benchElements(b, p.String()+"/gradient", n*rows, func() { p.tilesOfGradient(tiles, step, image, n, rows) })
		benchElements(b, p.String()+"/output", n*rows, func() { p.outputOfTiles(image, tiles, step, n, rows, 0) })
	}
}
