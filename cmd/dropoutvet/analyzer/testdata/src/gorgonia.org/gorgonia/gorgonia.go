// Package gorgonia has of Gorgonia what the tests name.
package gorgonia

type Node struct{}

type ExprGraph struct{}

func NewGraph() *ExprGraph { return nil }

func (g *ExprGraph) SubgraphRoots(ns ...*Node) *ExprGraph { return g }

type VMOpt func()

func EvalMode() VMOpt { return nil }

func BindDualValues(ns ...*Node) VMOpt { return nil }

type VM interface{ RunAll() error }

func NewTapeMachine(g *ExprGraph, opts ...VMOpt) VM { return nil }

func NewLispMachine(g *ExprGraph, opts ...VMOpt) VM { return nil }

func Dropout(x *Node, dropProb float64) (retVal *Node, err error) { return x, nil }

func Must(n *Node, err error) *Node { return n }
