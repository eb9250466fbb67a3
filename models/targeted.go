package models

import (
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/draw"
	"github.com/gorgonia-dropout/dropout/internal/mask"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

// TargetedDropoutLayer is a linear layer that learns to do without the weights of
// least magnitude: of each unit the Share of its weights that are smallest, or of
// the units with Units, are zeroed with probability P in training; see
// [ops.TargetedDropout] and [ops.TargetedUnitDropout]. Its parameters are those
// of [LinearLayer]. In evaluation it computes with all weights, unless
// [PruneTargeted] has removed some.
//
// [ops.WithShare] and [ops.WithRate] let both settings grow in training:
//
//	models.TargetedDropout(784, 1024, 0.75, 0.5, ops.WithShare(schedule.Linear{To: 0.75, End: 20000}))
type TargetedDropoutLayer struct {
	Linear   LinearLayer
	Share, P float64
	Units    bool // instead of single weights
	Options  []ops.TargetedOption
}

// TargetedDropout returns the layer Linear(in, out) with targeted dropout of its
// weights.
func TargetedDropout(in, out int, share, p float64, opts ...ops.TargetedOption) TargetedDropoutLayer {
	return TargetedDropoutLayer{Linear: Linear(in, out), Share: share, P: p, Options: opts}
}

// TargetedUnitDropout returns the layer Linear(in, out) with targeted dropout of
// its units.
func TargetedUnitDropout(in, out int, share, p float64, opts ...ops.TargetedOption) TargetedDropoutLayer {
	return TargetedDropoutLayer{Linear: Linear(in, out), Share: share, P: p, Units: true, Options: opts}
}

// A target is a parameter of a graph that targeted dropout drops.
type target struct {
	param string
	units bool
}

// Apply adds the layer to the graph of x.
func (l TargetedDropoutLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	name, drop := "TargetedDropout", ops.TargetedDropout
	if l.Units {
		name, drop = "TargetedUnitDropout", ops.TargetedUnitDropout
	}
	// Checked in evaluation too, like P.
	if err := draw.CheckShare(l.Share); err != nil {
		return nil, s.Wrap(err, name)
	}
	w, b, err := l.Linear.weights(s, x.Shape())
	if err != nil {
		return nil, err
	}
	s.graph.targets = append(s.graph.targets, target{s.path + "weight", l.Units})
	stream, active, err := s.dropoutStream(name, l.P)
	if err != nil {
		return nil, err
	}
	l.note(s)
	if active && (l.P > 0 && l.Share > 0 || len(l.Options) > 0) {
		if w, err = drop(w, l.Share, l.P, append([]ops.TargetedOption{stream}, l.Options...)...); err != nil {
			return nil, s.Wrap(err, name)
		}
	}
	y, err := nn.Dense(x, w, b, nn.ActivationNone)
	return y, s.Wrap(err, name)
}

// note adds to what Summary says of the layer.
func (l TargetedDropoutLayer) note(s *Scope) {
	share := LayerRate{Field: "share", P: l.Share}
	for _, o := range l.Options {
		switch o.(type) {
		case ops.StreamOption:
		case ops.RateOption:
			s.layer.Rates[len(s.layer.Rates)-1].Varies = true
		default:
			share.Varies = true
		}
	}
	s.layer.Rates = append(s.layer.Rates, share)
}

// PruneTargeted sets the share of the weights that have the smallest magnitudes
// to 0, in each layer of [TargetedDropout] those of each unit and in each of
// [TargetedUnitDropout] those of whole units, chosen as in training, and returns
// how many they were. Biases are left alone, so that a pruned unit is a constant.
// Training on moves the weights again.
//
// To prune a network that was trained without targeted dropout, load its weights
// into a model with these layers: they have the parameters of [Linear].
func PruneTargeted(m *Model, share float64) ([]Sparsity, error) {
	const name = "models: PruneTargeted"
	if m == nil {
		return nil, errors.Errorf("%s: model must not be nil", name)
	}
	if err := draw.CheckShare(share); err != nil {
		return nil, errors.Wrap(err, name)
	}
	if err := m.checkValues(); err != nil {
		return nil, errors.Wrap(err, name)
	}
	g, err := m.Build(Eval, 1)
	if err != nil {
		return nil, err
	}
	var all []Sparsity
	err = m.Update(func() error {
		for i, t := range g.targets {
			if slices.Contains(g.targets[:i], t) {
				continue // a layer that is used twice
			}
			switch p := m.byName[t.param]; w := p.value.Data().(type) {
			case []float32:
				all = append(all, pruneTarget(p, w, share, t.units))
			case []float64:
				all = append(all, pruneTarget(p, w, share, t.units))
			}
		}
		return nil
	})
	return all, err
}

func pruneTarget[F float32 | float64](p *Param, w []F, share float64, units bool) Sparsity {
	rows, cols := p.shape[0], p.shape[1]
	if units {
		chosen := mask.Bools(mask.SmallestColumns(w, cols, cols-ops.KeptCount(cols, share)), cols)
		return sparsity(p, w, func(i int) bool { return chosen[i%cols] }, true)
	}
	chosen := mask.Bools(mask.Smallest(w, cols, rows-ops.KeptCount(rows, share)), len(w))
	return sparsity(p, w, func(i int) bool { return chosen[i] }, true)
}
