package models

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/ops"
)

// LockedDropoutLayer zeroes features of sequences (batch, time, features) with
// probability P in training, with one mask for all time steps; see
// [ops.LockedDropout].
type LockedDropoutLayer struct {
	P       float64
	Options []ops.Option
}

// LockedDropout returns the layer that zeroes features of sequences with
// probability p, with one mask for all time steps.
func LockedDropout(p float64, opts ...ops.Option) LockedDropoutLayer {
	return LockedDropoutLayer{P: p, Options: opts}
}

// Apply adds the dropout to the graph of x.
func (l LockedDropoutLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return s.drop("LockedDropout", x, l.P, l.Options, lockedDropout)
}

// lockedDropout is [ops.LockedDropout] of sequences (batch, time, features).
func lockedDropout(x *gorgonia.Node, p float64, opts ...ops.Option) (*gorgonia.Node, error) {
	return ops.LockedDropout(x, p, 1, opts...)
}

// TokenDropoutLayer zeroes whole tokens of (batch, time, features), such as the
// output of an [Embedding], with probability P in training; see
// [ops.TokenDropout].
type TokenDropoutLayer struct {
	P       float64
	Options []ops.Option
}

// TokenDropout returns the layer that zeroes whole tokens with probability p.
func TokenDropout(p float64, opts ...ops.Option) TokenDropoutLayer {
	return TokenDropoutLayer{P: p, Options: opts}
}

// Apply adds the dropout to the graph of x.
func (l TokenDropoutLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return s.drop("TokenDropout", x, l.P, l.Options, ops.TokenDropout)
}

// AttentionDropoutLayer zeroes attention weights (batch, heads, queries, keys) with
// probability P in training; see [ops.AttentionDropout].
type AttentionDropoutLayer struct {
	P       float64
	Options []ops.Option
}

// AttentionDropout returns the layer that zeroes attention weights with
// probability p.
func AttentionDropout(p float64, opts ...ops.Option) AttentionDropoutLayer {
	return AttentionDropoutLayer{P: p, Options: opts}
}

// Apply adds the dropout to the graph of x.
func (l AttentionDropoutLayer) Apply(s *Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
	return s.drop("AttentionDropout", x, l.P, l.Options, ops.AttentionDropout)
}
