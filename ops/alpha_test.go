package ops_test

import (
	"testing"

	"github.com/gorgonia-dropout/dropout/ops"
)

func TestFeatureAlphaRejects(t *testing.T) {
	checkRejects(t,
		reject{"FeatureAlphaDropout", ops.FeatureAlphaDropout, []int{2}, nil, "x must have shape (N, C, ...)"},
	)
}
