package ops

import (
	"fmt"
	"math"
	"slices"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/op"
)

// A Rule names a mistake that Audit finds.
type Rule string

// The mistakes that [Audit] finds.
const (
	// DropoutInEval is a dropout that may drop in a graph for evaluation.
	// [Audit] looks for it only with [ForEval].
	DropoutInEval Rule = "dropout in eval"
	// DropoutOnLogits is a dropout of the input of a softmax or of the output
	// of the network.
	DropoutOnLogits Rule = "dropout on logits"
	// DropoutBeforeBatchNorm is a dropout followed by a batch normalization
	// with at most one layer of weights in between: at inference the variance
	// differs from the running statistics (Li et al., "Understanding the
	// Disharmony between Dropout and Batch Normalization by Variance Shift",
	// CVPR 2019).
	DropoutBeforeBatchNorm Rule = "dropout before batch normalization"
	// WrongAxis is a dropout of channels along an axis that does not hold them.
	WrongAxis Rule = "wrong axis"
	// SharedStream is a dropout that draws the same bits as another one. [Audit]
	// does not look for it with [AllowShared].
	SharedStream Rule = "shared stream"
	// HighRate is a dropout with a drop probability of 0.9 or more, which may
	// have been meant as the keep probability.
	HighRate Rule = "high rate"
	// BuiltinDropout is a [gorgonia.Dropout], whose gradient is wrong for every
	// p but 0.5.
	BuiltinDropout Rule = "built-in dropout"
)

// A Finding is a likely mistake in a graph, as [Audit] reports it.
type Finding struct {
	Node    *gorgonia.Node // the dropout
	Rule    Rule
	Problem string // what is wrong and why, a sentence
	Fix     string // what to do, a sentence
}

// String returns the finding in one line.
func (f Finding) String() string {
	return fmt.Sprintf("%s: node %d, %v: %s %s", f.Rule, f.Node.ID(), f.Node.Op(), f.Problem, f.Fix)
}

// An AuditOption changes a default of [Audit].
type AuditOption func(*audit)

// ForEval says that the graph is for evaluation, where nothing should drop.
func ForEval() AuditOption { return func(a *audit) { a.eval = true } }

// AllowShared says that dropouts of one stream are intended, as in a network
// that is built one time step at a time with one mask for all steps.
func AllowShared() AuditOption { return func(a *audit) { a.allowShared = true } }

// Audit looks for the classic mistakes with dropout in a graph, with or without
// its gradients, and returns its findings in the order in which the dropouts
// were built, nil if there are none. It reports each dropout at most once for
// each [Rule], and dropouts that share a stream once. It judges by the ops around a dropout, so it can miss a mistake
// that is spelled out in other ops, and a finding can be intended: one stream
// for all time steps, for instance, is variational dropout ([AllowShared]). Do not add to the
// graph during an audit.
func Audit(g *gorgonia.ExprGraph, opts ...AuditOption) []Finding {
	if g == nil {
		return nil
	}
	var a audit
	for _, opt := range opts {
		opt(&a)
	}
	sites := sitesOf(g)
	for _, s := range sites {
		a.inEval(s)
		a.onLogits(s)
		a.beforeBatchNorm(s)
		a.axis(s)
		a.rate(s)
	}
	a.streams(sites)
	for _, n := range g.AllNodes() {
		if builtinName(n) == builtinDropout {
			a.add(n, BuiltinDropout, "The gradient of gorgonia.Dropout is wrong for every p but 0.5, and two of them on one node become one.", "Use ops.Dropout.")
		}
	}
	slices.SortStableFunc(a.findings, func(f, g Finding) int { return int(f.Node.ID() - g.Node.ID()) })
	return a.findings
}

// audit is an audit in progress.
type audit struct {
	eval        bool
	allowShared bool
	findings    []Finding
}

func (a *audit) add(n *gorgonia.Node, r Rule, problem, fix string) {
	a.findings = append(a.findings, Finding{n, r, problem, fix})
}

func (a *audit) inEval(s site) {
	if !a.eval || s.Mode == Eval {
		return
	}
	does := "drops"
	if !s.Drops {
		does = "adds noise"
	}
	problem := "It " + does + " at inference unless the machine is made with gorgonia.EvalMode or the step is negative, which nothing in the graph ensures."
	if s.Mode == Sample {
		problem = "It " + does + " at inference, so that predictions are random: that is meant for Monte Carlo dropout alone."
	}
	a.add(s.node, DropoutInEval, problem, "Build the graph for evaluation without it, or WithMode(Eval).")
}

