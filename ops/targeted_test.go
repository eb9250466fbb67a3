package ops_test

import (
	"bufio"
	"fmt"
	"log"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
	"github.com/gorgonia-dropout/dropout/schedule"
)

// Half of the weights of each output, those of least magnitude, are dropped with
// probability 1/2; the others never.
func ExampleTargetedDropout() {
	g := gorgonia.NewGraph()
	w := gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(4, 2), tensor.WithBacking([]float64{
		0.1, 3,
		-2, 0.2,
		5, -4,
		-0.3, 0.4,
	})), gorgonia.WithName("w"))
	dropped := gorgonia.Must(ops.TargetedDropout(w, 0.5, 0.5))
	machine := gorgonia.NewTapeMachine(g)
	defer machine.Close()
	for range 3 {
		if err := machine.RunAll(); err != nil {
			log.Fatal(err)
		}
		fmt.Println(dropped.Value().Data())
		machine.Reset()
	}
	// Output:
	// [0.1 3 -2 0.2 5 -4 -0.3 0.4]
	// [0.1 3 -2 0 5 -4 0 0]
	// [0.1 3 -2 0.2 5 -4 0 0]
}

// The first unit has the smallest weights.
func ExampleTargetedUnitDropout() {
	g := gorgonia.NewGraph()
	w := gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float64{
		0.1, 3, -2,
		-0.2, 1, 2,
	})), gorgonia.WithName("w"))
	dropped := gorgonia.Must(ops.TargetedUnitDropout(w, 0.33, 1))
	machine := gorgonia.NewTapeMachine(g)
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(dropped.Value().Data())
	// Output:
	// [0 3 -2 0 1 2]
}

type targetedOp = func(w *gorgonia.Node, share, p float64, opts ...ops.TargetedOption) (*gorgonia.Node, error)

var targetedOps = map[string]targetedOp{"TargetedDropout": ops.TargetedDropout, "TargetedUnitDropout": ops.TargetedUnitDropout}

// target applies an op to values apart from any machine: the gradient x of the
// weights w, or w itself.
func target(t testing.TB, op targetedOp, x, w *tensor.Dense, share, p float64, step int64, opts ...ops.TargetedOption) []float64 {
	t.Helper()
	g := gorgonia.NewGraph()
	y, err := op(gorgonia.NewMatrix(g, w.Dtype(), gorgonia.WithShape(w.Shape()...), gorgonia.WithName("w")), share, p, opts...)
	if err != nil {
		t.Fatal(err)
	}
	s := gorgonia.I64(step)
	v, err := y.Op().Do(x, w, &s)
	if err != nil {
		t.Fatal(err)
	}
	return testkit.Floats(t, v)
}

