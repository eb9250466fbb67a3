package models_test

import (
	"fmt"
	"log"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
)

// LowRank is a linear layer, from (batch, features) to (batch, Units), whose matrix is a
// product of two narrow ones.
type LowRank struct{ Units, Rank int }

// Apply adds the layer to the graph of x.
func (l LowRank) Apply(s *models.Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	down, err := s.Param("down", []int{x.Shape()[1], l.Rank}, models.GlorotUniform)
	if err != nil {
		return nil, err
	}
	up, err := s.Param("up", []int{l.Rank, l.Units}, models.GlorotUniform)
	if err != nil {
		return nil, err
	}
	if x, err = nn.MatMul(x, down); err != nil {
		return nil, s.Wrap(err, "LowRank")
	}
	return nn.MatMul(x, up)
}

// A layer of your own is a type with one method. It trains, is saved and is listed as
// those of this package are.
func ExampleLayer() {
	model, err := models.New(models.Sequential{LowRank{Units: 100, Rank: 4}, models.ReLU(), models.Linear(0, 10)}, []int{50})
	if err != nil {
		log.Fatal(err)
	}
	summary, err := model.Summary()
	if err != nil {
		log.Fatal(err)
	}
	for _, l := range summary.Layers {
		fmt.Println(l.Place, l.Name, l.Output, l.Params)
	}
	// Output:
	// 0 LowRank [100] 600
	// 1 ReLU [100] 0
	// 2 Linear [10] 1010
}
