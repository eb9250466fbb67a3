package models

import (
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/bounded"
)

// A Param is a parameter of a [Model]: a tensor that training changes in place.
type Param struct {
	name   string
	shape  tensor.Shape
	value  *tensor.Dense // nil in a sketch
	frozen bool          // guarded by Model.use
	model  *Model
}

// Name returns the parameter's name in its model, such as "0.weight".
func (p *Param) Name() string { return p.name }

// Shape returns the parameter's shape.
func (p *Param) Shape() tensor.Shape { return p.shape.Clone() }

// Value returns the tensor that all graphs of the model share, nil in a model
// made [AsSketch].
func (p *Param) Value() *tensor.Dense {
	if p.model != nil {
		p.model.home.fetchLater()
	}
	return p.value
}

// A Model is an architecture with its parameters. [New] makes it; graphs built
// from it do the work. After New its methods may be called from several
// goroutines, and its graphs may run at the same time by [Graph.Run], each in
// one goroutine.
type Model struct {
	net    Layer
	input  tensor.Shape
	output tensor.Shape
	dtype  tensor.Dtype
	seed   uint64
	apart  bool // layers are not fused
	sketch bool // parameters have no values
	masked bool // WithMask

	declared []Input  // the further inputs
	heads    []output // the further outputs, of a graph of one example

	params []*Param
	byName map[string]*Param
	sealed bool // New is done: no new parameter may appear

	use  sync.RWMutex // guards the values of the parameters and states
	home home         // where they are, besides the host

	turned func() (map[string]bool, error) // findTurned, once
}

// An Option changes a default of [New].
type Option func(*Model)

// WithSeed sets the seed of the initial parameters and of the dropout masks, by
// default 0.
func WithSeed(seed uint64) Option { return func(m *Model) { m.seed = seed } }

// WithDtype makes the model compute in tensor.Float64 instead of
// tensor.Float32.
func WithDtype(dt tensor.Dtype) Option { return func(m *Model) { m.dtype = dt } }

// WithoutFusion builds graphs with one op or more for each layer, Gorgonia's
// own where it has one, instead of computing layers together. They are slower,
// give the same numbers within rounding, and have second derivatives.
func WithoutFusion() Option { return func(m *Model) { m.apart = true } }

// New returns the model of net for examples of the given shape: {784} for flat
// images, {1, 28, 28} for images of one channel. It makes and initializes all
// parameters and checks that the layers fit together.
func New(net Layer, input []int, opts ...Option) (*Model, error) {
	m := &Model{net: net, input: slices.Clone(input), dtype: tensor.Float32, byName: make(map[string]*Param)}
	for _, opt := range opts {
		opt(m)
	}
	if net == nil {
		return nil, errors.New("models: New: net must be a layer, got nil")
	}
	if m.dtype != tensor.Float32 && m.dtype != tensor.Float64 {
		return nil, errors.Errorf("models: New: dtype must be float32 or float64, got %v", m.dtype)
	}
	for _, d := range input {
		if d <= 0 {
			return nil, errors.Errorf("models: New: input shape must be positive, got %v", input)
		}
	}
	if _, err := bounded.Product(maxValues, input...); err != nil {
		return nil, errors.Wrap(err, "models: New: input")
	}
	if err := m.declare(); err != nil {
		return nil, err
	}
	// A training graph has everything that an evaluation graph has.
	g, err := m.Build(Train, 1)
	if err != nil {
		return nil, err
	}
	if err := g.checkUsed(); err != nil {
		return nil, err
	}
	m.heads = g.outputs
	m.output = g.Output.Shape()[1:]
	m.sealed = true
	m.turned = sync.OnceValues(m.findTurned)
	return m, nil
}

// Params returns the parameters in the order of the layers.
func (m *Model) Params() []*Param { return slices.Clone(m.params) }

// InputShape returns the shape of an example.
func (m *Model) InputShape() []int { return slices.Clone(m.input) }

// OutputShape returns the shape of the output for an example.
func (m *Model) OutputShape() []int { return slices.Clone(m.output) }

// Dtype returns the type that the model computes in.
func (m *Model) Dtype() tensor.Dtype { return m.dtype }

// Seed returns the seed of the initial parameters and of the dropout masks.
func (m *Model) Seed() uint64 { return m.seed }

// NumParams returns the number of values in all parameters.
func (m *Model) NumParams() int {
	n := 0
	for _, p := range m.params {
		n += p.shape.TotalSize()
	}
	return n
}

// maxValues limits the values of a parameter, and of the examples of a batch.
const maxValues = math.MaxInt32

// param returns the parameter called name, which it makes at first use, without
// values if sketch is true.
func (m *Model) param(name string, shape tensor.Shape, init Init, sketch bool) (*Param, error) {
	if p, ok := m.byName[name]; ok {
		if !p.shape.Eq(shape) {
			return nil, errors.Errorf("models: parameter %s must have shape %v, got %v", name, p.shape, shape)
		}
		return p, nil
	}
	if m.sealed {
		return nil, errors.Errorf("models: parameter %s must be there in every graph, got it first after New", name)
	}
	if strings.Contains(name, "/") {
		return nil, errors.Errorf("models: parameter's name must not have a \"/\", which tells other tensors of a checkpoint, got %q", name)
	}
	size, err := bounded.Product(maxValues, shape...)
	if err != nil {
		return nil, errors.Wrapf(err, "models: parameter %s", name)
	}
	if len(shape) == 0 || size == 0 {
		return nil, errors.Errorf("models: parameter %s must have a positive size, got shape %v", name, shape)
	}
	if init == nil {
		return nil, errors.Errorf("models: parameter %s must have an Init, got nil", name)
	}
	p := &Param{name: name, shape: shape.Clone(), model: m}
	if !sketch {
		values := make([]float64, size)
		init(values, shape, source(m.seed, name))
		p.value = dense(values, shape, m.dtype)
	}
	m.params = append(m.params, p)
	m.byName[name] = p
	return p, nil
}

// dense returns a tensor of dt with the given values.
func dense(values []float64, shape tensor.Shape, dt tensor.Dtype) *tensor.Dense {
	if dt == tensor.Float64 {
		return tensor.New(tensor.WithShape(shape.Clone()...), tensor.WithBacking(values))
	}
	narrow := make([]float32, len(values))
	for i, v := range values {
		narrow[i] = float32(v)
	}
	return tensor.New(tensor.WithShape(shape.Clone()...), tensor.WithBacking(narrow))
}
