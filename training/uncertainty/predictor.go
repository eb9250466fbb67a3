package uncertainty

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/building"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
	"github.com/gorgonia-dropout/dropout/training"
)

// A Predictor predicts the examples of data sets with a model whose output is
// one row of numbers for each example: logits, for [Predictor.Predict] and
// [Predictor.Plain]. Model is required. Each goroutine needs its own Predictor:
// using one that is busy is an error. The model may be trained meanwhile; each
// run, of up to 64 passes over 8 examples, then uses the parameters of that
// moment.
//
// # Masks
//
// Every pass has its own masks, which depend only on the seed of the model, the
// index of the example in its data set and the number of the pass: not on
// Passes, nor on which examples are predicted together. (If a layer moves an
// axis other than that of the examples to the front, its masks depend on Passes
// too.) The steps begin at 2^62, which training never reaches, so a rate that
// changes with the step has its value at the end of training.
//
// Many passes run as one batch. A model that draws one mask for a whole batch
// (see [ops.MasksPerBatch]) runs pass by pass instead, and up to 8 examples
// then share these masks.
type Predictor struct {
	Model  *models.Model
	Passes int // of Predict and Sample; 0 means 50

	compiled *models.Model // whose programs these are
	programs map[programKey]*program
	onePass  bool // masks belong to the batch

	busy uint32 // 1 while it works
}

// The layout of a sampling run: row pass*sampleBlock + i is pass number pass of
// the run, for example number i of a block of neighbours. The rows of a pass,
// and so its masks, do not move when there are more or fewer passes.
const (
	sampleBlock = 8   // examples in a run
	plainBlock  = 256 // examples in a run without dropout, where the number changes nothing
	runPasses   = 64  // passes in a run, at most
	firstStep   = 1 << 62
	runsLog     = 24 // binary logarithm of the largest number of runs for a block
)

// Predict returns the prediction of every example by Monte Carlo dropout: the
// mean and the variance of the probabilities over the passes. In a model
// without dropout all passes agree. Logits that are NaN or +Inf are an error
// that names the example. When ctx is cancelled Predict returns an error whose
// cause is ctx.Err().
func (p *Predictor) Predict(ctx context.Context, data training.Dataset) ([]Prediction, error) {
	var all []Prediction
	err := p.sample(ctx, data, collect(&all))
	if err != nil {
		return nil, errors.Wrap(err, "uncertainty: Predict")
	}
	return all, nil
}

// Plain returns the prediction of every example by the model without dropout,
// in one pass: the approximation that Srivastava et al. call weight scaling.
// The variance is zero. Errors are those of [Predictor.Predict].
func (p *Predictor) Plain(ctx context.Context, data training.Dataset) ([]Prediction, error) {
	var all []Prediction
	err := p.begin(data)
	if err == nil {
		defer p.end()
		err = p.each(ctx, data, models.Eval, layout{plainBlock, 1, 1}, collect(&all))
	}
	if err != nil {
		return nil, errors.Wrap(err, "uncertainty: Plain")
	}
	return all, nil
}

// collect returns a visitor that adds the prediction of each example to all.
func collect(all *[]Prediction) visitor {
	return func(index, label int, outputs [][]float64) error {
		prediction, err := fromLogits(label, outputs)
		*all = append(*all, prediction)
		return errors.Wrapf(err, "example %d", index)
	}
}

// Sample calls f for every example of data, in order, with its index, its label
// and the output of the model in each pass: Passes rows, which f must not keep.
// For a classifier they are logits. An error from f ends the sampling and is
// returned. When ctx is cancelled Sample returns an error whose cause is
// ctx.Err().
func (p *Predictor) Sample(ctx context.Context, data training.Dataset, f func(index, label int, outputs [][]float64) error) error {
	return errors.Wrap(p.sample(ctx, data, f), "uncertainty: Sample")
}

// A visitor receives the outputs of all passes of an example.
type visitor func(index, label int, outputs [][]float64) error

func (p *Predictor) sample(ctx context.Context, data training.Dataset, f visitor) error {
	if err := p.begin(data); err != nil {
		return err
	}
	defer p.end()
	l := layout{block: sampleBlock, passes: p.Passes}
	if l.passes == 0 {
		l.passes = 50
	}
	l.perRun = min(l.passes, runPasses)
	if p.onePass {
		l.perRun = 1
	}
	return p.each(ctx, data, models.Sample, l, f)
}

// layout says how passes are arranged in runs.
type layout struct{ block, passes, perRun int }

