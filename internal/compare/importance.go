package compare

import (
	"context"
	"math/rand/v2"
	"slices"

	"github.com/gorgonia-dropout/dropout/datasets/tabular"
	"github.com/gorgonia-dropout/dropout/training"
)

// An Importance is how much the error of the networks grows where the values of a column are
// shuffled among the rows of the test part.
type Importance struct {
	Column string   `json:"column"`
	Error  Estimate `json:"error"`
}

// mostShuffled is the number of rows that are predicted for importances, over all columns
// and splits.
const mostShuffled = 1_000_000

// Importances returns the importance of each column for the networks of an arm, the most
// important one first. Nil where the subject is no table.
//
// Source: Breiman, "Random Forests", Machine Learning 45, 2001.
func (e *Experiment) Importances(ctx context.Context, o *Outcome, arm Arm) ([]Importance, error) {
	growth := make(map[string][]float64)
	var names []string
	left := mostShuffled
	for _, split := range o.Splits {
		p, err := e.part(split)
		if err != nil {
			return nil, err
		}
		encoder, ok := p.Fitted.(*tabular.Encoder)
		t, found := e.Chosen(split, arm)
		if !ok || !found {
			return nil, nil
		}
		if left -= p.Test.Len() * len(encoder.Features); left < 0 && split != o.Splits[0] {
			break
		}
		m, err := e.load(p, t)
		if err != nil {
			return nil, err
		}
		n := &Network{Kind: e.Subject.Kind(), Model: m, Outputs: e.Subject.Outputs(), Scale: p.Scale, Noise: ones(e.Subject.Outputs())}
		errorOf := func(data training.Dataset) (float64, error) {
			said, err := n.Predict(ctx, data)
			if err != nil {
				return 0, err
			}
			for range said.Values {
				said.Std = append(said.Std, p.Std)
			}
			return said.wrong(), nil
		}
		before, err := errorOf(p.Test)
		if err != nil {
			return nil, err
		}
		for _, f := range encoder.Features {
			after, err := errorOf(shuffled(p.Test.(*training.Examples), f, seedOf(e.Seed, uint64(split), uint64(f.From), 6)))
			if err != nil {
				return nil, err
			}
			if _, ok := growth[f.Name]; !ok {
				names = append(names, f.Name)
			}
			growth[f.Name] = append(growth[f.Name], after-before)
		}
	}
	var all []Importance
	for _, name := range names {
		all = append(all, Importance{name, Corrected(growth[name], o.Ratio)})
	}
	slices.SortStableFunc(all, func(a, b Importance) int {
		switch {
		case a.Error.Mean > b.Error.Mean:
			return -1
		case a.Error.Mean < b.Error.Mean:
			return 1
		}
		return 0
	})
	return all, nil
}

func ones(n int) []float64 {
	all := make([]float64, n)
	for i := range all {
		all[i] = 1
	}
	return all
}

// shuffled returns examples whose inputs of a column come from other examples.
func shuffled(of *training.Examples, f tabular.Feature, seed uint64) *training.Examples {
	more := *of
	more.X = slices.Clone(of.X)
	width := of.Shape[0]
	order := rand.New(rand.NewPCG(seed, 0)).Perm(of.Len())
	for i, k := range order {
		copy(more.X[i*width+f.From:i*width+f.To], of.X[k*width+f.From:k*width+f.To])
	}
	return &more
}
