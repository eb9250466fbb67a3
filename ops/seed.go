package ops

import "gorgonia.org/gorgonia"

// Seed gives all dropouts of a graph a seed, as [WithSeed] does, and returns
// their number. It is for graphs that other code builds, where no options can be
// given: by default all graphs of a program have seed 0, and so draw the same
// masks. A graph for each seed makes an ensemble or a repetition.
//
// Seed replaces the seeds that options gave. Dropouts of one layer number that
// only their seeds distinguished draw the same bits then, which [Audit] reports.
// Call it when the graph is built and no machine runs it, before or after
// [gorgonia.Grad]. It does not reach [gorgonia.Dropout], whose seed is the
// clock.
func Seed(g *gorgonia.ExprGraph, seed uint64) (dropouts int) {
	if g == nil {
		return 0
	}
	sites := sitesOf(g)
	for _, s := range sites {
		s.Source.Seed = seed
	}
	return len(sites)
}
