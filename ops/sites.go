package ops

import (
	"cmp"
	"slices"
	"sync/atomic"

	"gonum.org/v1/gonum/graph"
	"gorgonia.org/gorgonia"
)

// A site is a place in a graph where a dropout was built: the node of its
// forward pass, not those of its gradients.
type site struct {
	*config
	node   *gorgonia.Node
	name   string
	x      *gorgonia.Node // what is dropped; of a fused layer, node itself
	shared []bool         // by axis of x; nil: none
}

// sitesOf returns the dropouts of a graph in the order in which they were built.
func sitesOf(g *gorgonia.ExprGraph) []site {
	nodes := slices.Clone(g.AllNodes())
	slices.SortFunc(nodes, func(a, b *gorgonia.Node) int { return cmp.Compare(a.ID(), b.ID()) })
	var sites []site
	// A dropout and its derivatives have one switch between them. The derivatives
	// are built later.
	seen := make(map[*atomic.Bool]bool)
	for _, n := range nodes {
		s := site{node: n}
		var training *atomic.Bool
		tensors := 1
		switch op := n.Op().(type) {
		case *maskedOp:
			s.config, s.name, s.shared, training = &op.config, op.name, op.shared, op.training
		case *concreteOp:
			s.config, s.name, s.shared, training = &op.config, "ConcreteDropout", op.shared, op.training
		case *choiceOp:
			s.config, s.name, s.shared, training = &op.config, op.name, op.shared, op.training
			tensors = op.from.tensors()
		case functionOp:
			switch f := op.function.(type) {
			case linearForward:
				switch {
				case f.drop != nil:
					s.config, s.name, training = &f.drop.config, f.name(), &f.drop.training
				case f.kept != nil:
					s.config, s.name, training = &f.kept.config, "ExactK", f.kept.training
					s.shared = []bool{true, false}
				default:
					continue
				}
				s.x = n
			case scaled:
				s.config, s.name, training = &f.kept.config, "ExactK", f.kept.training
				s.shared = []bool{true, false}
			default:
				continue
			}
		default:
			continue
		}
		if in := inputsOf(n); !seen[training] && len(in) >= tensors {
			seen[training] = true
			if s.x == nil {
				s.x = in[tensors-1]
			}
			sites = append(sites, s)
		}
	}
	return sites
}

// inputsOf returns the nodes that n is computed from, in order.
func inputsOf(n *gorgonia.Node) gorgonia.Nodes { return nodesOf(n.Graph().From(n.ID())) }

// usersOf returns the nodes that are computed from n.
func usersOf(n *gorgonia.Node) gorgonia.Nodes { return nodesOf(n.Graph().To(n.ID())) }

func nodesOf(it graph.Nodes) (nodes gorgonia.Nodes) {
	for it != nil && it.Next() {
		if n, ok := it.Node().(*gorgonia.Node); ok {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// dependsOn reports whether n is computed from source.
func dependsOn(n, source *gorgonia.Node) bool {
	seen := make(map[*gorgonia.Node]bool)
	var visit func(n *gorgonia.Node) bool
	visit = func(n *gorgonia.Node) bool {
		if n == source {
			return true
		}
		if seen[n] {
			return false
		}
		seen[n] = true
		return slices.ContainsFunc(inputsOf(n), visit)
	}
	return visit(n)
}

// MasksPerBatch reports whether a dropout of a graph draws one mask for all
// examples of a batch: Batchwise and ExactK, and dropout of weights, such as
// DropConnect. batch is the graph's input, whose first axis is that of the
// examples. Where there is none, each row of the batch has masks of its own, and
// repeated rows are independent samples.
func MasksPerBatch(batch *gorgonia.Node) bool {
	if batch == nil || batch.Graph() == nil {
		return false
	}
	return slices.ContainsFunc(sitesOf(batch.Graph()), func(s site) bool {
		if s.mode == Inference {
			return false
		}
		// The mask of words is dropped from ones instead of from the words.
		return len(s.shared) > 0 && s.shared[0] || s.name != "WordDropout" && !dependsOn(s.x, batch)
	})
}
