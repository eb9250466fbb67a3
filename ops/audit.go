package ops

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"gorgonia.org/gorgonia"
)

// A Rule names a mistake that Audit finds.
type Rule string

// The mistakes that Audit knows.
const (
	// DropoutInEval is a dropout that may drop in a graph for evaluation. It is
	// looked for with ForEval.
	DropoutInEval Rule = "dropout in eval"
	// DropoutOnLogits is a dropout of what a softmax normalizes or of the output
	// of the network.
	DropoutOnLogits Rule = "dropout on logits"
	// DropoutBeforeBatchNorm is a dropout that a batch normalization follows,
	// with at most one layer of weights between: inference has another variance
	// than the running statistics (Li et al., "Understanding the Disharmony
	// between Dropout and Batch Normalization by Variance Shift", CVPR 2019).
	DropoutBeforeBatchNorm Rule = "dropout before batch normalization"
	// WrongAxis is a dropout of channels that takes another axis for theirs.
	WrongAxis Rule = "wrong axis"
	// SharedStream is a dropout that draws the bits of another one.
	SharedStream Rule = "shared stream"
	// HighRate is a dropout with a drop probability of 0.9 or more, which may
	// have been meant as the keep probability.
	HighRate Rule = "high rate"
	// BuiltinDropout is a gorgonia.Dropout, whose gradient is wrong for every p
	// but 0.5.
	BuiltinDropout Rule = "built-in dropout"
)

// A Finding is a likely mistake in a graph.
type Finding struct {
	Node    *gorgonia.Node // the dropout
	Rule    Rule
	Problem string // what is wrong and why, a sentence
	Fix     string // what to do, a sentence
}

// String is the finding in one line.
func (f Finding) String() string {
	return fmt.Sprintf("%s: node %d, %v: %s %s", f.Rule, f.Node.ID(), f.Node.Op(), f.Problem, f.Fix)
}

// An AuditOption sets something about an audit that has a default.
type AuditOption func(*audit)

// ForEval says that the graph is for evaluation, so that nothing should drop.
func ForEval() AuditOption { return func(a *audit) { a.eval = true } }

// Audit looks for the classic mistakes with dropout in a graph, with or without
// its gradients, and returns what it finds in the order of building; nil if
// there is nothing. Each dropout is named at most once for each rule. It judges
// by the ops around a dropout, so that it can miss a mistake that is spelled out
// in other ops, and a finding can be meant as it is: one stream for all time
// steps, for instance, is variational dropout. Nothing must be added to the
// graph meanwhile.
func Audit(g *gorgonia.ExprGraph, opts ...AuditOption) []Finding {
	if g == nil {
		return nil
	}
	var a audit
	for _, opt := range opts {
		opt(&a)
	}
	sites := sitesOf(g)
	for i, s := range sites {
		a.inEval(s)
		a.onLogits(s)
		a.beforeBatchNorm(s)
		a.axis(s)
		a.stream(s, sites[:i])
		a.rate(s)
	}
	for _, n := range g.AllNodes() {
		if builtinName(n) == "dropoutOp" {
			a.add(n, BuiltinDropout, "The gradient of gorgonia.Dropout is wrong for every p but 0.5, and two of them on one node become one.", "Use ops.Dropout.")
		}
	}
	slices.SortStableFunc(a.findings, func(f, g Finding) int { return int(f.Node.ID() - g.Node.ID()) })
	return a.findings
}

// audit is an audit under way.
type audit struct {
	eval     bool
	findings []Finding
}

func (a *audit) add(n *gorgonia.Node, r Rule, problem, fix string) {
	a.findings = append(a.findings, Finding{n, r, problem, fix})
}

func (a *audit) inEval(s site) {
	if !a.eval || s.Mode == Inference {
		return
	}
	problem := "It drops at inference unless the machine is made with gorgonia.EvalMode or the step is negative, which nothing in the graph ensures."
	if s.Mode == Sampling {
		problem = "It drops at inference, so that predictions are random: that is meant for Monte-Carlo dropout alone."
	}
	a.add(s.node, DropoutInEval, problem, "Build the graph for evaluation without it, or WithMode(Inference).")
}

