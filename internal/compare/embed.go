package compare

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/datasets/tabular"
	"github.com/gorgonia-dropout/dropout/models"
)

// A block is a run of inputs: plain ones, or the levels of a category to embed.
type block struct {
	from, to int
	width    int // of the embedding; 0 leaves the inputs as they are
}

// embedded returns the blocks of the inputs, nil if no category is to be embedded.
func embedded(e *tabular.Encoder) []block {
	var all []block
	found := false
	for _, f := range e.Features {
		b := block{from: f.From, to: f.To}
		if f.Use == tabular.Embedding && f.Width() > 2 {
			found = true
			b.width = min(16, 1+int(math.Ceil(2*math.Sqrt(math.Sqrt(float64(f.Width()))))))
		}
		if n := len(all); n > 0 && b.width == 0 && all[n-1].width == 0 {
			all[n-1].to = b.to
			continue
		}
		all = append(all, b)
	}
	if !found {
		return nil
	}
	return all
}

// blocks is the layer that embeds categories: each level of a category is a row of a
// matrix, "embedding.N.weight". (Guo and Berkhahn, "Entity Embeddings of Categorical
// Variables", 2016.)
type blocks []block

// Apply implements [models.Layer].
func (b blocks) Apply(s *models.Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	if x.Dims() != 2 || x.Shape()[1] != b[len(b)-1].to {
		return nil, s.Errorf("embedding: input must have shape (batch, %d), got %v", b[len(b)-1].to, x.Shape())
	}
	var parts gorgonia.Nodes
	for i, part := range b {
		y, err := gorgonia.Slice(x, nil, gorgonia.S(part.from, part.to))
		if err != nil {
			return nil, s.Wrap(err, "embedding")
		}
		if part.to == part.from+1 {
			// A slice of one column has lost its axis.
			if y, err = gorgonia.Reshape(y, tensor.Shape{x.Shape()[0], 1}); err != nil {
				return nil, s.Wrap(err, "embedding")
			}
		}
		if part.width > 0 {
			if y, err = s.Apply(fmt.Sprintf("embedding.%d", i), models.LinearLayer{In: part.to - part.from, Out: part.width, NoBias: true, Init: models.Normal(0.3)}, y); err != nil {
				return nil, err
			}
		}
		parts = append(parts, y)
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	y, err := gorgonia.Concat(1, parts...)
	return y, s.Wrap(err, "embedding")
}

// Embeds reports whether the network for rows of an encoder embeds a category.
func Embeds(e *tabular.Encoder) bool { return embedded(e) != nil }