func (a *audit) onLogits(s site) {
	if !s.Drops {
		return // noise belongs there
	}
	between := passing(op.RoleShape, op.RoleBinary, op.RoleDropout)
	if n := follow(s.node, 0, between, op.RoleSoftmax); n != nil {
		a.add(s.node, DropoutOnLogits,
			fmt.Sprintf("It goes straight into %v: a zeroed logit is no small one, so that this adds noise to the probabilities and drops nothing.", n.Op()),
			"Drop before the last layer of weights; of attention, drop the weights after the softmax.")
		return
	}
	// Logits belong to an example, or to a step of one.
	if s.x.Dims() < 2 || s.x.Dims() > 3 || len(usersOf(s.node)) > 0 {
		return
	}
	if last := origin(s.x, between, op.RoleWeights); last != nil && !op.Activated(last) {
		a.add(s.node, DropoutOnLogits, "It drops the output of the last layer of weights, and nothing learns to do without it.",
			"Drop before the last layer of weights.")
	}
}

func (a *audit) beforeBatchNorm(s site) {
	if s.Branches {
		return // made for networks with batch normalization
	}
	between := passing(op.RoleShape, op.RoleBinary, op.RoleDropout, op.RoleUnary, op.RolePool, op.RoleAttention)
	if n := follow(s.node, 1, between, op.RoleBatchNorm); n != nil {
		a.add(s.node, DropoutBeforeBatchNorm,
			fmt.Sprintf("%v follows it: its running variance is that of thinned or noisy activations, which inference does not have.", n.Op()),
			"Drop after the last batch normalization, or lower its rate.")
	}
}

func (a *audit) axis(s site) {
	channel, ok := channelAxis(s)
	if !ok || channel < 0 || channel >= len(s.Shared) || s.Blocks || !s.Drops {
		return
	}
	wrong := s.Channels && channel != 1
	if !wrong && s.Shared[channel] {
		// Dropping whole positions of a map may be intended; sharing a mask
		// over the channels and some of the other axes suggests another layout.
		shared, rest := 0, false
		for axis := 1; axis < len(s.Shared); axis++ {
			if s.Shared[axis] {
				shared++
			} else {
				rest = true
			}
		}
		wrong = shared > 1 && rest
	}
	if wrong {
		a.add(s.node, WrongAxis,
			fmt.Sprintf("The channels of x, of shape %v, are at axis %d, but the mask has shape %v: it drops parts of all channels instead of whole ones.",
				s.x.Shape(), channel, maskShape(s)),
			"Share the mask over all axes but those of the batch and the channels, or transpose x.")
	}
}

func maskShape(s site) []int {
	shape := slices.Clone(s.x.Shape())
	for axis, shared := range s.Shared {
		if shared {
			shape[axis] = 1
		}
	}
	return shape
}

// streams reports each set of dropouts that draw the same bits once, at the
// second of them.
func (a *audit) streams(sites []site) {
	if a.allowShared {
		return
	}
	first := make([]int, len(sites)) // of the set to which a site belongs
	var sets [][]int
	for i, s := range sites {
		first[i] = -1
		for j, b := range sites[:i] {
			if !b.Overlaps(s.Drawing) || b.x == s.x && b.x != b.node {
				continue
			}
			if first[j] < 0 {
				first[j] = len(sets)
				sets = append(sets, []int{j})
			}
			first[i] = first[j]
			sets[first[i]] = append(sets[first[i]], i)
			break
		}
	}
	for _, set := range sets {
		b, s := sites[set[0]], sites[set[1]]
		problem := fmt.Sprintf("It has seed %d, layer %d and the step of node %d, %v, and so draws the same bits.", s.Seed, s.Layer, b.node.ID(), b.node.Op())
		if more := len(set) - 2; more > 0 {
			problem += fmt.Sprintf(" So do %d more.", more)
		}
		a.add(s.node, SharedStream, problem,
			"Give it a layer of its own, WithLayer, unless all are to drop the same places, as the time steps of one sequence are: then audit with AllowShared.")
	}
}

func (a *audit) rate(s site) {
	if s.Rate == nil || !s.Drops {
		return
	}
	// Schedules are monotonic.
	if p := max(s.Rate.At(0), s.Rate.At(math.MaxInt64)); p >= 0.9 {
		a.add(s.node, HighRate, fmt.Sprintf("It drops with probability %v, and p is not the probability to keep.", p),
			fmt.Sprintf("If %v is the share to keep, say %.4g.", p, 1-p))
	}
}