// The vectors that testdata/targeted.py has written from the definition.
func TestGoldenTargeted(t *testing.T) {
	file, err := os.Open("testdata/targeted.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines, n := bufio.NewScanner(file), 0
	for lines.Scan() {
		head, want, ok := strings.Cut(lines.Text(), ": ")
		if !ok || head[0] == '#' {
			continue
		}
		n++
		var name string
		var rows, cols int
		var share, p float64
		var seed uint64
		var layer uint32
		var step int64
		if _, err := fmt.Sscan(head, &name, &rows, &cols, &share, &p, &seed, &layer, &step); err != nil {
			t.Fatalf("%q: %v", head, err)
		}
		for _, dt := range testkit.Dtypes {
			w := testkit.Ramp(dt, rows, cols)
			for i := range rows * cols {
				v := float64((i*7919+31)%23 - 11)
				if dt == tensor.Float32 {
					w.Float32s()[i] = float32(v)
				} else {
					w.Float64s()[i] = v
				}
			}
			// Of ones, what passes is the mask.
			y := target(t, targetedOps[name], testkit.Ones(dt, rows, cols), w, share, p, step, ops.WithSeed(seed), ops.WithLayer(layer))
			var got strings.Builder
			for _, v := range y {
				fmt.Fprint(&got, v)
			}
			if got.String() != want {
				t.Errorf("%s, %v: want\n%s, got\n%s", head, dt, want, got.String())
			}
		}
	}
	if n < 40 {
		t.Errorf("targeted.txt has %d masks, want at least 40", n)
	}
}

// The paper's definition: what passes is the weight itself unless it is one of the
// share of its column that has the smallest magnitudes, or the smallest column,
// and DropConnect drops it; the numbers of candidates are right.
func TestTargetedDefinition(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rows, cols := rapid.IntRange(1, 20).Draw(rt, "rows"), rapid.IntRange(1, 12).Draw(rt, "cols")
		share, p := rapid.Float64Range(0, 1).Draw(rt, "share"), rapid.Float64Range(0, 1).Draw(rt, "p")
		seed, step := rapid.Uint64().Draw(rt, "seed"), rapid.Int64Min(0).Draw(rt, "step")
		values := rapid.SliceOfN(rapid.Float64Range(-2, 2), rows*cols, rows*cols).Draw(rt, "w")
		w := tensor.New(tensor.WithShape(rows, cols), tensor.WithBacking(values))
		at := ops.WithStream(ops.WithSeed(seed), ops.WithLayer(4))

		all := target(t, ops.TargetedDropout, w, w, share, 1, step, at)
		some := target(t, ops.TargetedDropout, w, w, share, p, step, at)
		kept, err := ops.MaskAt(seed, 4, step, []int{rows, cols}, p)
		if err != nil {
			rt.Fatal(err)
		}
		for c := range cols {
			var largestDropped, smallestKept, dropped = 0., math.Inf(1), 0
			for i := c; i < len(values); i += cols {
				v := math.Abs(values[i])
				if all[i] == 0 && v != 0 {
					largestDropped = max(largestDropped, v)
					dropped++
				} else if v != 0 {
					smallestKept = min(smallestKept, v)
				}
				if want := values[i]; some[i] != want && (some[i] != 0 || kept[i] || all[i] != 0) || some[i] == want && want != 0 && all[i] == 0 && !kept[i] {
					rt.Fatalf("weight %d, %v, is %v of a candidate that is %v, kept %v", i, want, some[i], all[i], kept[i])
				}
			}
			if largestDropped > smallestKept {
				rt.Fatalf("column %d: %v is a candidate and %v is none", c, largestDropped, smallestKept)
			}
			if want := rows - ops.KeptCount(rows, share); dropped > want || dropped < want-count(values, 0) {
				rt.Fatalf("column %d: want %d candidates, got %d", c, want, dropped)
			}
		}
		norms := make([]float64, cols)
		units := target(t, ops.TargetedUnitDropout, w, w, share, p, step, at)
		candidates := target(t, ops.TargetedUnitDropout, testkit.Ones(tensor.Float64, rows, cols), w, share, 1, step, at)
		if kept, err = ops.MaskAt(seed, 4, step, []int{1, cols}, p); err != nil {
			rt.Fatal(err)
		}
		for i, v := range values {
			norms[i%cols] += v * v
			want := v
			if candidates[i] == 0 && !kept[i%cols] {
				want = 0
			}
			if units[i] != want || candidates[i] != candidates[i%cols] {
				rt.Fatalf("weight %d of unit %d must be %v, got %v", i, i%cols, want, units[i])
			}
		}
		if got, want := count(candidates[:cols], 0), cols-ops.KeptCount(cols, share); got != want {
			rt.Fatalf("want %d candidates, got %d", want, got)
		}
		for c, norm := range norms {
			for d, other := range norms {
				if candidates[c] == 0 && candidates[d] == 1 && norm > other*(1+1e-12) {
					rt.Fatalf("unit %d of norm² %v is a candidate and unit %d of %v is none", c, norm, d, other)
				}
			}
		}
	})
}

func count(all []float64, of float64) (n int) {
	for _, v := range all {
		if v == of {
			n++
		}
	}
	return n
}

// A candidate is dropped in a share p of the steps, independently of others, and
// nothing is rescaled.
func TestTargetedStatistics(t *testing.T) {
	w := testkit.Ramp(tensor.Float64, 6, 4)
	for name, op := range targetedOps {
		var dropped [24]moments
		var both moments
		for step := range int64(4000) {
			y := target(t, op, w, w, 0.5, 0.3, step)
			for i, v := range y {
				dropped[i].add(1 - v/w.Float64s()[i])
			}
			both.add((1 - y[0]/w.Float64s()[0]) * (1 - y[1]/w.Float64s()[1]))
		}
		for i := range dropped {
			// The magnitudes grow from the first row and column to the last.
			want := 0.
			if name == "TargetedDropout" && i < 12 || name == "TargetedUnitDropout" && i%4 < 2 {
				want = 0.3
			}
			dropped[i].check(t, fmt.Sprintf("%s: rate of element %d", name, i), want, 5.5, 1e-5)
		}
		both.check(t, name+": rate of two at once", 0.09, 5.5, 1e-5)
	}
}

