package nn

import (
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/ops"
)

// A Recurrence says how [LSTM] and [GRU] go through sequences. Its zero value goes
// forward, from states of zeros, without noise.
type Recurrence struct {
	Noise RecurrentNoise
	// Mask, of shape (N, T) and the type of x, is 1 where a sequence is, and 0 at
	// its padding, before, behind or within it. The layer passes padding by: its
	// states stay as they are, and the hidden state that it returns there is 0, as
	// with PyTorch's pad_packed_sequence. So final states are those at the true
	// end, and Reverse begins there. What x holds at padding has no influence on the
	// states, and gets gradient 0; but it must be finite, or gradients of weights are
	// NaN. The masks of zoneout are drawn for the whole shape.
	Mask *gorgonia.Node
	// Reverse goes from the last time to the first.
	Reverse bool
	// H and C are the initial hidden state and cells, of shape (N, H); nil means
	// zeros. A GRU has no C, and an LSTM needs both or none.
	H, C *gorgonia.Node
}

// LSTMStates is [Recurrence.LSTM] that also returns the final hidden state and cells,
// of shape (N, H): the states after the last step. Give them to the next part of long
// sequences as its initial states (truncated backpropagation through time), or to a
// decoder; gradients flow through both. The gradient of an initial state goes back
// through the sequences once more, if it is asked for. (A LispMachine differentiates
// graphs only if all their outputs are used, these too.)
func (r Recurrence) LSTMStates(x, wih, whh, bih, bhh *gorgonia.Node, opts ...ops.StreamOption) (y, h, c *gorgonia.Node, err error) {
	out, err := newRecurrent(lstm{}, x, wih, whh, bih, bhh, r, true, opts)
	if err != nil {
		return nil, nil, nil, err
	}
	times := x.Shape()[1]
	if y, err = apply(timeRange{name: "LSTM", from: 0, to: times}, out); err != nil {
		return nil, nil, nil, err
	}
	if h, err = apply(timeStep{name: "LSTM", at: times}, out); err != nil {
		return nil, nil, nil, err
	}
	c, err = apply(timeStep{name: "LSTM", at: times + 1}, out)
	return y, h, c, err
}

// GRUStates is [Recurrence.GRU] that also returns the final hidden state; see
// [Recurrence.LSTMStates].
func (r Recurrence) GRUStates(x, wih, whh, bih, bhh *gorgonia.Node, opts ...ops.StreamOption) (y, h *gorgonia.Node, err error) {
	if err := r.checkGRU(); err != nil {
		return nil, nil, err
	}
	out, err := newRecurrent(gru{}, x, wih, whh, bih, bhh, r, true, opts)
	if err != nil {
		return nil, nil, err
	}
	times := x.Shape()[1]
	if y, err = apply(timeRange{name: "GRU", from: 0, to: times}, out); err != nil {
		return nil, nil, err
	}
	h, err = apply(timeStep{name: "GRU", at: times}, out)
	return y, h, err
}

// LSTM is [LSTM] for this recurrence.
func (r Recurrence) LSTM(x, wih, whh, bih, bhh *gorgonia.Node, opts ...ops.StreamOption) (*gorgonia.Node, error) {
	return newRecurrent(lstm{}, x, wih, whh, bih, bhh, r, false, opts)
}

// GRU is [GRU] for this recurrence.
func (r Recurrence) GRU(x, wih, whh, bih, bhh *gorgonia.Node, opts ...ops.StreamOption) (*gorgonia.Node, error) {
	if err := r.checkGRU(); err != nil {
		return nil, err
	}
	return newRecurrent(gru{}, x, wih, whh, bih, bhh, r, false, opts)
}

func (r Recurrence) checkGRU() error {
	if r.Noise.ZoneoutCell != 0 {
		return errors.Errorf("nn: GRU: ZoneoutCell must be 0, since there are no cells, got %v", r.Noise.ZoneoutCell)
	}
	if r.C != nil {
		return errors.New("nn: GRU: C must be nil, since there are no cells, got a node")
	}
	return nil
}

