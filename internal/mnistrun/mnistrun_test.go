package mnistrun

import (
	"math"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/models"
)

func TestSchedules(t *testing.T) {
	for _, name := range []string{"constant", "cosine", "step", "exponential", "inverse"} {
		c := Config{Schedule: name}
		s := c.schedule(0.5, 100)
		first, last := s.At(0), s.At(99)
		if math.Abs(first-0.5) > 1e-12 || (name != "constant" && last > 0.011) || (name == "constant" && last != 0.5) {
			t.Errorf("%s: rate goes from %v to %v", name, first, last)
		}
	}
}

func TestWarmup(t *testing.T) {
	c := Config{Schedule: "cosine", LR: 0.5, Warmup: 10}
	s := c.rate(100)
	if first, top, last := s.At(0), s.At(10), s.At(99); math.Abs(first-0.05) > 1e-12 || math.Abs(top-0.5) > 1e-12 || last > 0.011 {
		t.Errorf("rate goes from %v over %v to %v, want from 0.05 over 0.5 to nearly 0", first, top, last)
	}
}

func TestModel(t *testing.T) {
	c := Config{Hidden: []int{8, 8}, P: 0.5, InputP: 0.2}
	for _, c.Submatrix = range []bool{false, true} {
		m, err := c.Model(12, 10, 1)
		if err != nil {
			t.Fatal(err)
		}
		g, err := m.Build(models.Train, 2)
		if err != nil {
			t.Fatal(err)
		}
		if thin := g.Blocks()[0].Node != g.Params()[0]; thin != c.Submatrix {
			t.Errorf("with Submatrix %v the first layer is thinned: %v", c.Submatrix, thin)
		}
	}
}

func TestCheck(t *testing.T) {
	good := Config{Train: 100, Hidden: []int{8}, P: 0.5, Epochs: 1, Batch: 10}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*Config){
		"epochs must be in [1, 1048576], got 0":    func(c *Config) { c.Epochs = 0 },
		"p must be in [0, 1], got NaN":             func(c *Config) { c.P = math.NaN() },
		"label-smoothing must be in [0, 1], got 2": func(c *Config) { c.LabelSmoothing = 2 },
		"hidden must be in [1, 65536], got 0":      func(c *Config) { c.Hidden = []int{0} },
		"at most 60000 together, got 60010":        func(c *Config) { c.Train, c.Validation = 60000, 10 },
	} {
		c := good
		change(&c)
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want error %q, got %v", want, err)
		}
	}
}
