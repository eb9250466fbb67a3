package mnistrun

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/mnist"
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
	c := Config{Network: Network{Hidden: []int{8, 8}, P: 0.5, InputP: 0.2}}
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
	good := Config{Train: 100, Network: Network{Hidden: []int{8}, P: 0.5}, Epochs: 1, Batch: 10, LR: 0.1, Momentum: 0.9, Schedule: "cosine"}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*Config){
		"epochs must be in [1, 1048576], got 0":    func(c *Config) { c.Epochs = 0 },
		"p must be in [0, 1], got NaN":             func(c *Config) { c.P = math.NaN() },
		"label-smoothing must be in [0, 1], got 2": func(c *Config) { c.LabelSmoothing = 2 },
		"hidden must be in [1, 65536], got 0":      func(c *Config) { c.Hidden = []int{0} },
		"at most 60000 together, got 60010":        func(c *Config) { c.Train, c.Validation = 60000, 10 },

		"validation must be 0 or in [10, 59990], got 9":                        func(c *Config) { c.Validation = 9 },
		"curve must be 0 or in [10, 59990], got -1":                            func(c *Config) { c.Curve = -1 },
		"lr must be finite and not negative, got -1":                           func(c *Config) { c.LR = -1 },
		"max-norm must be finite and not negative, got +Inf":                   func(c *Config) { c.MaxNorm = math.Inf(1) },
		"clip-norm must be finite and not negative, got NaN":                   func(c *Config) { c.ClipNorm = math.NaN() },
		"weight-decay must be finite and not negative, got -1":                 func(c *Config) { c.WeightDecay = -1 },
		"r-drop must be finite and not negative, got -1":                       func(c *Config) { c.RDrop = -1 },
		"r-drop must be 0 with submatrix":                                      func(c *Config) { c.RDrop, c.Submatrix = 1, true },
		"momentum must be in [0, 1), got 1":                                    func(c *Config) { c.Momentum = 1 },
		"momentum must be above 0 with nesterov, got 0":                        func(c *Config) { c.Momentum, c.Nesterov = 0, true },
		`schedule must be one of constant, cosine, step, exponential, inverse`: func(c *Config) { c.Schedule = "coshne" },
		"train must be at least 60 with early-stopping":                        func(c *Config) { c.Train, c.EarlyStopping = 59, 1 },
	} {
		c := good
		change(&c)
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want error %q, got %v", want, err)
		}
	}
}

// A configuration that passes Check is trained: no setting is found wrong later.
func TestCheckedConfigTrains(t *testing.T) {
	train, test := tiny()
	values := []float64{0, -1, 0.3, 1, 1.5, math.NaN(), math.Inf(1), math.SmallestNonzeroFloat64, 1e-9}
	fields := map[string]func(c *Config, v float64){
		"P": func(c *Config, v float64) { c.P = v }, "InputP": func(c *Config, v float64) { c.InputP = v },
		"LR": func(c *Config, v float64) { c.LR = v }, "Momentum": func(c *Config, v float64) { c.Momentum = v },
		"Nesterov": func(c *Config, v float64) { c.Nesterov, c.Momentum = true, v },
		"ClipNorm": func(c *Config, v float64) { c.ClipNorm = v }, "MaxNorm": func(c *Config, v float64) { c.MaxNorm = v },
		"WeightDecay": func(c *Config, v float64) { c.WeightDecay = v }, "LabelSmoothing": func(c *Config, v float64) { c.LabelSmoothing = v },
		"RDrop":         func(c *Config, v float64) { c.RDrop = v },
		"EarlyStopping": func(c *Config, v float64) { c.EarlyStopping = int(v) }, "Warmup": func(c *Config, v float64) { c.Warmup = int(100 * v) },
		"Epochs": func(c *Config, v float64) { c.Epochs = int(2 * v) }, "Batch": func(c *Config, v float64) { c.Batch = int(10 * v) },
		"Curve": func(c *Config, v float64) { c.Curve = int(20 * v) }, "Validation": func(c *Config, v float64) { c.Validation = int(20 * v) },
		"no hidden layer": func(c *Config, v float64) { c.Hidden, c.P = nil, v },
	}
	for name, set := range fields {
		for _, schedule := range Schedules() {
			for _, v := range values {
				c := Config{Train: 60, Network: Network{Hidden: []int{3}, P: 0.5}, Epochs: 1, Batch: 20, LR: 0.1, Schedule: schedule, Momentum: 0.5}
				if set(&c, v); c.Epochs > 3 || c.Warmup > 200 || c.Batch > 1000 || c.Check() != nil {
					continue
				}
				err := fit(&c, train, test)
				if err != nil {
					t.Errorf("%s of %v with schedule %s passes Check, and then: %v", name, v, schedule, err)
				}
			}
		}
	}
}

// fit trains as c says.
func fit(c *Config, train, test *mnist.Set) error {
	s, err := c.Split(train, test)
	if err != nil {
		return err
	}
	trainer, data, err := c.Trainer(s, 1)
	if err != nil {
		return err
	}
	h, err := trainer.Fit(context.Background(), data)
	if err == nil && h == nil {
		return fmt.Errorf("no history")
	}
	return err
}
