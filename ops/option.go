package ops

import (
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/kernel"
)

// A Mode says when a dropout is active.
type Mode uint8

const (
	// Auto follows the machine: active while training, the identity in a
	// machine made with gorgonia.EvalMode and at a negative step.
	Auto Mode = iota
	// Sampling is always active, for Monte-Carlo dropout at inference (Gal and
	// Ghahramani, "Dropout as a Bayesian Approximation", ICML 2016).
	Sampling
	// Inference is always the identity.
	Inference
)

func (m Mode) String() string {
	switch m {
	case Auto:
		return "auto"
	case Sampling:
		return "sampling"
	case Inference:
		return "inference"
	}
	return "invalid mode"
}

// An Option sets something about a dropout that has a default.
type Option func(*config)

// config collects what the options say.
type config struct {
	seed     uint64
	layer    uint32
	hasLayer bool
	step     *gorgonia.Node
	mode     Mode

	rate        Rate
	rateNode    *gorgonia.Node
	hasRateNode bool

	noiseShape    []int
	hasNoiseShape bool
	broadcast     []int

	temperature    float64
	hasTemperature bool
}

// WithSeed sets the seed of the run's random stream. The default is 0, so that
// a program without it repeats itself too.
func WithSeed(seed uint64) Option { return func(c *config) { c.seed = seed } }

// WithLayer sets the id that sets this dropout's masks apart from those of
// other dropouts with the same seed. By default it is one more than the highest
// id in the graph: the first dropout gets 1. Two dropouts of one seed and layer
// draw the same bits.
func WithLayer(id uint32) Option {
	return func(c *config) { c.layer, c.hasLayer = id, true }
}

// WithStep sets the node that holds the training step: an int64 scalar of the
// same graph, or a constant. The default is StepOf(graph).Node(), which counts the runs.
// At a negative step dropout is the identity.
func WithStep(step *gorgonia.Node) Option { return func(c *config) { c.step = step } }

// WithFixedStep makes every run use the one mask of the given step.
func WithFixedStep(step int64) Option {
	return WithStep(gorgonia.NewConstant(step))
}

// WithMode sets when the dropout is active. The default is Auto.
func WithMode(m Mode) Option { return func(c *config) { c.mode = m } }

// layered is an op that draws its masks from a layer's stream.
type layered interface{ layerID() uint32 }

// configure applies the options for an op named name on x, which has a
// temperature or none, and fills in the defaults.
func configure(name string, x *gorgonia.Node, opts []Option, tempered bool) (*config, error) {
	if x == nil || x.Graph() == nil {
		return nil, errors.Errorf("ops: %s: x must be a node of a graph, got none", name)
	}
	if dt, err := dtypeOf(x); err != nil || (dt != tensor.Float32 && dt != tensor.Float64) {
		return nil, errors.Errorf("ops: %s: x must be of float32 or float64, got %v", name, x.Type())
	}
	c := new(config)
	for _, opt := range opts {
		opt(c)
	}
	if c.mode > Inference {
		return nil, errors.Errorf("ops: %s: mode must be Auto, Sampling or Inference, got %d", name, c.mode)
	}
	switch {
	case !tempered && c.hasTemperature:
		return nil, errors.Errorf("ops: %s: temperature must not be given, got %v", name, c.temperature)
	case !c.hasTemperature:
		c.temperature = defaultTemperature
	case !(c.temperature > 0) || math.IsInf(c.temperature, 1):
		return nil, errors.Errorf("ops: %s: temperature must be positive, got %v", name, c.temperature)
	}
	var err error
	if c.step, err = stepFor(x, c.step); err != nil {
		return nil, errors.Wrapf(err, "ops: %s", name)
	}
	if c.hasRateNode {
		if err := c.checkRateNode(x); err != nil {
			return nil, errors.Wrapf(err, "ops: %s", name)
		}
	}
	if !c.hasLayer {
		layer, err := nextLayer(x.Graph())
		if err != nil {
			return nil, errors.Wrapf(err, "ops: %s", name)
		}
		c.layer = layer
	}
	return c, nil
}

// checkRateNode returns an error unless the rate node can be the rate of a
// dropout on x.
func (c *config) checkRateNode(x *gorgonia.Node) error {
	n := c.rateNode
	switch {
	case c.rate != nil:
		return errors.New("rate must be given once, got WithRate and WithRateNode")
	case n == nil:
		return errors.New("rate must be a node, got none")
	case n.Graph() != nil && n.Graph() != x.Graph():
		return errors.New("rate must be a node of x's graph, got one of another graph")
	case !n.IsScalar() || n.Type() != tensor.Float32 && n.Type() != tensor.Float64:
		return errors.Errorf("rate must be a float32 or float64 scalar, got %v", n.Type())
	}
	return nil
}

// active reports whether a dropout that trains or not drops at a step.
func (c *config) active(step int64, training bool) bool {
	switch c.mode {
	case Sampling:
		return true
	case Inference:
		return false
	}
	return training && step >= 0
}

// nextLayer returns one more than the highest layer id in g.
func nextLayer(g *gorgonia.ExprGraph) (uint32, error) {
	var highest uint32
	for _, n := range g.AllNodes() {
		if op, ok := n.Op().(layered); ok {
			highest = max(highest, op.layerID())
		}
	}
	if highest == math.MaxUint32 {
		return 0, errors.Errorf("layer %d is in use: give the next dropout a layer of its own, WithLayer", highest)
	}
	return highest + 1, nil
}

// stream is the random stream of the layer at a step.
func (c *config) stream(step int64) kernel.Stream {
	return kernel.Stream{Seed: c.seed, Layer: c.layer, Step: uint64(step)}
}

// dtypeOf returns the element type of a node, an error where it has none.
func dtypeOf(n *gorgonia.Node) (dt tensor.Dtype, err error) {
	switch t := n.Type().(type) {
	case tensor.Dtype:
		return t, nil
	case gorgonia.TensorType:
		if dt, ok := t.Of.(tensor.Dtype); ok {
			return dt, nil
		}
	}
	return dt, errors.Errorf("want a scalar or tensor, got %v", n.Type())
}
