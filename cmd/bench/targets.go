package main

import (
	"math"
	"slices"
)

// A target is a row of the table at the end.
type target struct {
	Title string
	// ours and theirs are the cases compared; of several the best counts.
	ours, theirs []string
	// times says that the ratio is theirs to ours, and is to be at least bound;
	// else it is ours to theirs, and at most bound.
	times bool
	bound float64
	// bytes says that it is the bytes allocated in a step of ours.
	bytes bool
}

// oursOf and torchOf are the variants of this library and of PyTorch for one case, and
// openBLASOf those of OpenBLAS.
func oursOf(name string) []string    { return []string{name + "-ours1", name + "-ours2"} }
func twoOf(name string) []string     { return []string{name + "-ours2"} }
func dropoutOf(name string) []string { return []string{name + "-torch1", name + "-torch2"} }
func torchOf(name string) []string {
	return append(dropoutOf(name), name+"-torchomp1", name+"-torchomp2")
}
func openBLASOf(name string) []string {
	return []string{name + "-pthread1", name + "-pthread2", name + "-OpenMP1", name + "-OpenMP2"}
}

// targets are what is to be reached.
func targets() []target {
	all := []target{
		{Title: "products of the MLP step, 2 goroutines: OpenBLAS's time to ours", ours: twoOf("products/gemm"), theirs: openBLASOf("products/gemm"), times: true, bound: 1},
		{Title: "products of the MLP step, 2 goroutines: Gonum's time to ours", ours: twoOf("products/gemm"), theirs: []string{"products/gemm-gonum"}, times: true, bound: 6},
		{Title: "1024×1024×1024: OpenBLAS's time to ours", ours: oursOf("square/gemm"), theirs: openBLASOf("square/gemm"), times: true, bound: 0.95},
		{Title: "1024×1024×1024: Gonum's time to ours", ours: oursOf("square/gemm"), theirs: []string{"square/gemm-gonum"}, times: true, bound: 6},
		{Title: "MLP step with dropout: to PyTorch's", ours: oursOf("mlp/dropout"), theirs: torchOf("mlp/dropout"), bound: 0.33},
		{Title: "MLP step with dropout: to the limit", ours: oursOf("mlp/dropout"), theirs: []string{"mlp/dropout-limit1", "mlp/dropout-limit2"}, bound: 0.9},
		{Title: "MLP step with submatrix dropout: to ours with dropout", ours: oursOf("mlp/submatrix"), theirs: oursOf("mlp/dropout"), bound: 0.6},
		{Title: "MLP step with submatrix dropout: to PyTorch's with dropout", ours: oursOf("mlp/submatrix"), theirs: torchOf("mlp/dropout"), bound: 0.2},
		{Title: "MLP step with dropout: to the same without", ours: twoOf("mlp/dropout"), theirs: twoOf("mlp/none"), bound: 0.8},
		{Title: "MLP step of Adam: to that of SGD", ours: twoOf("mlp/adam"), theirs: twoOf("mlp/dropout"), bound: 1.2},
		{Title: "CNN step with dropout: to PyTorch's", ours: oursOf("cnn/dropout"), theirs: torchOf("cnn/dropout"), bound: 0.5},
	}
	for _, m := range smallNetworks {
		step := m.String() + "/step"
		all = append(all,
			target{Title: "step of " + m.String() + ": to PyTorch's", ours: oursOf(step), theirs: torchOf(step), bound: 0.4},
			target{Title: "step of " + m.String() + ": to the same with OpenBLAS", ours: oursOf(step), theirs: []string{step + "-pthread1", step + "-pthread2"}, bound: 1})
	}
	return append(all,
		target{Title: "LSTM step: to PyTorch's", ours: oursOf("lstm/step"), theirs: torchOf("lstm/step"), bound: 0.6},
		target{Title: "Transformer step: to PyTorch's", ours: oursOf("transformer/step"), theirs: torchOf("transformer/step"), bound: 0.6},
		target{Title: "two trainings: time in turn to that at once", ours: []string{"pair/at-once"}, theirs: []string{"pair/in-turn"}, times: true, bound: 1.8},
		target{Title: "dropout forward + backward, 1M: gorgonia.Dropout's time to ours", ours: twoOf("op-1M/both"), theirs: []string{"op-1M/both-gorgonia"}, times: true, bound: 40},
		target{Title: "dropout forward + backward, 1M: PyTorch's time to ours", ours: twoOf("op-1M/both"), theirs: dropoutOf("op-1M/both"), times: true, bound: 20},
		target{Title: "dropout forward, 16M: to copying the memory", ours: twoOf("op-16M/forward"), theirs: []string{"op-16M/memcpy"}, bound: 2},
		target{Title: "bytes allocated in an MLP step", ours: twoOf("mlp/dropout"), bytes: true, bound: 64 << 10})
}

// reached is a target with what was measured.
type reached struct {
	Title    string     `json:"title"`
	AtLeast  bool       `json:"at_least,omitempty"`
	Bound    float64    `json:"bound"`
	Bytes    bool       `json:"bytes,omitempty"`
	Measured *quartiles `json:"measured"` // of the rounds; null: not measured
	// Fastest compares the fastest steps of all rounds and variants, which are those that
	// other processes disturbed least.
	Fastest float64 `json:"fastest,omitempty"`
	Ours    string  `json:"ours,omitempty"`    // the case that was compared
	Against string  `json:"against,omitempty"` // with this one
	Missing string  `json:"missing,omitempty"` // cases that could not be compared
	Met     bool    `json:"met"`
}

// reach compares what was measured with the targets.
func reach(r *result, targets []target) []reached {
	var rows []reached
	for _, a := range targets {
		row := reached{Title: a.Title, AtLeast: a.times, Bound: a.bound, Bytes: a.bytes, Missing: r.missing(a.theirs)}
		q := quartilesOf(nil)
		ours := r.best(a.ours)
		if ours != nil && a.bytes {
			q = quartilesOf(ours.bytes())
		} else if theirs := r.best(a.theirs); ours != nil && theirs != nil {
			row.Ours, row.Against = ours.Name, theirs.Name
			q, row.Fastest = ratios(ours.times(), theirs.times()), r.fastestStep(a.ours)/r.fastestStep(a.theirs)
			if a.times {
				q, row.Fastest = ratios(theirs.times(), ours.times()), 1/row.Fastest
			}
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

// missing counts the cases that were not measured, "" if all were or none.
func (r *result) missing(names []string) string {
	n := 0
	for _, name := range names {
		if r.find(name) == nil {
			n++
		}
	}
	if n == 0 || n == len(names) {
		return ""
	}
	return count(n, "variant") + " missing"
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

// best returns the case with the lowest median over the rounds, nil if none was measured.
func (r *result) best(names []string) *measured {
	var best *measured
	for _, name := range names {
		if m := r.find(name); m != nil && (best == nil || quartilesOf(m.times()).Median < quartilesOf(best.times()).Median) {
			best = m
		}
	}
	return best
}

// fastestStep returns the time of the fastest step of cases, of which at least one was
// measured.
func (r *result) fastestStep(names []string) float64 {
	fastest := math.Inf(1)
	for _, name := range names {
		if m := r.find(name); m != nil {
			fastest = min(fastest, slices.Min(m.times()))
		}
	}
	return fastest
}
