package ops_test

import (
	"testing"

	"github.com/gorgonia-dropout/dropout/ops"
)

func TestBatchwiseRejects(t *testing.T) {
	checkRejects(t,
		reject{"Batchwise", ops.Batchwise, []int{5}, nil, "x must have shape (N, ...)"},
	)
}
