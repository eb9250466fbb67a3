package models

import (
	"math"
	"math/rand/v2"
	"strconv"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// recurrent is what LSTM and GRU have in common.
type recurrent struct {
	name          string
	gates         int
	units, layers int
	lstm          bool
	both          bool   // directions
	state         string // the name of the states that the model keeps

	input, between, weights float64 // rates of dropout
	noise                   nn.RecurrentNoise
}

// States are states of the layers of a recurrent network, in order: each (batch,
// units). With two directions there are two for a layer, the one that goes forward first.
type States struct {
	H []*gorgonia.Node // hidden states
	C []*gorgonia.Node // cells, of an LSTM
}

func (r recurrent) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	if r.state == "" {
		y, _, err := r.run(s, x, nil, false)
		return y, err
	}
	if r.both {
		return nil, s.Errorf("%s: State must be empty with Bidirectional, since one direction begins at the end, got %q", r.name, r.state)
	}
	if err := r.check(s, x); err != nil {
		return nil, err
	}
	var initial States
	for k := range max(1, r.layers) {
		h, err := s.state(r.stateName("h", k), r.units)
		if err != nil {
			return nil, err
		}
		initial.H = append(initial.H, h)
		if r.lstm {
			c, err := s.state(r.stateName("c", k), r.units)
			if err != nil {
				return nil, err
			}
			initial.C = append(initial.C, c)
		}
	}
	y, final, err := r.run(s, x, &initial, true)
	if err != nil {
		return nil, err
	}
	for k, h := range final.H {
		if err := s.Output(r.stateName("h", k), h); err != nil {
			return nil, err
		}
		if r.lstm {
			if err := s.Output(r.stateName("c", k), final.C[k]); err != nil {
				return nil, err
			}
		}
	}
	return y, nil
}

// stateName is the name of a state of layer k.
func (r recurrent) stateName(kind string, k int) string {
	return r.state + "." + kind + "_l" + strconv.Itoa(k)
}

func (r recurrent) check(s *Scope, x *gorgonia.Node) error {
	if r.units <= 0 || r.layers < 0 {
		return s.Errorf("%s: units must be positive and layers not negative, got %d and %d", r.name, r.units, r.layers)
	}
	if x.Dims() != 3 {
		return s.Errorf("%s: input must have shape (batch, time, features), got %v", r.name, x.Shape())
	}
	return s.checkRates(r.name, rate{"InputDropout", r.input}, rate{"LayerDropout", r.between}, rate{"WeightDrop", r.weights})
}

// directions are the ends of the names of a layer's parameters.
func (r recurrent) directions() []string {
	if r.both {
		return []string{"", "_reverse"}
	}
	return []string{""}
}

// run applies the layers from initial states, nil for zeros, and returns the final
// states if they are wanted.
func (r recurrent) run(s *Scope, x *gorgonia.Node, initial *States, wanted bool) (*gorgonia.Node, States, error) {
	var final States
	if err := r.check(s, x); err != nil {
		return nil, final, err
	}
	cells := 0
	if states := max(1, r.layers) * len(r.directions()); initial != nil {
		if r.lstm {
			cells = states
		}
		if len(initial.H) != states || len(initial.C) != cells {
			return nil, final, s.Errorf("%s: initial states must be %d hidden ones and %d of cells, got %d and %d", r.name, states, cells, len(initial.H), len(initial.C))
		}
	}
	mask, err := s.Mask()
	if err != nil {
		return nil, final, err
	}
	for k := range max(1, r.layers) {
		name, p := "InputDropout", r.input
		if k > 0 {
			name, p = "LayerDropout", r.between
		}
		if x, err = s.drop(r.name+": "+name, x, p, nil, lockedDropout); err != nil {
			return nil, final, err
		}
		var y *gorgonia.Node
		for d, direction := range r.directions() {
			with := nn.Recurrence{Noise: r.noise, Mask: mask, Reverse: d == 1}
			if at := k*len(r.directions()) + d; initial != nil {
				with.H = initial.H[at]
				if r.lstm {
					with.C = initial.C[at]
				}
			}
			one, h, c, err := r.layer(s, "_l"+strconv.Itoa(k)+direction, x, with, wanted)
			if err != nil {
				return nil, final, err
			}
			final.H, final.C = append(final.H, h), append(final.C, c)
			if y == nil {
				y = one
			} else if y, err = nn.Concat(y, one); err != nil {
				return nil, final, s.Wrap(err, r.name)
			}
		}
		x = y
	}
	if !r.lstm {
		final.C = nil
	}
	return x, final, nil
}

// layer applies the layer whose parameters' names end in suffix.
func (r recurrent) layer(s *Scope, suffix string, x *gorgonia.Node, with nn.Recurrence, wanted bool) (y, h, c *gorgonia.Node, err error) {
	rows := r.gates * r.units
	var params [4]*gorgonia.Node
	for i, p := range []struct {
		name  string
		shape []int
	}{
		{"weight_ih", []int{rows, x.Shape()[2]}}, {"weight_hh", []int{rows, r.units}},
		{"bias_ih", []int{rows}}, {"bias_hh", []int{rows}},
	} {
		if params[i], err = s.Param(p.name+suffix, p.shape, byUnits(r.units)); err != nil {
			return nil, nil, nil, err
		}
	}
	whh, err := s.drop(r.name+": WeightDrop", params[1], r.weights, nil, weightDrop)
	if err != nil {
		return nil, nil, nil, err
	}
	stream, _ := s.DropoutStream()
	// The op draws in two more layers.
	s.DropoutStream()
	s.DropoutStream()
	switch {
	case r.lstm && wanted:
		y, h, c, err = with.LSTMStates(x, params[0], whh, params[2], params[3], stream)
	case r.lstm:
		y, err = with.LSTM(x, params[0], whh, params[2], params[3], stream)
	case wanted:
		y, h, err = with.GRUStates(x, params[0], whh, params[2], params[3], stream)
	default:
		y, err = with.GRU(x, params[0], whh, params[2], params[3], stream)
	}
	return y, h, c, s.Wrap(err, r.name)
}

// weightDrop is [ops.WeightDrop] of one matrix.
func weightDrop(w *gorgonia.Node, p float64, opts ...ops.Option) (*gorgonia.Node, error) {
	dropped, err := ops.WeightDrop([]*gorgonia.Node{w}, p, opts...)
	if err != nil {
		return nil, err
	}
	return dropped[0], nil
}

// byUnits draws from U(-a, a) with a = 1/sqrt(units), as PyTorch does for all
// parameters of a recurrent layer.
func byUnits(units int) Init {
	return func(values []float64, _ tensor.Shape, r *rand.Rand) {
		uniform(values, 1/math.Sqrt(float64(units)), r)
	}
}
