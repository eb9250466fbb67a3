package mnistrun

import (
	"math"
	"strings"
	"testing"
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

func TestCheck(t *testing.T) {
	good := Config{Train: 100, Hidden: []int{8}, P: 0.5, Epochs: 1, Batch: 10}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*Config){
		"epochs must be in [1, 1048576], got 0": func(c *Config) { c.Epochs = 0 },
		"p must be in [0, 1], got NaN":          func(c *Config) { c.P = math.NaN() },
		"hidden must be in [1, 65536], got 0":   func(c *Config) { c.Hidden = []int{0} },
		"at most 60000 together, got 60010":     func(c *Config) { c.Train, c.Validation = 60000, 10 },
	} {
		c := good
		change(&c)
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want error %q, got %v", want, err)
		}
	}
}
