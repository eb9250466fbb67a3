package uncertainty

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
)

// A Predictor predicts the examples of data sets with a model whose output is
// one row of numbers for each example: logits, for [Predictor.Predict] and
// [Predictor.PredictDeterministic]. Model is required. Each goroutine needs its own Predictor:
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
// (see [models.Graph.MasksPerBatch]) runs pass by pass instead, and up to 8 examples
// then share these masks.
type Predictor struct {
	Model  *models.Model
	Passes int // of Predict and Sample; 0 means 50
	// Gaussian says that the outputs are means and then, as many, the logarithms of
	// variances, as training.GaussianNLL trains: for PredictValues.
	Gaussian bool

	compiled *models.Model // whose samplers these are
	samplers map[samplerKey]*sampler
	onePass  bool // masks belong to the batch

	busy uint32 // 1 while it works
}

// The rows of a sampling run: row pass*sampleBlock + i is pass number pass of
// the run, for example number i of a block of neighbours. The rows of a pass,
// and so its masks, do not move when there are more or fewer passes.
const (
	sampleBlock = 8   // examples in a run
	evalBlock   = 256 // examples in a run without dropout, where the number changes nothing
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

// PredictDeterministic returns the prediction of every example by the model without dropout,
// in one pass: the approximation that Srivastava et al. call weight scaling.
// The variance is zero. Errors are those of [Predictor.Predict].
func (p *Predictor) PredictDeterministic(ctx context.Context, data training.Dataset) ([]Prediction, error) {
	var all []Prediction
	err := p.begin(data)
	if err == nil {
		defer p.end()
		err = p.each(ctx, data, models.Eval, grid{evalBlock, 1, 1}, collect(&all))
	}
	if err != nil {
		return nil, errors.Wrap(err, "uncertainty: PredictDeterministic")
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

// Sample calls f for every example of data, in order, with its index, its label, -1 where
// the targets are numbers,
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
	g := grid{block: sampleBlock, passes: p.Passes}
	if g.passes == 0 {
		g.passes = 50
	}
	g.perRun = min(g.passes, runPasses)
	if p.onePass {
		g.perRun = 1
	}
	return p.each(ctx, data, models.Sample, g, f)
}

// A grid says how passes over the examples are divided into runs.
type grid struct{ block, passes, perRun int }

// each calls f for every example with the outputs of all its passes.
func (p *Predictor) each(ctx context.Context, data training.Dataset, mode models.Mode, g grid, f visitor) error {
	classes := p.Model.OutputShape()[0]
	// outputs[i] holds the passes of example i of the block.
	outputs := make([][][]float64, g.block)
	for i := range outputs {
		memory := make([]float64, g.passes*classes)
		for pass := range g.passes {
			outputs[i] = append(outputs[i], memory[pass*classes:(pass+1)*classes])
		}
	}
	for first := 0; first < data.Len(); first += g.block {
		n := min(g.block, data.Len()-first)
		var labels []int
		for done, run := 0, 0; done < g.passes; run++ {
			if err := ctx.Err(); err != nil {
				return errors.Wrapf(err, "stopped at example %d", first)
			}
			now := min(g.perRun, g.passes-done)
			s, err := p.sampler(samplerKey{mode, g.block, now})
			if err != nil {
				return err
			}
			s.Graph().SetStep(firstStep + int64(first/g.block)<<runsLog + int64(run))
			if err := s.run(data, first, n); err != nil {
				return errors.Wrapf(err, "examples %d to %d", first, first+n-1)
			}
			for i := range n {
				for pass := range now {
					if err := s.Row(pass*g.block+i, outputs[i][done+pass]); err != nil {
						return err
					}
				}
			}
			labels = s.labels
			done += now
		}
		for i := range n {
			label := -1
			if labels != nil {
				label = labels[i]
			}
			if err := f(first+i, label, outputs[i]); err != nil {
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
	p.compiled, p.samplers = p.Model, make(map[samplerKey]*sampler)
	p.onePass = g.MasksPerBatch()
	return nil
}

// samplerKey tells samplers apart.
type samplerKey struct {
	mode          models.Mode
	block, passes int
}

// sampler returns the program for a mode and a number of passes.
func (p *Predictor) sampler(key samplerKey) (*sampler, error) {
	if s, ok := p.samplers[key]; ok {
		return s, nil
	}
	program, err := p.Model.Compile(key.mode, key.passes*key.block)
	if err != nil {
		return nil, err
	}
	s := &sampler{Program: program, memory: make([]int, key.block), indices: make([]int, key.block)}
	p.samplers[key] = s
	return s, nil
}

// A sampler is a program for a number of passes over a block.
type sampler struct {
	*models.Program
	memory  []int // of labels
	labels  []int // of the last run, nil where the targets are numbers
	indices []int // of the examples of the block
}

// run executes the program on n examples from first on. What is left of the block
// repeats the last one.
func (s *sampler) run(data training.Dataset, first, n int) error {
	for i := range s.indices {
		s.indices[i] = first + min(i, n-1)
	}
	s.labels = s.memory
	if training.FieldsOf(data).Target != nil {
		s.labels = nil
	}
	if err := training.GatherInputs(s.Program, data, s.indices, s.labels); err != nil {
		return err
	}
	return s.Run(s.indices)
}
