package models

import (
	"math"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// VariationalDropoutLayer is a linear layer whose weights are normally
// distributed, with a variance for each that training learns: dropout with a
// rate for each weight, which makes most weights superfluous; see
// [ops.VariationalDropout]. Its parameters are those of [LinearLayer], where
// weight holds the means, and log_variance, of the shape of weight. In
// evaluation it computes with the means.
//
// Factor is that of [ops.VariationalRegularizer], which the layer adds to the
// loss: 1/N for N training examples. With 0 nothing is added.
//
// [VariationalSparsity] counts the weights that training has made superfluous,
// [PruneVariational] removes them.
type VariationalDropoutLayer struct {
	Linear      LinearLayer
	LogVariance float64 // at the beginning; 0 is -10
	Factor      float64
	Options     []ops.StreamOption
}

// VariationalDropout returns the layer Linear(in, out) with variational dropout
// of its weights and the factor of its regularizer.
func VariationalDropout(in, out int, factor float64, opts ...ops.StreamOption) VariationalDropoutLayer {
	return VariationalDropoutLayer{Linear: Linear(in, out), Factor: factor, Options: opts}
}

// logVariance is the name of the parameter.
const logVariance = "log_variance"

// Apply adds the layer to the graph of x.
func (l VariationalDropoutLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	const name, byDefault = "VariationalDropout", -10
	if !(l.Factor >= 0) || math.IsInf(l.Factor, 1) {
		return nil, s.Errorf("%s: factor must be finite and not negative, got %v", name, l.Factor)
	}
	first := l.LogVariance
	if first == 0 {
		first = byDefault
	}
	if math.IsNaN(first) || math.IsInf(first, 0) {
		return nil, s.Errorf("%s: LogVariance must be finite, got %v", name, first)
	}
	w, b, err := l.Linear.weights(s, x.Shape())
	if err != nil {
		return nil, err
	}
	// In every graph, so that evaluation has the same parameters.
	logs, err := s.Param(logVariance, w.Shape(), Constant(first))
	if err != nil {
		return nil, err
	}
	mean, err := nn.Dense(x, w, b, nn.ActivationNone)
	if err != nil {
		return nil, s.Wrap(err, name)
	}
	stream, active := s.DropoutStream()
	if !active {
		return mean, nil
	}
	variance, err := variances(x, logs)
	if err != nil {
		return nil, s.Wrap(err, name)
	}
	if s.Mode() == Train && l.Factor > 0 {
		term, err := ops.VariationalRegularizer(w, logs, l.Factor)
		if err != nil {
			return nil, s.Wrap(err, name)
		}
		if err := s.AddLoss(term); err != nil {
			return nil, err
		}
	}
	y, err := ops.VariationalDropout(mean, variance, append([]ops.StreamOption{stream}, l.Options...)...)
	return y, s.Wrap(err, name)
}

// variances returns the variances of the outputs: x² times those of the weights.
func variances(x, logs *gorgonia.Node) (*gorgonia.Node, error) {
	squares, err := gorgonia.Square(x)
	if err != nil {
		return nil, err
	}
	weights, err := gorgonia.Exp(logs)
	if err != nil {
		return nil, err
	}
	return nn.Dense(squares, weights, nil, nn.ActivationNone)
}

// PruneFrom is the logarithm of alpha from which Molchanov et al., ICML 2017,
// prune weights: dropout of the same variance would drop them with probability
// 0.95.
const PruneFrom = 3.0

// A Sparsity says how many weights of a layer of [VariationalDropout] or
// [TargetedDropout] are superfluous.
type Sparsity struct {
	Name            string // of the weights: "0.weight"
	Weights, Pruned int
	Inputs, Outputs int // that have a weight left
}

// VariationalSparsity counts, for each layer of [VariationalDropout], the
// weights of which [ops.LogAlpha] is threshold or more, usually [PruneFrom], and
// the inputs and outputs that others still connect.
func VariationalSparsity(m *Model, threshold float64) ([]Sparsity, error) {
	return variational(m, threshold, false)
}

// PruneVariational sets these weights to 0 and returns their numbers. Training
// on moves them again.
func PruneVariational(m *Model, threshold float64) ([]Sparsity, error) {
	return variational(m, threshold, true)
}

func variational(m *Model, threshold float64, prune bool) (all []Sparsity, err error) {
	if m == nil || math.IsNaN(threshold) {
		return nil, errors.Errorf("models: VariationalSparsity: threshold must be a number and the model not nil, got %v", threshold)
	}
	use := m.View
	if prune {
		use = m.Update
	}
	err = use(func() error {
		params := make(map[string]*Param)
		for _, p := range m.params {
			params[p.Name()] = p
		}
		for _, p := range m.params {
			path, ok := strings.CutSuffix(p.Name(), logVariance)
			w := params[path+"weight"]
			if !ok || w == nil {
				continue
			}
			switch w.Value().Data().(type) {
			case []float32:
				all = append(all, sparsity(w, w.Value().Float32s(), above(w.Value().Float32s(), p.Value().Float32s(), threshold), prune))
			case []float64:
				all = append(all, sparsity(w, w.Value().Float64s(), above(w.Value().Float64s(), p.Value().Float64s(), threshold), prune))
			}
		}
		return nil
	})
	return all, err
}

// above reports of which weights the logarithm of alpha reaches the threshold.
func above[F float32 | float64](w, logs []F, threshold float64) func(i int) bool {
	return func(i int) bool { return ops.LogAlpha(float64(w[i]), float64(logs[i])) >= threshold }
}

// sparsity counts the superfluous weights of a layer, and prunes them if so told.
func sparsity[F float32 | float64](p *Param, w []F, superfluous func(i int) bool, prune bool) Sparsity {
	out := p.shape[1]
	inputs, outputs := make([]bool, p.shape[0]), make([]bool, out)
	s := Sparsity{Name: p.name, Weights: len(w)}
	for i := range w {
		if superfluous(i) {
			s.Pruned++
			if prune {
				w[i] = 0
			}
			continue
		}
		inputs[i/out], outputs[i%out] = true, true
	}
	s.Inputs, s.Outputs = count(inputs), count(outputs)
	return s
}

// count returns how many are true.
func count(all []bool) (n int) {
	for _, v := range all {
		if v {
			n++
		}
	}
	return n
}
