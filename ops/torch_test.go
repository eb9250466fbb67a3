package ops_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/pytorch"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

// ulps is the number of float32 between a and b.
func ulps(a, b float64) int64 {
	order := func(x float64) int64 {
		bits := int64(math.Float32bits(float32(x)))
		if bits >= 1<<31 {
			return 1<<31 - bits
		}
		return bits
	}
	d := order(a) - order(b)
	return max(d, -d)
}

// With one mask PyTorch and this package agree to one unit in the last place,
// in values and gradients; and what one of them refuses the other one does too,
// but for what docs/rules.md lists.
func TestAgreesWithPyTorch(t *testing.T) {
	type dropout func(*gorgonia.Node, float64, ...ops.Option) (*gorgonia.Node, error)
	type testCase struct {
		Name  string    `json:"name"`
		P     float64   `json:"p"`
		Shape []int     `json:"shape"`
		X     []float64 `json:"x"`
		DY    []float64 `json:"dy"`
		Kept  []int     `json:"kept"`
	}
	families := []struct {
		name  string
		f     dropout
		shape []int
		mask  []int
		wrong [][]int // shapes that both refuse
	}{
		{"Dropout", ops.Dropout, []int{7, 33}, []int{7, 33}, nil},
		{"Dropout1d", ops.Dropout1d, []int{5, 13, 4}, []int{5, 13, 1}, [][]int{{5, 13, 4, 2}, {5}}},
		{"Dropout2d", ops.Dropout2d, []int{3, 11, 4, 5}, []int{3, 11, 1, 1}, nil},
		{"Dropout3d", ops.Dropout3d, []int{3, 11, 2, 3, 2}, []int{3, 11, 1, 1, 1}, nil},
		{"AlphaDropout", ops.AlphaDropout, []int{7, 33}, []int{7, 33}, nil},
		{"FeatureAlphaDropout", ops.FeatureAlphaDropout, []int{3, 11, 4, 5}, []int{3, 11, 1, 1}, nil},
	}
	const seed, layer, step = 5, 3, 8
	var cases []testCase
	var ours [][2][]float64 // y and dx
	var refused []string    // our errors, of the cases without a mask
	for _, fam := range families {
		rates := []float64{0, 0.125, 0.25, 0.5, 13107. / 65536, 0.75, 65535. / 65536, 1}
		for _, p := range rates {
			if strings.Contains(fam.name, "Alpha") && p == 65535./65536 {
				// PyTorch gets a dropped element as the small difference of two
				// float32; where p is nearly 1 few of its bits are right.
				continue
			}
			x, dy := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(fam.shape...)), tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(fam.shape...))
			c := testCase{Name: fam.name, P: p, Shape: fam.shape}
			for i := range x.Float32s() {
				x.Float32s()[i] = float32(math.Sin(float64(i)))
				dy.Float32s()[i] = float32(math.Cos(float64(i)))
			}
			c.X, c.DY = testkit.Floats(t, x), testkit.Floats(t, dy)
			kept, err := ops.MaskAt(seed, layer, step, fam.mask, p)
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range kept {
				if k {
					c.Kept = append(c.Kept, 1)
				} else {
					c.Kept = append(c.Kept, 0)
				}
			}
			cases = append(cases, c)

			g := gorgonia.NewGraph()
			in := gorgonia.NodeFromAny(g, x, gorgonia.WithName("x"))
			y, err := fam.f(in, p, ops.WithSeed(seed), ops.WithLayer(layer), ops.WithFixedStep(step))
			if err != nil {
				t.Fatal(err)
			}
			weighted := gorgonia.Must(gorgonia.HadamardProd(y, gorgonia.NewConstant(dy)))
			grads, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(weighted)), in)
			if err != nil {
				t.Fatal(err)
			}
			m := gorgonia.NewTapeMachine(g)
			testkit.Run(t, m)
			ours = append(ours, [2][]float64{testkit.Floats(t, y.Value()), testkit.Floats(t, grads[0].Value())})
			m.Close()
		}
		refuse := func(p float64, shape []int) {
			g := gorgonia.NewGraph()
			_, err := fam.f(gorgonia.NewTensor(g, tensor.Float32, len(shape), gorgonia.WithShape(shape...)), p)
			if err == nil {
				t.Errorf("%s: p=%v and shape %v must be an error", fam.name, p, shape)
			}
			cases = append(cases, testCase{Name: fam.name, P: p, Shape: shape})
			refused = append(refused, fmt.Sprintf("%s of shape %v, p=%v", fam.name, shape, p))
		}
		refuse(-0.1, fam.shape)
		refuse(1.5, fam.shape)
		for _, shape := range fam.wrong {
			refuse(0.5, shape)
		}
	}

	var theirs []struct {
		Y, DX []float64
		Error string
	}
	pytorch.Run(t, "testdata/dropout.py", cases, &theirs)
	for i, c := range cases {
		got := theirs[i]
		if c.Kept == nil {
			if got.Error == "" {
				t.Errorf("%s: we refuse it, PyTorch does not", refused[0])
			}
			refused = refused[1:]
			continue
		}
		for k, what := range []string{"output", "gradient"} {
			want := [][]float64{got.Y, got.DX}[k]
			if len(ours[0][k]) != len(want) {
				t.Fatalf("%s, p=%v: %s must have %d elements, got %d", c.Name, c.P, what, len(want), len(ours[0][k]))
			}
			for j := range want {
				if got := ours[0][k][j]; ulps(got, want[j]) > 1 {
					t.Errorf("%s, p=%v: %s %d must be %v, got %v", c.Name, c.P, what, j, want[j], got)
				}
			}
		}
		ours = ours[1:]
	}
}
