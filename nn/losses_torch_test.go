package nn_test

import (
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/pytorch"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
)

// torchLoss is a case as testdata/losses.py reads it.
type torchLoss struct {
	Loss    string         `json:"loss"`
	Options map[string]any `json:"options"`
	Inputs  []torchTensor  `json:"inputs"`
	Fixed   []torchTensor  `json:"fixed"`
}

type torchTensor struct {
	Shape []int     `json:"shape"`
	Data  []float64 `json:"data"`
	Whole []int     `json:"whole"` // of labels
}

func torchTensors(t *testing.T, all []*tensor.Dense) (out []torchTensor) {
	for _, v := range all {
		if v.Dtype() == tensor.Int {
			out = append(out, torchTensor{Shape: v.Shape(), Whole: v.Ints()})
			continue
		}
		out = append(out, torchTensor{Shape: v.Shape(), Data: testkit.Floats(t, v)})
	}
	return out
}

// The losses agree with PyTorch's with all options, in values and gradients.
func TestLossesAgreeWithPyTorch(t *testing.T) {
	cases := lossCases()
	asked := make([]torchLoss, len(cases))
	for i, c := range cases {
		asked[i] = torchLoss{c.loss, c.options, torchTensors(t, c.inputs), torchTensors(t, c.fixed)}
	}
	var answers []torchAnswer
	pytorch.Run(t, "testdata/losses.py", asked, &answers)
	if len(answers) != len(cases) {
		t.Fatalf("got %d answers for %d cases", len(answers), len(cases))
	}
	for i, c := range cases {
		testkit.Differentiate(t, false, c.graph(t, false), c.inputs...).Near(t, c.String(), testkit.Outcome{Y: answers[i].Y, Grads: answers[i].Grads}, 1e-13)
	}
	t.Logf("%d cases agree with PyTorch to 1e-13 in float64", len(cases))
}
