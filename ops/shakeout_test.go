package ops_test

import (
	"fmt"
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

const shakeoutC = 0.25

func shakeout(w *gorgonia.Node, p float64, opts ...ops.Option) (*gorgonia.Node, error) {
	return ops.Shakeout(w, p, shakeoutC, opts...)
}

// The formula of the paper, element by element, with the mask that MaskAt tells.
func TestShakeoutDefinition(t *testing.T) {
	const inputs, p = 9, 0.375
	v := variant{name: "Shakeout", build: shakeout}
	for _, outputs := range []int{7, 1} {
		w := testkit.Ramp(tensor.Float64, inputs, outputs)
		for i := range w.Float64s() {
			w.Float64s()[i] = []float64{-2, 0.5, 0, math.Copysign(0, -1), 3}[i%5]
		}
		kept, err := ops.MaskAt(3, 5, 11, []int{inputs, 1}, p)
		if err != nil {
			t.Fatal(err)
		}
		for i, y := range v.try(t, w, p, ops.WithSeed(3), ops.WithLayer(5)).at(11, w) {
			x := w.Float64s()[i]
			sign := 0.0
			if x != 0 {
				sign = math.Copysign(1, x)
			}
			want := -shakeoutC * sign
			if kept[i/outputs] {
				want = (x + shakeoutC*p*sign) / (1 - p)
			}
			if math.Abs(y-want) > 1e-12 {
				t.Errorf("%d outputs, element %d, %v, kept: %v: want %v, got %v", outputs, i, x, kept[i/outputs], want, y)
			}
		}
	}
}

// Without a push it is dropout of the inputs.
func TestShakeoutWithoutPush(t *testing.T) {
	w := testkit.Ramp(tensor.Float64, 9, 7)
	plain := variant{name: "Shakeout", build: func(w *gorgonia.Node, p float64, opts ...ops.Option) (*gorgonia.Node, error) {
		return ops.Shakeout(w, p, 0, opts...)
	}}
	dropout := variant{name: "Dropout", build: with(ops.Dropout, ops.WithBroadcastAxes(1))}
	for step := range int64(5) {
		if got, want := plain.try(t, w, 0.5).at(step, w), dropout.try(t, w, 0.5).at(step, w); !testkit.SameBits(got, want) {
			t.Errorf("step %d: want %v, got %v", step, want, got)
		}
	}
}

func TestShakeoutRejects(t *testing.T) {
	g := gorgonia.NewGraph()
	matrix := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(2, 3), gorgonia.WithName("w"))
	vector := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(2), gorgonia.WithName("v"))
	for _, tt := range []struct {
		w    *gorgonia.Node
		p, c float64
		want string
	}{
		{matrix, 0.5, -0.1, "ops: Shakeout: c must be finite and not negative, got -0.1"},
		{matrix, 0.5, math.NaN(), "ops: Shakeout: c must be finite and not negative, got NaN"},
		{matrix, 0.5, math.Inf(1), "ops: Shakeout: c must be finite and not negative, got +Inf"},
		{matrix, 1 - 1e-9, 0, "ops: Shakeout: p must be in [0, 1), got 0.999999999"},
		{vector, 0.5, 0.1, "ops: Shakeout: x must have shape (inputs, outputs), got (2)"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			if _, err := ops.Shakeout(tt.w, tt.p, tt.c); err == nil || err.Error() != tt.want {
				t.Errorf("want error %q, got %v", tt.want, err)
			}
		})
	}
	a, b := gorgonia.Must(ops.Shakeout(matrix, 0.5, 0.1)), gorgonia.Must(ops.Shakeout(matrix, 0.5, 0.2, ops.WithLayer(1)))
	if a == b || fmt.Sprint(a.Op()) == fmt.Sprint(b.Op()) {
		t.Errorf("two values of c are one op, %v", a.Op())
	}
}
