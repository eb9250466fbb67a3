package op_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
)

func TestShapeOf(t *testing.T) {
	g := gorgonia.NewGraph()
	for _, x := range []op.Operand{matrix(g, tensor.Float64, "x"), testkit.Ramp(tensor.Float64, 2, 3)} {
		if got := op.ShapeOf(x); !got.Eq(tensor.Shape{2, 3}) {
			t.Errorf("shape of a %T must be (2, 3), got %v", x, got)
		}
	}
	if op.ShapeOf(nil) != nil {
		t.Error("nothing must have no shape")
	}
}

func TestShapes(t *testing.T) {
	testkit.Rejects(t, op.NotEmpty("x", tensor.Shape{2, 0}), "x must have elements, got shape (2, 0)")
	testkit.Rejects(t, op.SameShape(tensor.Shape{2}, tensor.Shape{3}, nil), "gradient of y must have shape (3), got (2)")
	if err := op.NotEmpty("x", tensor.Shape{2}); err != nil {
		t.Errorf("shapes that fit must be no error, got %v", err)
	}
	if err := op.SameShape(tensor.Shape{2}, tensor.Shape{2}, nil); err != nil {
		t.Errorf("shapes that fit must be no error, got %v", err)
	}
}
