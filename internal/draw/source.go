package draw

import (
	"fmt"
	"math"
	"sync/atomic"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/schedule"
)

// A Source provides the random words of one op. The op and its derivatives
// share it, so that they cannot disagree on whether they train.
type Source struct {
	Seed  uint64
	Layer uint32
	Mode  Mode

	step     *gorgonia.Node
	training atomic.Bool
}

// Step returns the node that holds the step.
func (s *Source) Step() *gorgonia.Node { return s.step }

// SetTraining turns an [Train] source on or off.
func (s *Source) SetTraining(training bool) { s.training.Store(training) }

// Training reports whether an [Train] source is on.
func (s *Source) Training() bool { return s.training.Load() }

// WithStep returns a source like s that trains and reads another step.
func (s *Source) WithStep(step *gorgonia.Node) *Source {
	c := &Source{Seed: s.Seed, Layer: s.Layer, Mode: s.Mode, step: step}
	c.training.Store(true)
	return c
}

// Active reports whether a run at a step draws.
func (s *Source) Active(step int64) bool {
	switch s.Mode {
	case Sample:
		return true
	case Eval:
		return false
	}
	return s.training.Load() && step >= 0
}

// Stream returns the random stream of the layer at a step.
func (s *Source) Stream(step int64) drop.Stream {
	return drop.Stream{Seed: s.Seed, Layer: s.Layer, Step: uint64(step)}
}

// String distinguishes the source from others. It does not say whether the
// source is training, which may change during the graph's life.
func (s *Source) String() string {
	return fmt.Sprintf("seed=%d layer=%d mode=%v", s.Seed, s.Layer, s.Mode)
}

// StepInput returns the input that takes the step.
func StepInput() op.Input { return op.Input{Name: "step", Of: op.Step} }

// A Drawer is a function that draws random words.
type Drawer interface {
	// Draws describes the drawing; its Source is nil if nothing is drawn after
	// all.
	Draws() Drawing
}

// A Copier is a function that draws and can draw from another source, in a copy
// of its graph.
type Copier interface {
	// Copy returns the function with the sources that source returns for its
	// own, or the error of source.
	Copy(source func(*Source) (*Source, error)) (op.Function, error)
}

// A Drawing describes how an op draws.
type Drawing struct {
	*Source
	Layers  int               // the number of layer ids from that of the source on; 0 is 1
	Rate    schedule.Schedule // nil where a node holds it or there are several
	Shared  []bool            // the axes of what is dropped over which the mask is shared; nil: none
	Dropped int               // the input that is dropped; Output where it is the op's own output
	Drops   bool              // false for noise that drops nothing, whatever its rate
	Effect
}

// An Effect is what audits must know about a dropout.
type Effect struct {
	Channels bool // drops whole channels, of axis 1
	Blocks   bool // drops parts of channels on purpose
	Branches bool // drops branches of residual networks, which normalize batches
}

// Overlaps reports whether two drawings draw the same bits: layers of one stream.
func (d Drawing) Overlaps(e Drawing) bool {
	return d.Seed == e.Seed && d.step == e.step && uint64(d.Layer) <= e.last() && uint64(e.Layer) <= d.last()
}

// last returns the highest layer id that is drawn from.
func (d Drawing) last() uint64 { return uint64(d.Layer) + uint64(max(d.Layers, 1)-1) }

const (
	Output    = -1 // the Dropped of ops that drop their own output
	Elsewhere = -2 // the Dropped of ops that draw for others, which may say so too
)

// DrawingOf returns how the op of a node draws.
func DrawingOf(n *gorgonia.Node) (d Drawing, ok bool) {
	if f, is := op.FunctionOf(n).(Drawer); is {
		d = f.Draws()
	}
	return d, d.Source != nil
}

// nextLayer returns one more than the highest layer id in g.
func nextLayer(g *gorgonia.ExprGraph) (uint32, error) {
	var highest uint64
	for _, n := range g.AllNodes() {
		if d, ok := DrawingOf(n); ok {
			highest = max(highest, d.last())
		}
	}
	if highest >= math.MaxUint32 {
		return 0, errors.Errorf("layer must be set by WithLayer, got none where the last, %d, is in use", highest)
	}
	return uint32(highest) + 1, nil
}
