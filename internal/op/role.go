package op

import "gorgonia.org/gorgonia"

// A Role is what an op does to the values that flow through it, for code that
// inspects whole graphs.
type Role uint8

const (
	RoleOther     Role = iota
	RoleShape          // gives the elements another shape or order
	RoleUnary          // changes each element, not linearly
	RoleBinary         // adds to the elements or multiplies all by one number
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

// RoleOf returns the role of n's op: the result of its function's method Role()
// Role, or [RoleOther] if it has none.
func RoleOf(n *gorgonia.Node) Role {
	if f, ok := FunctionOf(n).(interface{ Role() Role }); ok {
		return f.Role()
	}
	return RoleOther
}

// Activated reports whether n's op includes a fused activation, according to
// its function's method Activated() bool.
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