// sequence is what a recurrence adds to a layer over whole sequences from zeros.
type sequence struct {
	masked, reverse bool
	initial         bool // states are given
	final           bool // states are returned
}

// String distinguishes it from others.
func (q sequence) String() string {
	s := ""
	for _, of := range []struct {
		is   bool
		name string
	}{{q.masked, " masked"}, {q.reverse, " reverse"}, {q.initial, " initial"}, {q.final, " final"}} {
		if of.is {
			s += of.name
		}
	}
	return s
}

// begin sets the sequence, and returns the nodes that it is given.
func (r *recurrent) begin(with Recurrence, final bool) (given gorgonia.Nodes, err error) {
	r.sequence = sequence{masked: with.Mask != nil, reverse: with.Reverse, initial: with.H != nil, final: final}
	if r.masked {
		given = append(given, with.Mask)
	}
	if r.first() == 2 && (with.H == nil) != (with.C == nil) {
		return nil, errors.New("H and C must be given both or not at all, got one")
	}
	if r.initial {
		given = append(given, gorgonia.Nodes{with.H, with.C}[:r.first()]...)
	}
	return given, nil
}

// given returns the inputs of the sequence.
func (r *recurrent) given(of op.Content) (in []op.Input) {
	if r.masked {
		in = append(in, op.Input{Name: "mask", Rank: 2, Of: op.Constants})
	}
	if r.initial {
		in = append(in, []op.Input{{Name: "initial state", Rank: 2, Of: of}, {Name: "initial cells", Rank: 2, Of: of}}[:r.first()]...)
	}
	return in
}

// finals returns the number of final states that the output has.
func (r *recurrent) finals() int {
	if r.final {
		return r.first()
	}
	return 0
}

// fits returns an error unless what is given, at the head of in, fits.
func (r *recurrent) fits(in []tensor.Shape, n, times, units int) error {
	for i, g := range r.given(op.Floats) {
		want := tensor.Shape{n, units}
		if r.masked && i == 0 {
			want = tensor.Shape{n, times}
		}
		if !in[i].Eq(want) {
			return errors.Errorf("%s must have shape %v, got %v", g.Name, want, in[i])
		}
	}
	return nil
}

// entering returns the initial hidden state of what is given, if it is.
func entering[T any](r *recurrent, given []T) []T {
	if !r.initial {
		return nil
	}
	return given[len(given)-r.first():][:1]
}

// givenStates are the values that a sequence is given.
type givenStates[F op.Float] struct {
	mask   []F // nil: none
	starts []F // the rows of states before the first step; one for all if width is 0
	width  int // of a row
}

// givenOf returns the values of what a sequence is given, inputs from at on.
func givenOf[F op.Float](r *recurrent, in op.Args[F], at int, s sizes) (g givenStates[F], err error) {
	if r.masked {
		g.mask = in.Floats[at]
		if err := checkMask(g.mask, s.times); err != nil {
			return g, err
		}
		at++
	}
	states := r.first()
	if !r.initial {
		g.starts = make([]F, states*s.units)
		return g, nil
	}
	g.width = states * s.units
	g.starts = make([]F, s.n*g.width)
	for state := range states {
		for b := range s.n {
			copy(g.starts[b*g.width+state*s.units:], in.Floats[at+state][b*s.units:(b+1)*s.units])
		}
	}
	return g, nil
}

// padding reports whether a place of (N, T) is padding.
func (g givenStates[F]) padding(at int) bool { return g.mask != nil && g.mask[at] == 0 }

// before returns the row of the states of example b before step k.
func (g givenStates[F]) before(states []F, b, k int, s sizes) []F {
	if k == 0 {
		return g.starts[b*g.width:]
	}
	at := b*s.times + s.time(k-1)
	return states[at*s.row : (at+1)*s.row]
}
