package models

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/op"
)

// built notes that layers i to i+n-1 of a Sequential have made the nodes of the
// graph from the given one on, but for those that layers within them have noted.
func (s *Scope) built(from, i, n int) {
	place := s.path + strconv.Itoa(i)
	if n > 1 {
		place = fmt.Sprintf("%s to %s%d", place, s.path, i+n-1)
	}
	for _, node := range s.graph.AllNodes()[from:] {
		if _, ok := s.graph.places[node]; !ok {
			s.graph.places[node] = place
		}
	}
}

// instructionError is what Gorgonia's machines return of an op that failed: the
// error of the op, wrapped with the instruction and its registers.
type instructionError interface {
	error
	Node() *gorgonia.Node
	Err() error
}

// explain returns the error of a machine as one sentence about the model: the layer
// and the op instead of the instruction and its registers. What the op said stays
// in the chain for errors.As.
func (g *Graph) explain(err error) error {
	var failed instructionError
	if !errors.As(err, &failed) || failed.Node() == nil || failed.Node().Op() == nil {
		return err
	}
	cause := said(failed.Err())
	// Our ops say who they are.
	if op.FunctionOf(failed.Node()) == nil {
		cause = errors.WithMessagef(cause, "%v", failed.Node().Op())
	}
	if place, ok := g.places[failed.Node()]; ok {
		return errors.WithMessage(cause, "layer "+place)
	}
	return cause
}

// said is what an op said, without what the machine has put before it.
func said(err error) error {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		before := strings.TrimSuffix(err.Error(), next.Error())
		if before != "" && !strings.HasPrefix(before, "PC ") && !strings.HasPrefix(before, "Failed to ") {
			break
		}
		err = next
	}
	return err
}