// each calls f for every example with the outputs of all its passes.
func (p *Predictor) each(ctx context.Context, data training.Dataset, mode models.Mode, l layout, f visitor) error {
	classes := p.Model.OutputShape()[0]
	// outputs[i] holds the passes of example i of the block.
	outputs := make([][][]float64, l.block)
	for i := range outputs {
		memory := make([]float64, l.passes*classes)
		for pass := range l.passes {
			outputs[i] = append(outputs[i], memory[pass*classes:(pass+1)*classes])
		}
	}
	for first := 0; first < data.Len(); first += l.block {
		n := min(l.block, data.Len()-first)
		var labels []int
		for done, run := 0, 0; done < l.passes; run++ {
			if err := ctx.Err(); err != nil {
				return errors.Wrapf(err, "stopped at example %d", first)
			}
			now := min(l.perRun, l.passes-done)
			r, err := p.program(programKey{mode, l.block, now})
			if err != nil {
				return err
			}
			r.graph.SetStep(firstStep + int64(first/l.block)<<runsLog + int64(run))
			if err := r.run(data, first, n); err != nil {
				return errors.Wrapf(err, "examples %d to %d", first, first+n-1)
			}
			for i := range n {
				for pass := range now {
					if err := r.row(pass*l.block+i, outputs[i][done+pass]); err != nil {
						return err
					}
				}
			}
			labels = r.labels
			done += now
		}
		for i := range n {
			if err := f(first+i, labels[i], outputs[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// begin marks p as busy, unless it returns an error.
func (p *Predictor) begin(data training.Dataset) error {
	if !atomic.CompareAndSwapUint32(&p.busy, 0, 1) {
		return errors.New("the predictor must be idle, got one at work: give each goroutine its own")
	}
	err := p.check(data)
	if err != nil {
		p.end()
	}
	return err
}

func (p *Predictor) end() { atomic.StoreUint32(&p.busy, 0) }

// check returns an error if the model cannot predict data, and prepares p for
// the model.
func (p *Predictor) check(data training.Dataset) error {
	switch {
	case p.Model == nil:
		return errors.New("Model must be set, got nil")
	case p.Passes < 0 || p.Passes > 1<<runsLog:
		return errors.Errorf("Passes must be in [0, %d], got %d", 1<<runsLog, p.Passes)
	case data == nil || data.Len() == 0:
		return errors.New("data must hold at least one example, got none")
	case !slices.Equal(data.InputShape(), p.Model.InputShape()):
		return errors.Errorf("data must have examples of the model's shape %v, got %v", p.Model.InputShape(), data.InputShape())
	case len(p.Model.OutputShape()) != 1:
		return errors.Errorf("output of the model must be one row for each example, got shape %v", p.Model.OutputShape())
	}
	if p.compiled == p.Model {
		return nil
	}
	g, err := p.Model.Build(models.Sample, sampleBlock)
	if err != nil {
		return err
	}
	p.compiled, p.programs = p.Model, make(map[programKey]*program)
	p.onePass = ops.MasksPerBatch(g.Input)
	return nil
}

type programKey struct {
	mode          models.Mode
	block, passes int
}

// program returns the compiled graph for a mode and a number of passes.
func (p *Predictor) program(key programKey) (*program, error) {
	if r, ok := p.programs[key]; ok {
		return r, nil
	}
	r, err := compile(p.Model, key)
	if err != nil {
		return nil, err
	}
	p.programs[key] = r
	return r, nil
}

// A program is a graph of the model compiled for a number of passes over a
// block, with the memory that it reads.
type program struct {
	graph   *models.Graph
	machine gorgonia.VM
	x       []float32
	wide    []float64 // what the input node holds, for models of float64
	labels  []int
	indices []int // of the examples of the block
}

func compile(m *models.Model, key programKey) (*program, error) {
	g, err := m.Build(key.mode, key.passes*key.block)
	if err != nil {
		return nil, err
	}
	p := &program{
		graph: g, x: make([]float32, g.Input.Shape().TotalSize()),
		labels: make([]int, key.block), indices: make([]int, key.block),
	}
	input := tensor.New(tensor.WithShape(g.Input.Shape()...), tensor.WithBacking(p.x))
	if m.Dtype() == tensor.Float64 {
		p.wide = make([]float64, len(p.x))
		input = tensor.New(tensor.WithShape(g.Input.Shape()...), tensor.WithBacking(p.wide))
	}
	if err := gorgonia.Let(g.Input, input); err != nil {
		return nil, errors.Wrap(err, "binding the input")
	}
	ops.ReuseMemory(g.ExprGraph)
	err = building.Alone(func() error {
		p.machine = gorgonia.NewTapeMachine(g.ExprGraph)
		return nil
	})
	return p, err
}

// run executes the program on n examples from first on. The rest of the block
// repeats the last one.
func (p *program) run(data training.Dataset, first, n int) error {
	for i := range p.indices {
		p.indices[i] = first + min(i, n-1)
	}
	size := len(p.x) / p.graph.Input.Shape()[0] * len(p.indices)
	if err := data.Gather(p.indices, p.x[:size], p.labels); err != nil {
		return err
	}
	for at := size; at < len(p.x); at += size {
		copy(p.x[at:], p.x[:size])
	}
	for i := range p.wide {
		p.wide[i] = float64(p.x[i])
	}
	err := p.graph.Run(p.machine)
	if bad := (*nn.ExampleError)(nil); errors.As(err, &bad) {
		bad.Example = p.indices[bad.Example%len(p.indices)]
	}
	return err
}

// row copies a row of the output.
func (p *program) row(n int, to []float64) error {
	out, ok := p.graph.Output.Value().(*tensor.Dense)
	if !ok || out.DataSize() < (n+1)*len(to) {
		return errors.Errorf("output must be a tensor of %d rows of %d, got %v", n+1, len(to), p.graph.Output.Shape())
	}
	at := n * len(to)
	if out.Dtype() == tensor.Float64 {
		copy(to, out.Float64s()[at:])
		return nil
	}
	for i, v := range out.Float32s()[at : at+len(to)] {
		to[i] = float64(v)
	}
	return nil
}
