package nn_test

import (
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
)

func TestGRU(t *testing.T) {
	for _, s := range [][4]int{{3, 4, 2, 5}, {1, 1, 1, 1}, {2, 1, 3, 2}, {1, 6, 1, 3}} {
		testkit.CheckFunction(t, recurrentOp(nn.GRU).graph(nn.RecurrentNoise{}), recurrentShapes(3, s[0], s[1], s[2], s[3])...)
	}
}