// The gradient is that of a product with the mask, which does not depend on
// anything that is differentiated as long as magnitudes keep their order.
func TestTargetedGradients(t *testing.T) {
	for name, op := range targetedOps {
		for _, mode := range []ops.Mode{ops.Train, ops.Sample, ops.Eval} {
			err := gradcheck.Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) {
				y, err := op(in[0], 0.6, 0.5, ops.WithFixedStep(4), ops.WithMode(mode))
				if err != nil {
					return nil, err
				}
				return gorgonia.Square(y)
			}, 1e-6, testkit.Sines(7, 5))
			if err != nil {
				t.Errorf("%s, %v: %v", name, mode, err)
			}
		}
		// Its derivative by SymDiff.
		err := gradcheck.Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) {
			y, err := op(in[0], 0.6, 0.5, ops.WithFixedStep(4))
			if err != nil {
				return nil, err
			}
			dy, err := gorgonia.Square(in[0])
			if err != nil {
				return nil, err
			}
			grads, err := y.Op().(gorgonia.SDOp).SymDiff(gorgonia.Nodes{in[0], in[0], y.Graph().ByName("step 4")[0]}, y, dy)
			if err != nil {
				return nil, err
			}
			return gorgonia.Square(grads[0])
		}, 1e-6, testkit.Sines(7, 5))
		if err != nil {
			t.Errorf("%s, second derivative: %v", name, err)
		}
	}
}

// At the ends everything or nothing drops; at inference nothing does, bit for bit.
func TestTargetedEdges(t *testing.T) {
	for name, op := range targetedOps {
		for _, dt := range testkit.Dtypes {
			x := odd(dt, 5, 8)
			same, zeros := testkit.Floats(t, x), make([]float64, 40)
			for what, got := range map[string][]float64{
				"p = 0":     target(t, op, x, x, 1, 0, 3),
				"share 0":   target(t, op, x, x, 0, 1, 3),
				"p tiny":    target(t, op, x, x, 1, 1e-9, 3),
				"small":     target(t, op, x, x, 0.05, 1, 3), // less than half a weight
				"inference": target(t, op, x, x, 1, 1, -1),
				"Eval":      target(t, op, x, x, 1, 1, 3, ops.WithMode(ops.Eval)),
			} {
				if !testkit.SameBits(got, same) {
					t.Errorf("%s, %v, %s: must pass unchanged, got %v", name, dt, what, got)
				}
			}
			if got := target(t, op, x, x, 1, 1, 3); !testkit.SameBits(got, zeros) {
				t.Errorf("%s, %v: everything must be +0, got %v", name, dt, got)
			}
			one := testkit.Ones(dt, 1, 1)
			for share, want := range map[float64]float64{0.49: 1, 0.5: 0} {
				if got := target(t, op, one, one, share, 1, 3); got[0] != want {
					t.Errorf("%s, %v: one weight of share %v must be %v, got %v", name, dt, share, want, got)
				}
			}
		}
	}
	// Ties go by place, and NaN is kept before all others.
	nan := math.NaN()
	w := tensor.New(tensor.WithShape(4, 2), tensor.WithBacking([]float64{
		nan, 1,
		-1, -1,
		1, 1,
		math.Inf(1), -1,
	}))
	got := target(t, ops.TargetedDropout, w, w, 0.5, 1, 0)
	if want := []float64{nan, 0, 0, 0, 0, 1, math.Inf(1), -1}; !testkit.SameBits(got, want) {
		t.Errorf("want %v, got %v", want, got)
	}
	if got := target(t, ops.TargetedUnitDropout, w, w, 0.5, 1, 0); !testkit.SameBits(got, []float64{nan, 0, -1, 0, 1, 0, math.Inf(1), 0}) {
		t.Errorf("the unit with NaN must be kept, got %v", got)
	}
}

// With all as candidates it is DropConnect without rescaling.
func TestTargetedIsDropConnect(t *testing.T) {
	g := gorgonia.NewGraph()
	w := gorgonia.NodeFromAny(g, testkit.Waves(40, 50), gorgonia.WithName("w"))
	a := gorgonia.Must(ops.TargetedDropout(w, 1, 0.25, ops.WithLayer(3)))
	b := gorgonia.Must(ops.DropConnect(w, 0.25, ops.WithLayer(3)))
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	testkit.Run(t, m)
	for i, v := range testkit.Floats(t, b.Value()) {
		if got := testkit.Floats(t, a.Value())[i]; math.Abs(got-0.75*v) > 1e-12 {
			t.Fatalf("weight %d: want %v, got %v", i, 0.75*v, got)
		}
	}
}

