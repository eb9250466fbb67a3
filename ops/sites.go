package ops

import (
	"cmp"
	"slices"

	"gonum.org/v1/gonum/graph"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/draw"
)

// A site is a place in a graph where a dropout was built: the node of its
// forward pass, not those of its gradients.
type site struct {
	draw.Drawing
	node *gorgonia.Node
	x    *gorgonia.Node // what is dropped; of an op that drops its output, node itself
}

// sitesOf returns the dropouts of a graph in the order in which they were built.
func sitesOf(g *gorgonia.ExprGraph) []site {
	nodes := slices.Clone(g.AllNodes())
	slices.SortFunc(nodes, func(a, b *gorgonia.Node) int { return cmp.Compare(a.ID(), b.ID()) })
	var sites []site
	// A dropout and its derivatives share one source. The derivatives are built
	// later.
	seen := make(map[*draw.Source]bool)
	shown := shownSources(nodes)
	for _, n := range nodes {
		d, ok := draw.DrawingOf(n)
		if !ok || seen[d.Source] || d.Dropped == draw.Elsewhere && shown[d.Source] {
			continue
		}
		seen[d.Source] = true
		s := site{Drawing: d, node: n, x: n}
		if in := inputsOf(n); d.Dropped >= 0 && d.Dropped < len(in) {
			s.x = in[d.Dropped]
		}
		sites = append(sites, s)
	}
	return sites
}

// shownSources returns the sources that have a node where they are used, not
// just one that draws.
func shownSources(nodes gorgonia.Nodes) map[*draw.Source]bool {
	shown := make(map[*draw.Source]bool)
	for _, n := range nodes {
		if d, ok := draw.DrawingOf(n); ok && d.Dropped != draw.Elsewhere {
			shown[d.Source] = true
		}
	}
	return shown
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

// MasksPerBatch reports whether a dropout in a graph draws one mask for all
// examples of a batch, as [Batchwise], [ExactK] and dropout of weights such as
// [DropConnect] do. batch are the graph's inputs, whose first axis is that of the
// examples. If it reports false, each row of the batch has its own masks, and
// repeated rows are independent samples.
func MasksPerBatch(batch ...*gorgonia.Node) bool {
	batch = slices.DeleteFunc(slices.Clone(batch), func(n *gorgonia.Node) bool { return n == nil || n.Graph() == nil })
	if len(batch) == 0 {
		return false
	}
	return slices.ContainsFunc(sitesOf(batch[0].Graph()), func(s site) bool {
		ofExamples := slices.ContainsFunc(batch, func(n *gorgonia.Node) bool { return dependsOn(s.x, n) })
		return s.Mode != Eval && (len(s.Shared) > 0 && s.Shared[0] || !ofExamples)
	})
}
