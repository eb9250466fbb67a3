package nn_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// random returns the same numbers in [-1, 1) as float64 and as float32.
func random(shapes ...[]int) (double, single []*tensor.Dense) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, s := range shapes {
		n := tensor.Shape(s).TotalSize()
		x, y := make([]float64, n), make([]float32, n)
		for i := range y {
			y[i] = 2*r.Float32() - 1
			x[i] = float64(y[i])
		}
		double = append(double, tensor.New(tensor.WithShape(s...), tensor.WithBacking(x)))
		single = append(single, tensor.New(tensor.WithShape(s...), tensor.WithBacking(y)))
	}
	return double, single
}

// In float32, convolutions of 3×3 with enough channels are computed in tiles: they
// and their gradients agree with those in float64, which are not, at sizes that
// leave tiles, rows of tiles, blocks and products incomplete.
func TestConv2dTiles(t *testing.T) {
	for _, c := range []struct{ n, c, h, w, k, padding int }{
		{1, 16, 4, 4, 16, 0},
		{1, 16, 2, 2, 16, 1},
		{3, 17, 5, 7, 19, 1},
		{2, 16, 9, 4, 33, 2},
		{2, 20, 3, 6, 16, 3},
		{64, 32, 14, 14, 64, 1},
		{1, 16, 3, 301, 16, 1}, // a row of tiles is more than a block
		{2, 130, 8, 8, 70, 1},  // several products for the filters
		{1, 16, 1, 1, 16, 1},   // not in tiles: 1×1 places
		{2, 15, 6, 6, 16, 1},   // not in tiles: 15 channels
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			exact, rounded := random([]int{c.n, c.c, c.h, c.w}, []int{c.k, c.c, 3, 3}, []int{c.k})
			want := testkit.Differentiate(t, false, conv(nn.WithPadding(c.padding)), exact...)
			got := testkit.Differentiate(t, false, conv(nn.WithPadding(c.padding)), rounded...)
			nearScale(t, "output", got.Y, want.Y)
			for i, name := range []string{"x", "w", "bias"} {
				nearScale(t, "gradient of "+name, got.Grads[i], want.Grads[i])
			}
		})
	}
}

// nearScale compares numbers by the root of their mean square.
func nearScale(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: got %d elements, want %d", what, len(got), len(want))
	}
	var square float64
	for _, v := range want {
		square += v * v
	}
	scale := math.Sqrt(square / float64(len(want)))
	var worst float64
	for i, v := range want {
		worst = max(worst, math.Abs(got[i]-v)/scale)
		if !(math.Abs(got[i]-v) <= 1e-5*scale) {
			t.Fatalf("%s: element %d is %v, want %v within 1e-5 of %v", what, i, got[i], v, scale)
		}
	}
	t.Logf("%s: within %.1e of the scale", what, worst)
}

// The bits do not depend on the number of cores.
func TestConv2dTilesCores(t *testing.T) {
	sameOnOneCore(t, conv(), testkit.Varied(tensor.Float32, []int{21, 24, 13, 14}, []int{40, 24, 3, 3}, []int{40})...)
}

// What is kept from an earlier run, even NaN, does not matter.
func TestConv2dTilesMemory(t *testing.T) {
	g := gorgonia.NewGraph()
	x, w := testkit.Wave(tensor.Float32, 0, 3, 16, 7, 7), testkit.Wave(tensor.Float32, 1, 16, 16, 3, 3)
	xn := gorgonia.NodeFromAny(g, x, gorgonia.WithName("x"))
	wn := gorgonia.NodeFromAny(g, w, gorgonia.WithName("w"))
	y := gorgonia.Must(nn.Conv2d(xn, wn, nil, nn.WithPadding(1)))
	grads, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), xn, wn)
	if err != nil {
		t.Fatal(err)
	}
	ops.ReuseMemory(g)
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	results := func() (all []float64) {
		for _, n := range append(gorgonia.Nodes{y}, grads...) {
			all = append(all, testkit.Floats(t, n.Value())...)
		}
		return all
	}
	testkit.Run(t, m)
	want := results()
	good := slices.Clone(x.Float32s())
	for i := range x.Float32s() {
		x.Float32s()[i] = float32(math.NaN())
	}
	testkit.Run(t, m)
	copy(x.Float32s(), good)
	testkit.Run(t, m)
	if got := results(); !slices.Equal(got, want) {
		t.Error("a run is different after one with NaN")
	}
}
