package op

import "gorgonia.org/gorgonia"

// A Role is what an op does to what flows through it, for those that look at whole
// graphs.
type Role uint8

const (
	RoleOther     Role = iota
	RoleShape          // gives the elements another shape or order
	RoleUnary          // works on each element, and is not linear
	RoleBinary         // adds to the elements or multiplies them all alike
	RoleWeights        // is a linear layer or a part of one
	RoleConv           // is a convolution of (N, C, ...), or begins one
	RolePool           // works on the maps of (N, C, ...)
	RoleSoftmax        // normalizes logits
	RoleBatchNorm      // normalizes over the batch
	RoleEmbedding      // looks up rows
	RoleDropout        // keeps, drops or disturbs each element
	RoleAttention      // mixes the times of sequences (N, T, features)
	RoleRecurrent      // is a layer of weights of sequences (N, T, features)
)

// RoleOf returns the role of the op of a node of this frame: what its function's
// method Role() Role says, RoleOther where it has none.
func RoleOf(n *gorgonia.Node) Role {
	if f, ok := FunctionOf(n).(interface{ Role() Role }); ok {
		return f.Role()
	}
	return RoleOther
}

// Activated reports whether the op of a node has an activation fused to it, as the
// method Activated() bool of its function says.
func Activated(n *gorgonia.Node) bool {
	f, ok := FunctionOf(n).(interface{ Activated() bool })
	return ok && f.Activated()
}

// Projection returns which input of the op of a node is a matrix (inputs, outputs) that
// multiplies rows of inputs from the right, as the method Projection() int of its
// function says. ok is false where there is none.
func Projection(n *gorgonia.Node) (input int, ok bool) {
	f, ok := FunctionOf(n).(interface{ Projection() int })
	if !ok {
		return 0, false
	}
	return f.Projection(), true
}
