package training_test

import (
	"fmt"
	"hash"
	"hash/fnv"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// failing is an op of somebody else's that fails when it runs.
type failing struct{}

func (failing) Arity() int { return 1 }
func (failing) Type() hm.Type {
	m := gorgonia.TensorType{Dims: 2, Of: hm.TypeVariable('a')}
	return hm.NewFnType(m, m)
}
func (failing) InferShape(in ...gorgonia.DimSizer) (tensor.Shape, error) {
	return in[0].(tensor.Shape), nil
}
func (failing) Do(...gorgonia.Value) (gorgonia.Value, error) { return nil, errLuck }
func (failing) ReturnsPtr() bool                             { return false }
func (failing) CallsExtern() bool                            { return false }
func (failing) OverwritesInput() int                         { return -1 }
func (f failing) WriteHash(h hash.Hash)                      { fmt.Fprint(h, f) }
func (f failing) Hashcode() uint32 {
	h := fnv.New32a()
	f.WriteHash(h)
	return h.Sum32()
}
func (failing) String() string     { return "failing{}" }
func (failing) DiffWRT(int) []bool { return []bool{true} }
func (failing) SymDiff(_ gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	return gorgonia.Nodes{grad}, nil
}
