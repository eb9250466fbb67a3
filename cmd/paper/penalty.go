package main

import (
	"sync"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
)

// sparsityTarget is the activity that the sparsity penalty asks of a unit.
const sparsityTarget = 0.05

// sparsity is a layer that changes nothing and records its input, so that a
// loss can keep the mean activity of the units near a target. The graphs of a
// model are built one at a time.
type sparsity struct {
	weight, target float64

	mu   sync.Mutex
	seen map[*gorgonia.ExprGraph]gorgonia.Nodes // until there is a loss
}

// Apply implements models.Layer.
func (p *sparsity) Apply(s *models.Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	if s.Mode() == models.Train {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.seen == nil {
			p.seen = make(map[*gorgonia.ExprGraph]gorgonia.Nodes)
		}
		p.seen[s.Graph()] = append(p.seen[s.Graph()], x)
	}
	return x, nil
}

// add returns loss plus the penalty of all layers.
func (p *sparsity) add(loss training.Loss) training.Loss {
	return func(logits, labels, weights *gorgonia.Node) (*gorgonia.Node, error) {
		total, err := loss(logits, labels, weights)
		if err != nil {
			return nil, err
		}
		p.mu.Lock()
		layers := p.seen[logits.Graph()]
		delete(p.seen, logits.Graph())
		p.mu.Unlock()
		for _, h := range layers {
			kl, err := divergence(h, p.target)
			if err == nil {
				kl, err = gorgonia.Mul(kl, constant(h, p.weight))
			}
			if err == nil {
				total, err = gorgonia.Add(total, kl)
			}
			if err != nil {
				return nil, errors.Wrap(err, "sparsity")
			}
		}
		return total, nil
	}
}

// divergence returns, up to a constant, the sum over the units of the
// Kullback-Leibler divergence from a Bernoulli variable of probability target
// to one of the unit's activity. As a ReLU's activity is not a probability, it
// is taken as q = m/(1+m) for the mean m over the batch, for which the
// divergence is log(1+m) - target*log(m). h has shape (batch, units) and is not
// negative.
func divergence(h *gorgonia.Node, target float64) (*gorgonia.Node, error) {
	const tiny = 1e-4 // for units that are off in the whole batch
	m, err := gorgonia.Mean(h, 0)
	if err != nil {
		return nil, err
	}
	up, err := gorgonia.Log1p(m)
	if err != nil {
		return nil, err
	}
	down, err := gorgonia.Add(m, constant(h, tiny))
	if err == nil {
		down, err = gorgonia.Log(down)
	}
	if err == nil {
		down, err = gorgonia.Mul(down, constant(h, target))
	}
	if err == nil {
		up, err = gorgonia.Sub(up, down)
	}
	if err != nil {
		return nil, err
	}
	return gorgonia.Sum(up)
}

// constant returns a scalar of the type of x.
func constant(x *gorgonia.Node, v float64) *gorgonia.Node {
	if x.Dtype() == tensor.Float32 {
		return gorgonia.NewConstant(float32(v))
	}
	return gorgonia.NewConstant(v)
}

// residual turns a network into one whose output is its error in reconstructing
// the input: an autoencoder is trained by the squares of it.
type residual struct{ net models.Layer }

// Apply implements models.Layer.
func (r residual) Apply(s *models.Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	y, err := r.net.Apply(s, x)
	if err != nil {
		return nil, err
	}
	return gorgonia.Sub(y, x)
}

// squares is the sum of the squares of a residual, as the mean over the batch.
func squares(residual, _ *gorgonia.Node) (*gorgonia.Node, error) {
	sq, err := gorgonia.Square(residual)
	if err == nil {
		sq, err = gorgonia.Sum(sq)
	}
	if err != nil {
		return nil, err
	}
	return gorgonia.Mul(sq, constant(residual, 1/float64(residual.Shape()[0])))
}
