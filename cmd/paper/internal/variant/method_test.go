package variant

import (
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
)

// begun returns the weights at first of a small network of a method.
func begun(t *testing.T, s Set, m Method) map[string]*tensor.Dense {
	t.Helper()
	c := At(s, m, []float64{0.3, 0.4, 0.5, 0.6})
	if on := c.On(); on.Name != s.Name || c.By().Name != m.Name {
		t.Fatalf("%s, %s: chosen are %s and %s", s.Name, m.Name, on.Name, c.By().Name)
	}
	n := Net{Inputs: s.Inputs, Outputs: s.Classes, Examples: 100, Steps: 10, Settings: c.Settings}
	for _, units := range s.Units {
		n.Hidden = append(n.Hidden, units/16)
	}
	model, err := models.New(m.Layers(n), []int{s.Inputs}, models.WithSeed(3))
	if err != nil {
		t.Fatal(err)
	}
	weights, err := model.Weights()
	if err != nil {
		t.Fatal(err)
	}
	return weights
}

// Methods differ by the method alone: a seed gives all networks the same initial
// weights, and all are as wide.
func TestMethodsBeginAlike(t *testing.T) {
	for _, s := range Sets() {
		plain := begun(t, s, s.Method(None))
		for _, m := range s.Methods {
			weights := begun(t, s, m)
			for name, w := range plain {
				got := weights[name]
				switch {
				case got == nil || !got.Shape().Eq(w.Shape()):
					t.Errorf("%s, %s: must have %s of shape %v, got %v", s.Name, m.Name, name, w.Shape(), got)
				case m.Name == "Alpha with SELU": // another init
				case !slices.Equal(got.Data().([]float32), w.Data().([]float32)):
					t.Errorf("%s, %s: %s must begin as without dropout", s.Name, m.Name, name)
				}
			}
		}
	}
}
