// Package gorgonia has of Gorgonia what the tests name.
package gorgonia

type Node struct{}

func Dropout(x *Node, dropProb float64) (retVal *Node, err error) { return x, nil }

func Must(n *Node, err error) *Node { return n }
