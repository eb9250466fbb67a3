package models_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
)

// A program gives, run after run, what its graph gives, in float64 too.
func TestProgram(t *testing.T) {
	m := mustModel(t, classic(), []int{128}, models.WithSeed(1))
	wide := mustModel(t, classic(), []int{128}, models.WithSeed(1), models.WithDtype(tensor.Float64))
	x := batch(5, 128)
	for _, mode := range []models.Mode{models.Eval, models.Train, models.Sample} {
		want := forward(t, m, mode, x, 7)
		for _, of := range []*models.Model{m, wide} {
			p, err := of.Compile(mode, 5, models.WithActivations())
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			copy(p.Inputs(), x.Float32s())
			for range 2 {
				p.Graph().SetStep(7)
				if err := p.Run(nil); err != nil {
					t.Fatal(err)
				}
				row := make([]float64, 10)
				for i := range 5 {
					if err := p.Row(i, row); err != nil {
						t.Fatal(err)
					}
					for j, v := range row {
						if math.Abs(v-float64(want[10*i+j])) > 1e-5 {
							t.Fatalf("%v, %v: output (%d, %d) is %v, want %v", mode, of.Dtype(), i, j, v, want[10*i+j])
						}
					}
				}
				layers, err := p.Activations()
				if err != nil || len(layers) != 1 || layers[0].Layer != "1" || !layers[0].Values.Shape().Eq(tensor.Shape{5, 64}) {
					t.Fatalf("%v: activations are %v, %v", mode, layers, err)
				}
				if err := p.Row(5, row); err == nil || !strings.HasPrefix(err.Error(), "models: Row: output must be a tensor of 6 rows of 10, got (5, 10)") {
					t.Errorf("a row too many: got %v", err)
				}
			}
		}
	}
}

// Activations before a run, and of examples that fail, are errors; failures name the
// examples by their indices.
func TestProgramErrors(t *testing.T) {
	m := mustModel(t, models.Sequential{models.Embedding(5, 2), models.ReLU()}, []int{3})
	p, err := m.Compile(models.Eval, 4, models.WithActivations())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := p.Activations(); err == nil || !strings.HasPrefix(err.Error(), "models: Activations: layer 1 must have a dense tensor after a run") {
		t.Errorf("before a run: got %v", err)
	}
	p.Inputs()[7] = 9 // of row 2
	for _, tt := range []struct {
		indices []int
		want    int
	}{{nil, 2}, {[]int{10, 11, 12, 13}, 12}, {[]int{20, 21}, 20}} {
		err := p.Run(tt.indices)
		if bad := (*nn.ExampleError)(nil); !errors.As(err, &bad) || bad.Example != tt.want {
			t.Errorf("indices %v: got %v, want example %d", tt.indices, err, tt.want)
		}
	}
	if _, err := m.Compile(models.Eval, 0); err == nil {
		t.Error("a batch of 0: want an error")
	}
}

// A custom is a Fuser that is none of the layers of the package.
type custom struct {
	models.LayerFunc
	fusion models.Fusion
}

func (c custom) Fusion() models.Fusion { return c.fusion }

// What is computed together follows what layers say, not their types.
func TestFuser(t *testing.T) {
	unused := models.LayerFunc(func(s *models.Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
		return nil, s.Errorf("a layer that is fused must not be applied")
	})
	linear, dropout := models.Linear(6, 4), models.Dropout(0.5)
	like := models.Sequential{
		custom{unused, linear.Fusion()},
		custom{unused, models.ReLU().Fusion()},
		custom{unused, dropout.Fusion()},
	}
	x := batch(3, 6)
	want := forward(t, mustModel(t, models.Sequential{linear, models.ReLU(), dropout}, []int{6}), models.Train, x, 2)
	if got := forward(t, mustModel(t, like, []int{6}), models.Train, x, 2); !slices.Equal(got, want) {
		t.Errorf("output is %v, want %v", got, want)
	}
	if _, err := models.New(like, []int{6}, models.WithoutFusion()); err == nil || !strings.Contains(err.Error(), "must not be applied") {
		t.Errorf("without fusion: got %v", err)
	}
	// The zero value is applied by itself.
	alone := models.Sequential{linear, custom{models.LayerFunc(models.ReLU().Apply), models.Fusion{}}, dropout}
	if got := forward(t, mustModel(t, alone, []int{6}), models.Train, x, 2); !slices.Equal(got, want) {
		t.Errorf("by itself: output is %v, want %v", got, want)
	}
}

// Sizes of inputs that are left out are those of what comes in, also behind Submatrix.
func TestLinearOfAnyInput(t *testing.T) {
	free := models.MLP{Hidden: []int{8, 7}, Outputs: 3, InputDropout: 0.3, HiddenDropout: 0.5, Submatrix: true}
	fixed := free
	fixed.Inputs = 6
	x := batch(4, 6)
	for _, mode := range []models.Mode{models.Train, models.Eval} {
		if !slices.Equal(forward(t, mustModel(t, free, []int{6}), mode, x, 1), forward(t, mustModel(t, fixed, []int{6}), mode, x, 1)) {
			t.Errorf("%v: the networks differ", mode)
		}
	}
}
