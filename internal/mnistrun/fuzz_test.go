package mnistrun

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/gorgonia-dropout/dropout/mnist"
)

// tiny are two sets of images of three by three pixels, in ten classes.
func tiny() (train, test *mnist.Set) {
	set := func(n int) *mnist.Set {
		s := &mnist.Set{Rows: 3, Cols: 3, Classes: 10, Pixels: make([]uint8, 9*n), Labels: make([]uint8, n)}
		for i := range s.Pixels {
			s.Pixels[i] = uint8(i * 37)
		}
		for i := range s.Labels {
			s.Labels[i] = uint8(i % 10)
		}
		return s
	}
	return set(120), set(30)
}

// Whatever a configuration says, it is refused, or it trains or says why not.
func FuzzConfig(f *testing.F) {
	for _, c := range []Config{
		{Train: 60, Network: Network{Hidden: []int{3}, P: 0.5}, Epochs: 1, Batch: 10, LR: 0.1, Schedule: "cosine"},
		{Train: 20, Validation: 30, Curve: 40, Network: Network{Hidden: []int{2, 2}, InputP: 1, Submatrix: true, BatchNorm: true, P: 0.5}, Epochs: 2, Batch: 60000, LR: 1e300, Schedule: "step",
			Warmup: 7, Momentum: 0.9, Nesterov: true, ClipNorm: 1, MaxNorm: 1, WeightDecay: 1, EarlyStopping: 1},
	} {
		data, err := json.Marshal(c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"train": 10, "epochs": 1, "batch": 1, "p": 1, "schedule": "none", "lr": -1, "momentum": 1e308}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var c Config
		if json.Unmarshal(data, &c) != nil || c.Check() != nil {
			return
		}
		// What is merely large takes long.
		if c.Epochs > 3 || len(c.Hidden) > 4 {
			return
		}
		for _, n := range c.Hidden {
			if n > 40 {
				return
			}
		}
		train, test := tiny()
		s, err := c.Split(train, test)
		if err != nil {
			return
		}
		trainer, parts, err := c.Trainer(s, 1)
		if err != nil {
			return
		}
		h, err := trainer.Fit(context.Background(), parts)
		if h == nil && err == nil {
			t.Fatal("neither a history nor an error")
		}
		if err == nil && (len(h.Epochs) > c.Epochs || h.Test.Examples != s.Test.Len()) {
			t.Fatalf("%d epochs, want %d", len(h.Epochs), c.Epochs)
		}
	})
}
