package main

import (
	"math"
	"slices"
)

// aim is a row of the table at the end: what is to be reached.
type aim struct {
	Title string
	// ours and theirs are the cases compared; of several of theirs the fastest
	// counts.
	ours   string
	theirs []string
	// times says that the ratio is theirs to ours, and is to be at least bound;
	// else it is ours to theirs, and at most bound.
	times bool
	bound float64
	// bytes says that it is the bytes allocated in a step of ours.
	bytes bool
}

// torchOf are the cases of PyTorch for one case.
func torchOf(name string) []string { return []string{name + "-torch1", name + "-torch2"} }

var aims = []aim{
	{Title: "dropout forward + backward, 1M: gorgonia.Dropout's time to ours", ours: "op-1M/both", theirs: []string{"op-1M/both-gorgonia"}, times: true, bound: 40},
	{Title: "dropout forward + backward, 1M: PyTorch's time to ours", ours: "op-1M/both", theirs: torchOf("op-1M/both"), times: true, bound: 20},
	{Title: "dropout forward, 16M: to copying the memory", ours: "op-16M/forward", theirs: []string{"op-16M/memcpy"}, bound: 2},
	{Title: "MLP step with dropout: to PyTorch's", ours: "mlp/dropout", theirs: torchOf("mlp/dropout"), bound: 0.5},
	{Title: "MLP step with submatrix dropout: to PyTorch's with dropout", ours: "mlp/submatrix", theirs: torchOf("mlp/dropout"), bound: 0.25},
	{Title: "MLP step with submatrix dropout: to ours with dropout", ours: "mlp/submatrix", theirs: []string{"mlp/dropout"}, bound: 0.5},
	{Title: "MLP step with submatrix dropout, pure Go: to stock Gorgonia's", ours: "mlp/gonum-submatrix", theirs: []string{"mlp/stock"}, bound: 0.4},
	{Title: "MLP step with dropout: to the same without", ours: "mlp/dropout", theirs: []string{"mlp/none"}, bound: 1.05},
	{Title: "MLP step of Adam: to that of SGD", ours: "mlp/adam", theirs: []string{"mlp/dropout"}, bound: 1.2},
	{Title: "CNN step with dropout: to PyTorch's", ours: "cnn/dropout", theirs: torchOf("cnn/dropout"), bound: 1},
	{Title: "bytes allocated in an MLP step", ours: "mlp/dropout", bytes: true, bound: 64 << 10},
}

// reached is an aim with what was measured.
type reached struct {
	Title    string     `json:"title"`
	AtLeast  bool       `json:"at_least,omitempty"`
	Bound    float64    `json:"bound"`
	Bytes    bool       `json:"bytes,omitempty"`
	Measured *quartiles `json:"measured"` // of the rounds; null: not measured
	// Fastest compares the fastest steps of all rounds, which are those that other
	// processes disturbed least.
	Fastest float64 `json:"fastest,omitempty"`
	Against string  `json:"against,omitempty"`
	Met     bool    `json:"met"`
}

// reach compares what was measured with the aims.
func reach(r *result) []reached {
	var rows []reached
	for _, a := range aims {
		row := reached{Title: a.Title, AtLeast: a.times, Bound: a.bound, Bytes: a.bytes}
		q := quartilesOf(nil)
		if ours := r.find(a.ours); ours != nil && a.bytes {
			q = quartilesOf(ours.bytes())
		} else if theirs := r.fastest(a.theirs); ours != nil && theirs != nil {
			row.Against = theirs.Name
			over, under := ours, theirs
			if a.times {
				over, under = theirs, ours
			}
			q = ratios(over.times(), under.times())
			row.Fastest = slices.Min(over.times()) / slices.Min(under.times())
		}
		if !math.IsNaN(q.Median) {
			row.Measured = &q
			row.Met = q.Median <= a.bound
			if a.times {
				row.Met = q.Median >= a.bound
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// bytes returns what the steps of each round allocated, as far as that is known.
func (m *measured) bytes() []float64 {
	var b []float64
	for _, r := range m.Rounds {
		if r.Bytes != nil {
			b = append(b, *r.Bytes)
		}
	}
	return b
}

// find returns a case that was measured, nil if it was not.
func (r *result) find(name string) *measured {
	for _, m := range r.Cases {
		if m.Name == name && len(m.Rounds) > 0 {
			return m
		}
	}
	return nil
}

// fastest returns the case with the fastest step.
func (r *result) fastest(names []string) *measured {
	var best *measured
	for _, name := range names {
		if m := r.find(name); m != nil && (best == nil || slices.Min(m.times()) < slices.Min(best.times())) {
			best = m
		}
	}
	return best
}
