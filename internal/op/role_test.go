package op_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
)

type roled struct{ fake }

func (roled) Role() op.Role { return op.RolePool }

func (roled) Activated() bool { return true }

// A node has the role that its function says, and none without one.
func TestRoles(t *testing.T) {
	g := gorgonia.NewGraph()
	x := matrix(g, tensor.Float64, "x")
	said, unsaid := apply(t, roled{doubled(op.AnyRank)}, x), apply(t, doubled(2), x)
	if op.RoleOf(said) != op.RolePool || !op.Activated(said) {
		t.Errorf("a node must have the role that its function says, RolePool and activated, got %v and %v", op.RoleOf(said), op.Activated(said))
	}
	for _, n := range []*gorgonia.Node{unsaid, x} {
		if op.RoleOf(n) != op.RoleOther || op.Activated(n) {
			t.Errorf("%v says no role, and must have none", n)
		}
	}
	if op.FunctionOf(x) != nil || op.FunctionOf(unsaid) == nil {
		t.Error("nodes of the frame alone have functions")
	}
}
