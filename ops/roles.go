package ops

import (
	"reflect"
	"slices"
	"strings"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/op"
)

// builtinDropout is the name of the type of [gorgonia.Dropout]'s op.
const builtinDropout = "dropoutOp"

// builtins are the roles of Gorgonia's own ops by the names of their types,
// which are not exported and cannot be asked.
var builtins = map[string]op.Role{
	"reshapeOp": op.RoleShape, "transposeOp": op.RoleShape, "sliceOp": op.RoleShape, "repeatOp": op.RoleShape, "concatOp": op.RoleShape,
	"elemUnaryOp": op.RoleUnary, "elemBinOp": op.RoleBinary,
	"linAlgBinOp": op.RoleWeights, "tensordotOp": op.RoleWeights,
	"im2colOp": op.RoleConv, "maxPoolOp": op.RolePool, "avgPoolOp": op.RolePool, "globalAveragePoolOp": op.RolePool,
	"softmaxOp": op.RoleSoftmax, "sparsemaxOp": op.RoleSoftmax, "BatchNormOp": op.RoleBatchNorm, "byIndicesOp": op.RoleEmbedding,
}

func roleOf(n *gorgonia.Node) op.Role {
	name := builtinName(n)
	if name == "" {
		return op.RoleOf(n)
	}
	r := builtins[name]
	if r != op.RoleBinary || strings.ContainsAny(n.Op().String()[:1], "+-") {
		return r
	}
	// A product with a scalar is linear; one of two tensors may be an
	// activation, as in gorgonia.Rectify.
	if in := inputsOf(n); len(in) == 2 && (in[0].IsScalar() || in[1].IsScalar()) && strings.ContainsAny(n.Op().String(), "⊙÷") {
		return op.RoleBinary
	}
	return op.RoleUnary
}

// builtinName returns the name of the type of n's op if that is one of
// Gorgonia's, and else "".
func builtinName(n *gorgonia.Node) string {
	if n.Op() == nil {
		return ""
	}
	t := reflect.Indirect(reflect.ValueOf(n.Op())).Type()
	if !strings.HasPrefix(t.PkgPath(), "gorgonia.org/") {
		return ""
	}
	return t.Name()
}

// passing returns a function that reports whether a role is one of roles.
func passing(roles ...op.Role) func(op.Role) bool {
	return func(r op.Role) bool { return slices.Contains(roles, r) }
}

// follow returns a node with the wanted role that is computed from n through
// nodes that pass and at most the given number of layers of weights, nil if
// there is none.
func follow(n *gorgonia.Node, layers int, passes func(op.Role) bool, want op.Role) *gorgonia.Node {
	// More paths may lead to a node than can be followed; one for each number
	// of layers is enough.
	type place struct {
		n      *gorgonia.Node
		layers int
	}
	seen := make(map[place]bool)
	var visit func(at place) *gorgonia.Node
	visit = func(at place) *gorgonia.Node {
		if seen[at] {
			return nil
		}
		seen[at] = true
		for _, user := range usersOf(at.n) {
			next := place{user, at.layers}
			switch r := roleOf(user); {
			case r == want:
				return user
			case passes(r):
			case r == op.RoleConv && builtinName(user) == "im2colOp":
				// The product with the weights comes later.
				if at.layers == 0 {
					continue
				}
			case at.layers > 0 && (r == op.RoleWeights || r == op.RoleConv || r == op.RoleRecurrent):
				next.layers--
			default:
				continue
			}
			if found := visit(next); found != nil {
				return found
			}
		}
		return nil
	}
	return visit(place{n, layers})
}

// origin returns n, or a node that n is computed from through nodes that pass,
// if it has the wanted role, and nil if there is none.
func origin(n *gorgonia.Node, passes func(op.Role) bool, want op.Role) *gorgonia.Node {
	seen := make(map[*gorgonia.Node]bool)
	var visit func(n *gorgonia.Node) *gorgonia.Node
	visit = func(n *gorgonia.Node) *gorgonia.Node {
		r := roleOf(n)
		if r == want {
			return n
		}
		if seen[n] || !passes(r) {
			return nil
		}
		seen[n] = true
		for _, in := range inputsOf(n) {
			if found := visit(in); found != nil {
				return found
			}
		}
		return nil
	}
	return visit(n)
}
