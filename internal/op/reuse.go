package op

import "gorgonia.org/gorgonia"

// ReuseMemory makes each [Op] in g keep the memory of its result from one run
// to the next, where a machine would allocate it anew each time.
func ReuseMemory(g *gorgonia.ExprGraph) {
	for _, n := range g.AllNodes() {
		if op, ok := n.Op().(Op); ok {
			op.reused.on = true
		}
	}
}

// reused is the memory of an op's results, if it is kept.
type reused struct {
	on    bool
	value gorgonia.Value
}

// memory returns where the next result may go: prealloc, which the machine
// offers, or the memory that was kept.
func (r *reused) memory(prealloc gorgonia.Value) gorgonia.Value {
	if r.on {
		return r.value
	}
	return prealloc
}

func (r *reused) keep(result gorgonia.Value) {
	if r.on {
		r.value = result
	}
}
