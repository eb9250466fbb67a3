package nn_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
)

func TestTokens(t *testing.T) {
	testkit.CheckFunction(t, unary(nn.Tokens).graph(), []int{2, 3, 4})
	testkit.CheckFunction(t, func(in []*gorgonia.Node) (*gorgonia.Node, error) { return nn.Sequences(in[0], 3) }, []int{6, 2})
	testkit.CheckFunction(t, func(in []*gorgonia.Node) (*gorgonia.Node, error) {
		return nn.AddPositions(in[0], in[1])
	}, []int{2, 3, 4}, []int{5, 4})
	x := testkit.Wave(tensor.Float64, 0, 2, 3, 4)
	y := testkit.Differentiate(t, false, func(in []*gorgonia.Node) (*gorgonia.Node, error) {
		rows, err := nn.Tokens(in[0])
		if err != nil {
			return nil, err
		}
		return nn.Sequences(rows, 3)
	}, x).Y
	testkit.Near(t, "there and back", y, testkit.Floats(t, x), 0)
}
