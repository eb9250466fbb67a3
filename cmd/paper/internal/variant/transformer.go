package variant

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
)

// The dropout of the parts of blocks and of whole blocks.
var (
	partRate  = Space{Name: "p", Low: 0.02, High: 0.4}
	blockRate = Space{Name: "p of blocks", Low: 0.02, High: 0.5}
)

// blockMethods are the rows of the table of the Transformer.
var blockMethods = []Method{
	{Name: None, Exempt: undecayed, Layers: func(n Net) models.Sequential { return n.blocks(models.TransformerBlock{}) }},
	{
		Name: Ordinary, Source: "Srivastava et al. 2014; Vaswani et al. 2017", Settings: []Space{partRate}, Exempt: undecayed,
		Layers: func(n Net) models.Sequential { return n.blocks(droppedParts(n.Settings[0])) },
	},
	{
		Name: "DropPath", Source: "Huang et al. 2016", Settings: []Space{blockRate}, Exempt: undecayed,
		Layers: func(n Net) models.Sequential {
			return n.blocks(models.TransformerBlock{DropPath: n.Settings[0]})
		},
	},
	{
		Name: "LayerDrop", Source: "Fan, Grave and Joulin 2020", Settings: []Space{blockRate}, Exempt: undecayed,
		Layers: func(n Net) models.Sequential {
			return n.blocks(models.TransformerBlock{LayerDrop: n.Settings[0]})
		},
	},
	{
		Name: "Dropout and LayerDrop", Source: "Fan, Grave and Joulin 2020", Settings: []Space{partRate, blockRate}, Exempt: undecayed,
		Layers: func(n Net) models.Sequential {
			block := droppedParts(n.Settings[0])
			block.LayerDrop = n.Settings[1]
			return n.blocks(block)
		},
	},
}

// undecayed are the scales of normalization, and the bias that is not called so.
var undecayed = []string{"*.in_proj_bias", "*.norm1.weight", "*.norm2.weight", "6.weight"} // the last is behind the blocks

// droppedParts is a block with dropout of its units, attention and output.
func droppedParts(p float64) models.TransformerBlock {
	return models.TransformerBlock{AttentionDropout: p, HiddenDropout: p, ResidualDropout: p}
}

// blocks returns a Transformer that predicts the next character.
func (n Net) blocks(block models.TransformerBlock) models.Sequential {
	const heads = 4
	width := max(heads, n.Hidden[0]/heads*heads) // of networks that are shrunk too
	block.Heads, block.Causal = heads, true
	all := models.Sequential{embedded{n.Inputs / Before, width}, models.Positions(Before)}
	for range n.Hidden {
		all = append(all, block)
	}
	return append(all, models.LayerNorm(), models.LastStep(), models.Linear(width, n.Outputs))
}

// embedded makes of the one-hot vectors of an example's characters, (batch,
// characters·kinds), their embeddings, (batch, characters, width).
type embedded struct{ kinds, width int }

// Apply implements models.Layer.
func (e embedded) Apply(s *models.Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	batch := x.Shape()[0]
	x, err := gorgonia.Reshape(x, []int{batch * Before, e.kinds})
	if err != nil {
		return nil, err
	}
	if x, err = models.Linear(e.kinds, e.width).Apply(s, x); err != nil {
		return nil, err
	}
	return nn.Sequences(x, Before)
}
