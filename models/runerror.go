package models

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/op"
)

// built notes that layers i to i+n-1 of a Sequential made the graph's nodes
// from number from on, except for those that layers within them have noted.
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

// instructionError is what Gorgonia's machines return if an op fails: the op's
// error, wrapped with the instruction and its registers.
type instructionError interface {
	error
	Node() *gorgonia.Node
	Err() error
}

// explain turns the error of a machine into one sentence about the model: the
// layer and the op instead of the instruction and its registers. The op's own
// error stays in the chain for errors.As.
func (g *Graph) explain(err error) error {
	var failed instructionError
	if !errors.As(err, &failed) || failed.Node() == nil || failed.Node().Op() == nil {
		return err
	}
	cause := said(failed.Err())
	// Our own ops name themselves.
	if op.FunctionOf(failed.Node()) == nil {
		cause = errors.WithMessagef(cause, "%v", failed.Node().Op())
	}
	if place, ok := g.places[failed.Node()]; ok {
		return errors.WithMessage(cause, "layer "+place)
	}
	return cause
}

// said returns the op's message without what the machine has put before it.
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
