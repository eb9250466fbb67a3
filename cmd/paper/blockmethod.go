package main

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
)

// The dropout of the parts of blocks and of whole blocks.
var (
	partRate  = space{name: "p", low: 0.02, high: 0.4}
	blockRate = space{name: "p of blocks", low: 0.02, high: 0.5}
)

// blockMethods are the rows of the table of the Transformer.
var blockMethods = []variantMethod{
	{name: noDropout, exempt: undecayed, layers: func(n variantNet) models.Sequential { return n.blocks(models.TransformerBlock{}) }},
	{
		name: ordinary, source: "Srivastava et al. 2014; Vaswani et al. 2017", settings: []space{partRate}, exempt: undecayed,
		layers: func(n variantNet) models.Sequential { return n.blocks(droppedParts(n.settings[0])) },
	},
	{
		name: "DropPath", source: "Huang et al. 2016", settings: []space{blockRate}, exempt: undecayed,
		layers: func(n variantNet) models.Sequential {
			return n.blocks(models.TransformerBlock{DropPath: n.settings[0]})
		},
	},
	{
		name: "LayerDrop", source: "Fan, Grave and Joulin 2020", settings: []space{blockRate}, exempt: undecayed,
		layers: func(n variantNet) models.Sequential {
			return n.blocks(models.TransformerBlock{LayerDrop: n.settings[0]})
		},
	},
	{
		name: "Dropout and LayerDrop", source: "Fan, Grave and Joulin 2020", settings: []space{partRate, blockRate}, exempt: undecayed,
		layers: func(n variantNet) models.Sequential {
			block := droppedParts(n.settings[0])
			block.LayerDrop = n.settings[1]
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
func (n variantNet) blocks(block models.TransformerBlock) models.Sequential {
	const heads = 4
	width := max(heads, n.hidden[0]/heads*heads) // of networks that are shrunk too
	block.Heads, block.Causal = heads, true
	all := models.Sequential{embedded{n.inputs / before, width}, models.Positions(before)}
	for range n.hidden {
		all = append(all, block)
	}
	return append(all, models.LayerNorm(), models.LastStep(), models.Linear(width, n.outputs))
}

// embedded makes of the one-hot vectors of an example's characters, (batch,
// characters·kinds), their embeddings, (batch, characters, width).
type embedded struct{ kinds, width int }

// Apply implements models.Layer.
func (e embedded) Apply(s *models.Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	batch := x.Shape()[0]
	x, err := gorgonia.Reshape(x, []int{batch * before, e.kinds})
	if err != nil {
		return nil, err
	}
	if x, err = models.Linear(e.kinds, e.width).Apply(s, x); err != nil {
		return nil, err
	}
	return nn.Sequences(x, before)
}
