package metrics

import (
	"encoding/json"
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// GaussianNLL is the mean negative log-likelihood in nats of values under normal
// distributions: of batches whose outputs are, on the last axis, the means and then the
// logarithms of the variances of the targets, as [training.GaussianNLL] trains.
//
// [training.GaussianNLL]: https://pkg.go.dev/github.com/gorgonia-dropout/dropout/training#GaussianNLL
type GaussianNLL struct{}

// Name returns "Gaussian NLL".
func (GaussianNLL) Name() string { return "Gaussian NLL" }

// Direction returns [LowerIsBetter].
func (GaussianNLL) Direction() Direction { return LowerIsBetter }

// Start returns an accumulator for batches with values.
func (g GaussianNLL) Start() (Accumulator, error) {
	return &gaussianNLL{halved{newValueMean(g.Name(), func(loss, _ float64) float64 { return loss }, identity)}}, nil
}

// gaussianNLL is the mean of the losses of single values.
type gaussianNLL struct{ halved }

func (g *gaussianNLL) Add(b Batch) error {
	means, logs, err := halves(b)
	if err != nil {
		return errors.Wrap(err, "metrics: Gaussian NLL")
	}
	targets, _, err := floatsOf("target", b.Target)
	if err != nil {
		return errors.Wrap(err, "metrics: Gaussian NLL")
	}
	for i, s := range logs {
		d := targets.at(i) - means[i]
		scaled := 0.0 // an error of 0 is 0 at any precision
		if d != 0 {
			scaled = float64(d * float64(d*portable.Exp(-s)))
		}
		means[i] = (portable.Log(2*math.Pi) + s + scaled) / 2
	}
	b.Output = tensor.New(tensor.WithShape(b.Target.Shape().Clone()...), tensor.WithBacking(means))
	return g.Accumulator.Add(b)
}

func (g *gaussianNLL) Merge(a Accumulator) error {
	other, err := same(g, a)
	if err != nil {
		return err
	}
	return g.Accumulator.Merge(other.Accumulator)
}

// OfMeans measures the first half of the outputs, on the last axis: the means of a model
// that predicts means and logarithms of variances.
type OfMeans struct{ Of Metric }

// Name returns the name of Of.
func (o OfMeans) Name() string {
	if o.Of == nil {
		return ""
	}
	return o.Of.Name()
}

// Direction returns that of Of.
func (o OfMeans) Direction() Direction {
	if o.Of == nil {
		return LowerIsBetter
	}
	return o.Of.Direction()
}

// Start returns an accumulator for batches with values.
func (o OfMeans) Start() (Accumulator, error) {
	if o.Of == nil {
		return nil, errors.New("metrics: OfMeans: Of must be a metric, got nil")
	}
	a, err := o.Of.Start()
	return &ofMeans{halved{a}}, err
}

type ofMeans struct{ halved }

func (o *ofMeans) Add(b Batch) error {
	means, _, err := halves(b)
	if err != nil {
		return errors.Wrap(err, "metrics: OfMeans")
	}
	b.Output = tensor.New(tensor.WithShape(b.Target.Shape().Clone()...), tensor.WithBacking(means))
	return o.Accumulator.Add(b)
}

func (o *ofMeans) Merge(a Accumulator) error {
	other, err := same(o, a)
	if err != nil {
		return err
	}
	return o.Accumulator.Merge(other.Accumulator)
}

// halved has the state of the accumulator in it.
type halved struct{ Accumulator }

// MarshalJSON writes the state of the accumulator.
func (h *halved) MarshalJSON() ([]byte, error) { return json.Marshal(h.Accumulator) }

// UnmarshalJSON reads it.
func (h *halved) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, h.Accumulator) }

// halves returns the two halves of the outputs, each in the order of the targets.
func halves(b Batch) (first, second []float64, err error) {
	outputs, shape, err := floatsOf("output", b.Output)
	if err != nil {
		return nil, nil, err
	}
	want, ok := shapeOf(b.Target)
	if !ok || len(shape) < 2 || len(want) != len(shape) || shape[len(shape)-1] != 2*want[len(want)-1] || !shape[:len(shape)-1].Eq(want[:len(want)-1]) {
		return nil, nil, errors.Errorf("output must be means and logarithms of variances, twice as many as the targets of shape %v, got shape %v", want, shape)
	}
	each := want[len(want)-1]
	n := op.Size(want)
	first, second = make([]float64, n), make([]float64, n)
	for i := range n {
		at := i/each*2*each + i%each
		first[i], second[i] = outputs.at(at), outputs.at(at+each)
	}
	return first, second, nil
}

func shapeOf(v gorgonia.Value) (tensor.Shape, bool) {
	d, ok := v.(*tensor.Dense)
	if !ok {
		return nil, false
	}
	return d.Shape(), d.Dims() > 0
}
