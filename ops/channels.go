package ops

import (
	"fmt"
	"slices"
	"strings"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/op"
)

// channelAxis returns the axis of x that holds the channels, if the ops before
// or after it tell.
func channelAxis(s site) (axis int, ok bool) {
	if axis, ok = channelsOf(s.x, make(map[*gorgonia.Node]bool)); ok {
		return axis, true
	}
	return channelsFor(s.node, make(map[*gorgonia.Node]bool))
}

// channelsOf returns the axis of n's channels, judged by what n is computed
// from. seen are the nodes known not to tell.
func channelsOf(n *gorgonia.Node, seen map[*gorgonia.Node]bool) (axis int, ok bool) {
	if seen[n] {
		return 0, false
	}
	seen[n] = true
	in := inputsOf(n)
	switch roleOf(n) {
	case op.RoleConv, op.RolePool, op.RoleBatchNorm:
		return 1, n.Dims() >= 3
	case op.RoleEmbedding, op.RoleAttention, op.RoleRecurrent:
		return n.Dims() - 1, true
	case op.RoleUnary, op.RoleBinary, op.RoleDropout:
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
		// If a reshape keeps the last axis, channels there stay there.
		x := in[0].Shape()
		if axis, ok = channelsOf(in[0], seen); ok && axis == len(x)-1 && n.Dims() > 0 && n.Shape()[n.Dims()-1] == x[axis] {
			return n.Dims() - 1, true
		}
	}
	return 0, false
}

// channelsFor returns the axis of n's channels, judged by what is computed from
// n. seen are the nodes known not to tell.
func channelsFor(n *gorgonia.Node, seen map[*gorgonia.Node]bool) (axis int, ok bool) {
	if seen[n] {
		return 0, false
	}
	seen[n] = true
	for _, user := range usersOf(n) {
		switch r := roleOf(user); r {
		case op.RoleConv, op.RolePool, op.RoleBatchNorm:
			return 1, n.Dims() >= 3
		case op.RoleAttention, op.RoleRecurrent:
			axis, ok = 2, n.Dims() == 3
		case op.RoleUnary, op.RoleBinary, op.RoleDropout:
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

// transposition returns, for each axis of a transposition, the axis of its
// input.
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
	return slices.Equal(pattern, []int{0, 3, 1, 2}) && origin(n, passing(op.RoleShape, op.RoleWeights), op.RoleConv) != nil
}