// Both settings change by step in one graph, forward and backward.
func TestTargetedSchedules(t *testing.T) {
	g := gorgonia.NewGraph()
	w := gorgonia.NodeFromAny(g, testkit.Ramp(tensor.Float64, 10, 3), gorgonia.WithName("w"))
	y := gorgonia.Must(ops.TargetedDropout(w, 0, 0, ops.WithRate(schedule.Constant(1)), ops.WithShare(schedule.Linear{To: 1, End: 10})))
	grads, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), w)
	if err != nil {
		t.Fatal(err)
	}
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	for step := range int64(12) {
		testkit.Run(t, m)
		want := 3 * int(min(step, 10))
		if a, b := count(testkit.Floats(t, y.Value()), 0), count(testkit.Floats(t, grads[0].Value()), 0); a != want || b != want {
			t.Errorf("step %d: want %d weights dropped, and their gradients, got %d and %d", step, want, a, b)
		}
	}
	// A share that leaves its bounds where it did not say so.
	bad := gorgonia.Must(ops.TargetedDropout(w, 0, 0, ops.WithShare(late{})))
	s := gorgonia.I64(5)
	_, err = bad.Op().Do(w.Value(), w.Value(), &s)
	testkit.Rejects(t, err, "ops: TargetedDropout: share at step 5: share must be in [0, 1], got 5")
	ids := []string{bad.Op().String(), y.Op().String(), gorgonia.Must(ops.TargetedDropout(w, 0.5, 0)).Op().String(), gorgonia.Must(ops.TargetedDropout(w, 0, 0)).Op().String()}
	for i, id := range ids {
		if slices.Contains(ids[:i], id) {
			t.Errorf("two ops are %q", id)
		}
	}
}

// late is 0 at first and then grows without bounds.
type late struct{}

func (late) At(step int64) float64 { return float64(step) }
func (late) String() string        { return "late" }

func TestTargetedRejects(t *testing.T) {
	g := gorgonia.NewGraph()
	matrix := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(2, 3), gorgonia.WithName("matrix"))
	vector := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(3), gorgonia.WithName("vector"))
	ids := gorgonia.NewMatrix(g, tensor.Int, gorgonia.WithShape(2, 3), gorgonia.WithName("ids"))
	nan := math.NaN()
	for name, op := range targetedOps {
		for _, tt := range []struct {
			w        *gorgonia.Node
			share, p float64
			opt      ops.TargetedOption
			want     string
		}{
			{nil, 0.5, 0.5, nil, "x must be a node of a graph, got none"},
			{ids, 0.5, 0.5, nil, "x must be of float32 or float64"},
			{vector, 0.5, 0.5, nil, "x must have shape (inputs, outputs), got (3)"},
			{matrix, 1.5, 0.5, nil, "share must be in [0, 1], got 1.5"},
			{matrix, nan, 0.5, nil, "share must be in [0, 1], got NaN"},
			{matrix, 0.5, -0.5, nil, "p must be in [0, 1], got -0.5"},
			{matrix, 0.5, nan, nil, "p must be in [0, 1], got NaN"},
			{matrix, 0.5, 0.5, ops.WithShare(schedule.Linear{To: 2, End: 3}), "share must be in [0, 1], got 2"},
			{matrix, 0.5, 0.5, ops.WithShare(schedule.Linear{Start: 5, End: 3}), "schedule: Linear: End must not be before Start 5, got 3"},
			{matrix, 0.5, 0.5, ops.WithRate(schedule.Constant(2)), "p must be in [0, 1], got 2"},
		} {
			var opts []ops.TargetedOption
			if tt.opt != nil {
				opts = append(opts, tt.opt)
			}
			_, err := op(tt.w, tt.share, tt.p, opts...)
			if want := "ops: " + name + ": " + tt.want; err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("want error %q, got %v", want, err)
			}
		}
	}
	y := gorgonia.Must(ops.TargetedDropout(matrix, 0.5, 0.5))
	step := gorgonia.I64(0)
	_, err := y.Op().Do(testkit.Sines(2, 3), testkit.Sines(3, 2), &step)
	testkit.Rejects(t, err, "x and weights must be of one shape, got (2, 3) and (3, 2)")
}
