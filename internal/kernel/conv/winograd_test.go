package conv

import (
	"fmt"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
	"github.com/gorgonia-dropout/dropout/internal/kernel/kerneltest"
)

// checkWinograd compares the transforms on one path with those in Go. More may be
// overwritten behind the last tile, but no more than Slack.
func checkWinograd(set isa.Set, n, rows, shift, gap int, bias float32) error {
	step := n*rows + Slack + gap
	size := 15*step + n*rows + Slack
	compare := func(what string, got, want []float32, used func(i int) bool, intact func() bool) error {
		for i := range want {
			if used(i) && !kerneltest.Same(got[i], want[i]) {
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
		what   string
		pixels int
		got    func(set isa.Set, dst []float32, step int, image []float32, n, rows int)
		want   func(dst []float32, step int, image []float32, n, rows int)
	}{
		{"input", (2*rows + 2) * (2*n + 2), inputWith, tilesOfInput},
		{"gradient", 4 * rows * n, gradientWith, tilesOfGradient},
	} {
		image := kerneltest.Awkward[float32](t.pixels + Slack)
		got, intact := kerneltest.Guarded[float32](size, shift)
		want := make([]float32, size)
		t.got(set, got, step, image, n, rows)
		t.want(want, step, image, n, rows)
		if err := compare(t.what, got, want, component, intact); err != nil {
			return err
		}
	}

	src := kerneltest.Awkward[float32](size)
	got, intact := kerneltest.Guarded[float32](4*rows*n+Slack, shift)
	want := make([]float32, len(got))
	outputWith(set, got, src, step, n, rows, bias)
	outputOfTiles(want, src, step, n, rows, bias)
	return compare("output", got, want, func(i int) bool { return i < 4*rows*n }, intact)
}

func TestWinograd(t *testing.T) {
	kerneltest.ForEachSet(t, func(t *testing.T, set isa.Set) {
		for n := range 35 {
			for rows := range 5 {
				if err := checkWinograd(set, n, rows, (n+rows)%8, n%3, 0.1*float32(n-5)); err != nil {
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
		for _, set := range isa.Supported() {
			if err := checkWinograd(set, int(n), int(rows%9), int(shift%16), int(gap), bias); err != nil {
				t.Fatalf("%s: %v", set, err)
			}
		}
	})
}

// The transforms make the convolution of 3×3: of tiles of an image with those of
// a filter, here of a single 1 in each place in turn.
func TestWinogradConvolves(t *testing.T) {
	const n, rows = 3, 2
	const step = n*rows + Slack
	width := 2*n + 2
	image := make([]float32, (2*rows+2)*width+Slack)
	for i := range image {
		image[i] = float32(i*i%101 - 50)
	}
	// The components of filters: a row for each place in 3.
	g := [4][3]float32{{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}}
	kerneltest.ForEachSet(t, func(t *testing.T, set isa.Set) {
		for a := range 3 {
			for b := range 3 {
				in := make([]float32, 16*step)
				inputWith(set, in, step, image, n, rows)
				for e := range 16 {
					for i := range n * rows {
						in[e*step+i] *= g[e/4][a] * g[e%4][b]
					}
				}
				y := make([]float32, 4*n*rows+Slack)
				outputWith(set, y, in, step, n, rows, 1)
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
	const step = n*rows + Slack
	kerneltest.ForEachSet(t, func(t *testing.T, set isa.Set) {
		image := make([]float32, 4*n*rows+Slack)
		tiles := make([]float32, 16*step)
		for i := range image {
			image[i] = float32(i*i%23 - 11)
		}
		for i := range tiles {
			tiles[i] = float32(i*i%19 - 9)
		}
		y, dm := make([]float32, len(image)), make([]float32, len(tiles))
		outputWith(set, y, tiles, step, n, rows, 0)
		gradientWith(set, dm, step, image, n, rows)
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
	const step = n*rows + Slack
	tiles := make([]float32, 16*step)
	image := make([]float32, (2*n+2)*(2*rows+2)+Slack)
	for _, set := range isa.Supported() {
		kerneltest.Bench(b, set.String()+"/input", n*rows, func() { inputWith(set, tiles, step, image, n, rows) })
		kerneltest.Bench(b, set.String()+"/gradient", n*rows, func() { gradientWith(set, tiles, step, image, n, rows) })
		kerneltest.Bench(b, set.String()+"/output", n*rows, func() { outputWith(set, image, tiles, step, n, rows, 0) })
	}
}