func (a *audit) onLogits(s site) {
	if n := follow(s.node, 0, func(r op.Role) bool { return r == op.RoleShape || r == op.RoleBinary }, op.RoleSoftmax); n != nil {
		a.add(s.node, DropoutOnLogits,
			fmt.Sprintf("It goes straight into %v: a zeroed logit is no small one, so that this adds noise to the probabilities and drops nothing.", n.Op()),
			"Drop before the last layer of weights; of attention, drop the weights after the softmax.")
		return
	}
	// Logits have a class for each example, or for each step of one.
	if s.x.Dims() < 2 || s.x.Dims() > 3 || len(usersOf(s.node)) > 0 {
		return
	}
	if last := origin(s.x, func(r op.Role) bool { return r == op.RoleShape || r == op.RoleBinary }, op.RoleWeights); last != nil && !op.Activated(last) {
		a.add(s.node, DropoutOnLogits, "It drops the output of the last layer of weights, and nothing learns to do without it.",
			"Drop before the last layer of weights.")
	}
}

func (a *audit) beforeBatchNorm(s site) {
	if s.Branches {
		return // it is made for networks of batch normalizations
	}
	between := func(r op.Role) bool { return r == op.RoleShape || r == op.RoleBinary || r == op.RoleUnary }
	if n := follow(s.node, 1, between, op.RoleBatchNorm); n != nil {
		a.add(s.node, DropoutBeforeBatchNorm,
			fmt.Sprintf("%v follows it: its running variance is that of thinned activations, which inference does not have.", n.Op()),
			"Drop after the last batch normalization, or lower p.")
	}
}

