package training

import (
	"reflect"
	"slices"
	"sync/atomic"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/schedule"
	"github.com/gorgonia-dropout/dropout/training/metrics"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// A Trainer fits a model to data. Model, Solver and Epochs are required. A Trainer
// or a solver that works in one goroutine must not be used in another, which is an
// error of the Trainer: each goroutine needs its own. The model may be used by
// others meanwhile: evaluated, sampled and saved.
//
// A Trainer may fit again, with the same fields or others. Each Fit begins at epoch 0
// and step 0 with what the model and the solver have learnt; a solver that has
// trained another model forgets that. Model, Loss and sizes must not change while it
// fits.
//
// The first Trainer of a program gives Gorgonia the products of package blas in this
// folder, as blas.Use does, unless gorgonia.Use was given some.
type Trainer struct {
	Model  *models.Model
	Solver gorgonia.Solver
	Epochs int

	// BatchSize is the number of examples in a step; 0 means 100. The last batch
	// of an epoch is smaller where it does not divide the training set.
	BatchSize int
	// DropLast leaves out that smaller batch: the examples that come last in the
	// order of the epoch, others in each. A batch of one example is too small for
	// batch normalization.
	DropLast bool
	// Accumulate is the number of batches whose gradients make a step: the step is that of
	// one batch as large as all of them, in the memory of one, where examples count alike
	// (batch normalization still sees one batch at a time). The last step of an epoch
	// has what is left. 0 means 1.
	Accumulate int
	// LR, Momentum and WeightDecay give these settings of the solver for each step, from
	// 0, by its methods SetLR(float64), SetMomentum(float64) and
	// SetWeightDecay(float64). nil leaves the solver's setting alone.
	LR, Momentum, WeightDecay schedule.Schedule
	// Groups have settings of their own for some of the parameters: each has those of the
	// first group that it is in.
	Groups []Group
	// NonFinite says what happens when a loss is NaN or infinite: the run ends with an
	// error unless it is SkipNonFinite.
	NonFinite NonFinite
	// Average keeps a mean of the weights and, unless it says otherwise, evaluates and
	// ends with it; nil keeps none.
	Average *Average
	// Loss is what is minimized; nil means CrossEntropy() for labels and MSE() for numbers.
	Loss Loss
	// RDrop gives each example two passes with different masks, whose outputs are to agree;
	// nil means one pass.
	RDrop *RDrop
	// Heads are the further outputs of the model that are trained: the sum of all losses
	// is minimized. The data have their targets.
	Heads []Head
	// Metrics are measured on each batch and each set, besides the accuracy and the NLL
	// of labels; those of a head are metrics.Of. nil means, where the targets are numbers,
	// RMSE and MAE, and of each head RMSE or, of labels, the accuracy; an empty list
	// means none.
	Metrics []metrics.Metric
	// IgnoreIndex is a label that is left out of the loss, where none is set, and of all
	// metrics, such as -1 or -100 for padding, which need not be a class. A Loss of your own must leave it
	// out too: CrossEntropy(nn.WithIgnoreIndex(-1)). nil means none.
	IgnoreIndex *int
	// Monitor says by which metric the epochs of a run are judged: by EarlyStopping and
	// for the best checkpoint.
	Monitor Monitor
	// Seed chooses the order of the examples.
	Seed uint64
	// EvalBatch is the number of examples evaluated at a time; 0 means 500. It
	// does not change the results.
	EvalBatch int
	Callbacks []Callback
	// Device is where the batches are computed: "" or "cpu" for the processor, "cuda:0" for
	// the first NVIDIA GPU, or Auto. What is trained has the same bits; a network with ops
	// that have no kernel for a GPU is an error there. Close frees what is on a device.
	Device string
	// Resume is the state of an earlier run to go on from; nil starts anew. It is an
	// error if the state is of a run with other settings; see Setup.
	Resume *State

	device   string // where Device has led to
	noDevice error  // why it is the processor, for Auto

	// The compiled graphs are of one model, and those for training of one Fit.
	compiled *models.Model
	batches  map[batchKey]*batch
	trained  trained

	fitting, running uint32 // 1 while it fits, and while one of its batches runs
}

// maxAccumulate is more than is useful.
const maxAccumulate = 1 << 20

type batchKey struct {
	mode   models.Mode
	size   int
	fields string // and heads
	device string
}

// trained is what the last Fit trained, and with what.
type trained struct {
	model  *models.Model
	solver gorgonia.Solver
}

// batch returns the compiled batch for a mode and a number of examples with fields.
func (t *Trainer) batch(mode models.Mode, size int, f Fields) (*batch, error) {
	if t.compiled != t.Model {
		t.forget(func(batchKey) bool { return true })
		t.compiled = t.Model
	}
	key := batchKey{mode, size, f.String() + headNames(t.Heads), t.place()}
	if b, ok := t.batches[key]; ok {
		b.ignored = t.IgnoreIndex
		return b, nil
	}
	chooseProducts()
	b, err := t.compile(mode, size, f)
	if err != nil {
		return nil, err
	}
	if t.batches == nil {
		t.batches = make(map[batchKey]*batch)
	}
	t.batches[key] = b
	b.ignored = t.IgnoreIndex
	return b, nil
}

// compile makes a batch.
func (t *Trainer) compile(mode models.Mode, size int, f Fields) (*batch, error) {
	if mode == models.Train {
		b, g, results, err := t.lossBatch(size, f)
		if err != nil {
			return nil, err
		}
		return b, b.compile(g, models.WithResults(results[0]), models.WithComputed(results[1:]...), models.OnDevice(t.place()))
	}
	g, err := t.Model.Build(mode, size)
	if err != nil {
		return nil, err
	}
	return newBatch(g, f, t.Heads, models.OnDevice(t.place()))
}

func (t *Trainer) gradientOptions() gradientOptions {
	return gradientOptions{t.accumulated() == 1 && optim.UpdatesBlocks(t.Solver), t.Groups}
}

// loss is what is minimized for examples with fields.
func (t *Trainer) loss(f Fields) Loss {
	switch {
	case t.Loss != nil:
		return t.Loss
	case f.labelled() && t.IgnoreIndex != nil:
		return CrossEntropy(nn.WithIgnoreIndex(*t.IgnoreIndex))
	case f.labelled() || f.SoftLabels:
		return CrossEntropy()
	}
	return MSE()
}

// measures returns what is measured of examples with fields.
func (t *Trainer) measures(f Fields) []metrics.Metric {
	if f.SoftLabels {
		return nil
	}
	if t.Metrics != nil {
		return t.Metrics
	}
	var all []metrics.Metric
	if !f.labelled() {
		all = append(all, metrics.RMSE{}, metrics.MAE{})
	}
	for _, h := range t.Heads {
		all = append(all, h.measure(f))
	}
	return all
}

// forget closes batches that are not used any more.
func (t *Trainer) forget(which func(batchKey) bool) {
	for key, b := range t.batches {
		if which(key) {
			_ = b.Close() // what a device could not free is lost in any case
			delete(t.batches, key)
		}
	}
}

// Close frees the compiled graphs. The trainer can be used again.
func (t *Trainer) Close() error {
	return t.exclusively(func() error {
		var first error
		for key, b := range t.batches {
			if err := b.Close(); first == nil {
				first = err
			}
			delete(t.batches, key)
		}
		return errors.WithMessage(first, "training: Close")
	})
}

// prepare compiles the graphs for batches of a training set of n examples with fields, so
// that what does not fit is known before the first step, and returns the ops of network and
// loss. Losses are functions, of which
// Go does not tell whether two are one: graphs of an earlier Fit are made anew.
func (t *Trainer) prepare(n int, f Fields) (ops []string, err error) {
	err = t.exclusively(func() error {
		t.forget(func(key batchKey) bool { return key.mode == models.Train })
		size := min(t.batchSize(), n)
		t.resolve(size, f)
		b, err := t.batch(models.Train, size, f)
		if err != nil {
			return err
		}
		ops = b.ops
		rest := n % size
		if rest == 0 || t.DropLast {
			return nil
		}
		_, err = t.batch(models.Train, rest, f)
		return errors.WithMessagef(err, "the last batch of an epoch has %d of the %d examples (set DropLast to leave it out, or another BatchSize than %d)", rest, n, size)
	})
	return ops, err
}

// refresh makes a solver that has trained another model forget it.
func (t *Trainer) refresh() error {
	now := trained{t.Model, t.Solver}
	before := t.trained
	t.trained = now
	if before.model == nil || before.model == now.model || !reflect.TypeOf(now.solver).Comparable() || before.solver != now.solver {
		return nil
	}
	s, ok := t.Solver.(stateful)
	if !ok {
		return errors.Errorf("training: Fit: a solver that has trained another model must have State and SetState to forget it, got %T", t.Solver)
	}
	return errors.Wrap(s.SetState(optim.State{}), "training: Fit")
}

// exclusively calls f, which uses the batches of t. Two goroutines that do so at once
// would overwrite each other's batches.
func (t *Trainer) exclusively(f func() error) error {
	if !atomic.CompareAndSwapUint32(&t.running, 0, 1) {
		return errors.New("the trainer must be idle, got one at work in another goroutine: give each its own")
	}
	defer atomic.StoreUint32(&t.running, 0)
	return f()
}

func (t *Trainer) batchSize() int {
	if t.BatchSize == 0 {
		return 100
	}
	return t.BatchSize
}

func (t *Trainer) evalBatch() int {
	if t.EvalBatch == 0 {
		return 500
	}
	return t.EvalBatch
}

// accumulated is the number of batches of a step.
func (t *Trainer) accumulated() int { return max(t.Accumulate, 1) }

// examplesPerStep is the number of examples in all steps of an epoch but the last, of n
// examples.
func (t *Trainer) examplesPerStep(n int) int { return min(t.batchSize(), n) * t.accumulated() }

// stepsPerEpoch is the number of steps of n examples.
func (t *Trainer) stepsPerEpoch(n int) int {
	batch := t.batchSize()
	batches := n / batch
	if n%batch != 0 && !t.DropLast {
		batches++
	}
	return (batches + t.accumulated() - 1) / t.accumulated()
}

func (t *Trainer) check(data Data) error {
	switch {
	case t.Model == nil:
		return errors.New("training: Fit: Model must be set, got nil")
	case len(t.Model.Params()) == 0:
		return errors.New("training: Fit: Model must have parameters to train, got none")
	case t.Solver == nil:
		return errors.New("training: Fit: Solver must be set, got nil")
	case t.Epochs < 0:
		return errors.Errorf("training: Fit: Epochs must not be negative, got %d", t.Epochs)
	case t.BatchSize < 0:
		return errors.Errorf("training: Fit: BatchSize must not be negative, got %d", t.BatchSize)
	case t.Accumulate < 0 || t.Accumulate > maxAccumulate:
		return errors.Errorf("training: Fit: Accumulate must be in [0, %d], got %d", maxAccumulate, t.Accumulate)
	case t.NonFinite != StopOnNonFinite && t.NonFinite != SkipNonFinite:
		return errors.Errorf("training: Fit: NonFinite must be StopOnNonFinite or SkipNonFinite, got %d", t.NonFinite)
	case t.DropLast && data.Train != nil && data.Train.Len() < t.batchSize():
		return errors.Errorf("training: Fit: with DropLast the training set must have a batch of %d examples, got %d", t.batchSize(), data.Train.Len())
	case t.EvalBatch < 0:
		return errors.Errorf("training: Fit: EvalBatch must not be negative, got %d", t.EvalBatch)
	}
	for _, check := range []func() error{t.checkSchedules, t.checkGroups, t.Average.check, t.checkDevice} {
		if err := check(); err != nil {
			return errors.Wrap(err, "training: Fit")
		}
	}
	if err := t.checkCallbacks(); err != nil {
		return errors.Wrap(err, "training: Fit")
	}
	if err := checkHeads(t.Model, t.Heads); err != nil {
		return errors.WithMessage(err, "training: Fit")
	}
	if err := t.checkData("Train", data.Train); err != nil {
		return err
	}
	if err := t.RDrop.check(FieldsOf(data.Train)); err != nil {
		return errors.Wrap(err, "training: Fit")
	}
	if f := FieldsOf(data.Train); t.IgnoreIndex != nil && !f.labelled() {
		return errors.Errorf("training: Fit: targets must be labels for IgnoreIndex, got %v", f)
	}
	if _, err := metrics.New(t.measures(data.judged())...); err != nil {
		return errors.WithMessage(err, "training: Fit: Metrics")
	}
	for _, other := range []struct {
		name string
		data Dataset
	}{{"Validation", data.Validation}, {"Test", data.Test}} {
		if other.data == nil {
			continue
		}
		if err := t.checkData(other.name, other.data); err != nil {
			return err
		}
		if got, want := FieldsOf(other.data), FieldsOf(data.Train); got.labelled() && want.SoftLabels {
			continue
		} else if !slices.Equal(got.Target, want.Target) || got.labelled() != want.labelled() {
			return errors.Errorf("training: %s must have the targets of Train, %v, got %v", other.name, want, got)
		}
	}
	return nil
}

// checkSolver returns the error of the solver's own method Validate, if it has one,
// with the rate that the first step of r will have. It is for the run alone to call: a
// schedule sets the rate.
func (r *Run) checkSolver() error {
	t := r.Trainer
	if err := r.followSchedules(); err != nil {
		return errors.Wrap(err, "training: Fit")
	}
	if v, ok := t.Solver.(interface{ Validate() error }); ok {
		return errors.WithMessage(v.Validate(), "training: Fit")
	}
	return nil
}

func (t *Trainer) checkData(name string, d Dataset) error {
	if d == nil || d.Len() == 0 {
		return errors.Errorf("training: %s must hold at least one example, got none", name)
	}
	if got, want := d.InputShape(), t.Model.InputShape(); !slices.Equal(got, want) {
		return errors.Errorf("training: %s must have examples of the model's shape %v, got %v", name, want, got)
	}
	if err := checkInputs(t.Model, d); err != nil {
		return errors.WithMessagef(err, "training: %s", name)
	}
	fields := FieldsOf(d)
	for _, h := range t.Heads {
		if err := h.checkFields(fields); err != nil {
			return errors.WithMessagef(err, "training: %s", name)
		}
	}
	return nil
}