func (a *audit) axis(s site) {
	channel, ok := channelAxis(s)
	if !ok || channel < 0 || channel >= len(s.Shared) || s.Blocks {
		return
	}
	wrong := s.Channels && channel != 1
	if !wrong && s.Shared[channel] {
		// Dropping whole positions of a map is one thing; sharing a mask over the
		// channels and a part of the other axes looks like another layout.
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

func (a *audit) stream(s site, before []site) {
	for _, b := range before {
		if b.Overlaps(s.Drawing) && (b.x != s.x || b.x == b.node) {
			a.add(s.node, SharedStream,
				fmt.Sprintf("It has seed %d, layer %d and the step of node %d, %v, and so draws the same bits.", s.Seed, s.Layer, b.node.ID(), b.node.Op()),
				"Give it a layer of its own, WithLayer, unless both are to drop the same places, as the time steps of one sequence are.")
			return
		}
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

// builtins are the roles of Gorgonia's own ops by the names of their types, which
// are not exported and say nothing of themselves.
var builtins = map[string]op.Role{
	"reshapeOp": op.RoleShape, "transposeOp": op.RoleShape, "sliceOp": op.RoleShape, "repeatOp": op.RoleShape, "concatOp": op.RoleShape,
	"elemUnaryOp": op.RoleUnary, "elemBinOp": op.RoleBinary,
	"linAlgBinOp": op.RoleWeights, "tensordotOp": op.RoleWeights,
	"im2colOp": op.RoleConv, "maxPoolOp": op.RolePool, "avgPoolOp": op.RolePool, "globalAveragePoolOp": op.RolePool,
	"softmaxOp": op.RoleSoftmax, "BatchNormOp": op.RoleBatchNorm, "byIndicesOp": op.RoleEmbedding,
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
	// A product with a scalar keeps what is linear, one of two tensors may be an
	// activation: gorgonia.Rectify is.
	if in := inputsOf(n); len(in) == 2 && (in[0].IsScalar() || in[1].IsScalar()) && strings.ContainsAny(n.Op().String(), "⊙÷") {
		return op.RoleBinary
	}
	return op.RoleUnary
}

// builtinName returns the name of the type of n's op where that is one of
// Gorgonia's, else nothing.
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

// follow returns a node of the wanted role that is computed from n through nodes
// that pass and at most layers layers of weights, nil if there is none.
func follow(n *gorgonia.Node, layers int, passes func(op.Role) bool, want op.Role) *gorgonia.Node {
	// More paths lead to a node than can be followed; one for each number of
	// layers is enough.
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
				// The product with the weights is yet to come.
				if at.layers == 0 {
					continue
				}
			case at.layers > 0 && (r == op.RoleWeights || r == op.RoleConv):
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

// origin returns a node of the wanted role that n is or is computed from through
// nodes that pass, nil if there is none.
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

// channelAxis returns the axis of x that holds the channels, where the ops
// before or after say which.
func channelAxis(s site) (axis int, ok bool) {
	if axis, ok = channelsOf(s.x, make(map[*gorgonia.Node]bool)); ok {
		return axis, true
	}
	return channelsFor(s.node, make(map[*gorgonia.Node]bool))
}

// channelsOf returns the axis of n's channels by what n is computed from. seen are
// the nodes that do not say.
func channelsOf(n *gorgonia.Node, seen map[*gorgonia.Node]bool) (axis int, ok bool) {
	if seen[n] {
		return 0, false
	}
	seen[n] = true
	in := inputsOf(n)
	switch roleOf(n) {
	case op.RoleConv, op.RolePool, op.RoleBatchNorm:
		return 1, n.Dims() >= 3
	case op.RoleEmbedding:
		return n.Dims() - 1, true
	case op.RoleUnary, op.RoleBinary:
		for _, x := range in {
			if axis, ok = channelsOf(x, seen); ok && x.Dims() == n.Dims() {
				return axis, true
			}
		}
	case op.RoleShape:
		if pattern, is := transposition(n); is {
			if convolves(n, pattern) {
				return 1, true
			}
			if axis, ok = channelsOf(in[0], seen); ok {
				axis = slices.Index(pattern, axis)
			}
			return axis, ok
		}
		// Where a reshape leaves the last axis alone, channels there stay there.
		x := in[0].Shape()
		if axis, ok = channelsOf(in[0], seen); ok && axis == len(x)-1 && n.Dims() > 0 && n.Shape()[n.Dims()-1] == x[axis] {
			return n.Dims() - 1, true
		}
	case op.RoleOther:
		if s := siteAt(n); s != nil {
			return channelsOf(s.x, seen)
		}
	}
	return 0, false
}

// channelsFor returns the axis of the channels of n by what is computed from n.
// seen are the nodes that do not say.
func channelsFor(n *gorgonia.Node, seen map[*gorgonia.Node]bool) (axis int, ok bool) {
	if seen[n] {
		return 0, false
	}
	seen[n] = true
	for _, user := range usersOf(n) {
		switch r := roleOf(user); r {
		case op.RoleConv, op.RolePool, op.RoleBatchNorm:
			return 1, n.Dims() >= 3
		case op.RoleUnary, op.RoleBinary:
			axis, ok = channelsFor(user, seen)
		case op.RoleShape:
			if pattern, is := transposition(user); is {
				if axis, ok = channelsFor(user, seen); ok {
					axis = pattern[axis]
				}
			}
		}
		if ok {
			return axis, true
		}
	}
	return 0, false
}

// siteAt returns the dropout that n is, nil if it is none.
func siteAt(n *gorgonia.Node) *site {
	for _, s := range sitesOf(n.Graph()) {
		if s.node == n {
			return &s
		}
	}
	return nil
}

// transposition returns the axes of its input that the axes of a transposition
// are.
func transposition(n *gorgonia.Node) (pattern []int, ok bool) {
	list, ok := strings.CutPrefix(n.Op().String(), "Aᵀ{")
	if !ok || roleOf(n) != op.RoleShape {
		return nil, false
	}
	for _, field := range strings.Split(strings.TrimSuffix(list, "}"), ", ") {
		var axis int
		if _, err := fmt.Sscan(field, &axis); err != nil {
			return nil, false
		}
		pattern = append(pattern, axis)
	}
	return pattern, len(pattern) == n.Dims()
}

// convolves reports whether a transposition is the end of gorgonia.Conv2d: a
// product with patches, reshaped and brought into the order (N, C, H, W).
func convolves(n *gorgonia.Node, pattern []int) bool {
	return slices.Equal(pattern, []int{0, 3, 1, 2}) &&
		origin(n, func(r op.Role) bool { return r == op.RoleShape || r == op.RoleWeights }, op.RoleConv) != nil
}
