package training

import (
	"context"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// A Trainer fits a model to data. Model, Solver and Epochs are required. A Trainer
// or a solver that works in one goroutine must not be used in another, which is an
// error of the Trainer: each goroutine needs its own. The model may be used by
// others meanwhile: evaluated, sampled and saved.
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
	// Schedule gives the learning rate of each step, from 0, to a solver with a
	// method SetLR(float64). nil leaves the solver's rate alone.
	Schedule optim.Schedule
	// Loss is what is minimized; nil means CrossEntropy().
	Loss Loss
	// Seed chooses the order of the examples.
	Seed uint64
	// EvalBatch is the number of examples evaluated at a time; 0 means 500. It
	// does not change the results.
	EvalBatch int
	Callbacks []Callback
	// Resume is the state of an earlier run to go on from; nil starts anew.
	Resume *State

	programs map[programKey]*program

	fitting, running uint32 // 1 while it fits, and while one of its programs runs
}

type programKey struct {
	mode  models.Mode
	batch int
}

// Fit trains the model for Epochs passes over data.Train and evaluates it.
//
// When ctx is cancelled the run stops after the current step: Fit returns the
// history so far with an error whose cause is ctx.Err(), and the model keeps
// what it has learnt. If the loss becomes NaN or infinite, the error names the
// step and is a *NonFiniteError, which says where that began: in a parameter, in an
// example or in a layer. Parameters that are not finite are such an error too, at the
// start and the end of each epoch.
func (t *Trainer) Fit(ctx context.Context, data Data) (*History, error) {
	if err := t.check(data); err != nil {
		return nil, err
	}
	if !atomic.CompareAndSwapUint32(&t.fitting, 0, 1) {
		return nil, errors.New("training: Fit: the trainer must be idle, got one that fits: give each run its own")
	}
	defer atomic.StoreUint32(&t.fitting, 0)
	start := time.Now()
	r := &Run{Trainer: t, History: &History{}}
	n, batch := data.Train.Len(), t.batchSize()
	r.StepsPerEpoch = (n + batch - 1) / batch
	err := r.tell(func(c Callback) func(*Run) error { return c.OnStart })
	if err == nil && t.Resume != nil {
		err = r.resume(t.Resume)
	}
	if err == nil {
		err = errors.Wrap(r.finite(), "training: Fit")
	}
	for ; err == nil && r.Epoch < t.Epochs && r.stop == ""; r.Epoch++ {
		err = t.epoch(ctx, r, data)
	}
	r.History.Steps = r.Steps
	r.History.Stopped = r.stop
	r.Err = err
	// The end is told even of a run that failed, since what was done is kept.
	err = r.end()
	for _, final := range []struct {
		data Dataset
		to   **Metrics
	}{
		{data.Train, &r.History.Train}, {data.Validation, &r.History.Validation}, {data.Test, &r.History.Test},
	} {
		if err == nil && final.data != nil {
			var m Metrics
			if m, err = t.Evaluate(ctx, final.data); err == nil {
				*final.to = &m
			}
		}
	}
	r.History.Time = time.Since(start)
	return r.History, err
}

// epoch makes one pass over the training set, or the rest of one.
func (t *Trainer) epoch(ctx context.Context, r *Run, data Data) error {
	start, before := time.Now(), r.partial.Time
	indices := order(t.Seed, r.Epoch, data.Train.Len())
	batch := t.batchSize()
	for r.batches < r.StepsPerEpoch {
		if err := ctx.Err(); err != nil {
			return errors.Wrapf(err, "training: Fit: stopped at epoch %d, step %d", r.Epoch, r.Steps)
		}
		examples := indices[r.batches*batch : min((r.batches+1)*batch, len(indices))]
		if err := t.step(r, data.Train, examples); err != nil {
			return err
		}
		// The mean of the losses so far, as a mean, so that it can be gone on with.
		e := &r.partial
		seen := float64(r.batches * batch)
		e.Loss = (e.Loss*seen + r.Loss*float64(len(examples))) / (seen + float64(len(examples)))
		e.Train.merge(r.Batch)
		e.Epoch, e.Step, e.LR, e.Time = r.Epoch, r.Steps, r.LR, before+time.Since(start)
		r.batches++
		if err := r.tell(func(c Callback) func(*Run) error { return c.OnStep }); err != nil {
			return err
		}
		if r.stop != "" {
			break
		}
	}
	if err := r.finite(); err != nil {
		return errors.Wrap(err, "training: Fit")
	}
	e := r.partial
	if data.Validation != nil {
		m, err := t.Evaluate(ctx, data.Validation)
		if err != nil {
			return err
		}
		e.Validation = &m
	}
	e.Time = before + time.Since(start)
	r.History.Epochs = append(r.History.Epochs, e)
	r.next, r.batches, r.partial = r.Epoch+1, 0, Epoch{}
	return r.tell(func(c Callback) func(*Run) error { return c.OnEpoch })
}

// step makes one update.
func (t *Trainer) step(r *Run, data Dataset, indices []int) error {
	var params []gorgonia.ValueGrad
	err := t.alone(func() error {
		p, err := t.program(models.Train, len(indices))
		if err != nil {
			return err
		}
		params = p.params
		p.graph.SetStep(r.Steps)
		if err := p.run(data, indices); err != nil {
			return err
		}
		if r.Loss = scalar(p.loss.Value()); !finite(r.Loss) {
			return &NonFiniteError{"loss", r.Loss, t.cause(p, indices, r.Steps)}
		}
		r.Batch, err = score(p.graph.Output.Value(), p.y)
		return err
	})
	if err != nil {
		return errors.Wrapf(err, "training: Fit: epoch %d, step %d", r.Epoch, r.Steps)
	}
	r.params = params
	if err := r.tell(func(c Callback) func(*Run) error { return c.OnGradients }); err != nil {
		return err
	}
	r.params = nil
	if t.Schedule != nil {
		r.LR = t.Schedule.At(r.Steps)
		t.Solver.(interface{ SetLR(float64) }).SetLR(r.LR)
	}
	if err := t.Model.Update(func() error { return t.Solver.Step(params) }); err != nil {
		return errors.Wrapf(err, "training: Fit: epoch %d, step %d", r.Epoch, r.Steps)
	}
	r.Steps++
	return nil
}

// alone calls f, which uses the programs of t. Two goroutines that do so at once
// would overwrite each other's batches.
func (t *Trainer) alone(f func() error) error {
	if !atomic.CompareAndSwapUint32(&t.running, 0, 1) {
		return errors.New("the trainer must be idle, got one at work in another goroutine: give each its own")
	}
	defer atomic.StoreUint32(&t.running, 0)
	return f()
}

// Evaluate returns the metrics of the model on data, without dropout. It is a
// *NonFiniteError if the model has NaN or an infinity where an example's
// log-likelihood should be. Where others train the model meanwhile each EvalBatch is
// evaluated with the parameters of its moment.
func (t *Trainer) Evaluate(ctx context.Context, data Dataset) (Metrics, error) {
	var total Metrics
	if err := t.checkData("data", data); err != nil {
		return total, err
	}
	size := t.EvalBatch
	if size == 0 {
		size = 500
	}
	all := make([]int, data.Len())
	for i := range all {
		all[i] = i
	}
	for indices := range slices.Chunk(all, size) {
		if err := ctx.Err(); err != nil {
			return total, errors.Wrap(err, "training: Evaluate: stopped")
		}
		err := t.alone(func() error {
			p, err := t.program(models.Eval, len(indices))
			if err != nil {
				return err
			}
			if err := p.run(data, indices); err != nil {
				return err
			}
			m, err := score(p.graph.Output.Value(), p.y)
			if err == nil && !finite(m.NLL) {
				err = &NonFiniteError{"log-likelihood", m.NLL, t.cause(p, indices, 0)}
			}
			total.merge(m)
			return err
		})
		if err != nil {
			return total, errors.Wrap(err, "training: Evaluate")
		}
	}
	return total, nil
}

// program returns the compiled graph for a mode and batch size.
func (t *Trainer) program(mode models.Mode, batch int) (*program, error) {
	key := programKey{mode, batch}
	if p, ok := t.programs[key]; ok {
		return p, nil
	}
	var loss Loss
	if mode == models.Train {
		if loss = t.Loss; loss == nil {
			loss = CrossEntropy()
		}
	}
	chooseProducts()
	p, err := compile(t.Model, mode, batch, loss, optim.UpdatesBlocks(t.Solver))
	if err != nil {
		return nil, err
	}
	if t.programs == nil {
		t.programs = make(map[programKey]*program)
	}
	t.programs[key] = p
	return p, nil
}

func (t *Trainer) batchSize() int {
	if t.BatchSize == 0 {
		return 100
	}
	return t.BatchSize
}

func (t *Trainer) check(data Data) error {
	switch {
	case t.Model == nil:
		return errors.New("training: Fit: Model must be set, got nil")
	case t.Solver == nil:
		return errors.New("training: Fit: Solver must be set, got nil")
	case t.Epochs < 0:
		return errors.Errorf("training: Fit: Epochs must not be negative, got %d", t.Epochs)
	case t.BatchSize < 0:
		return errors.Errorf("training: Fit: BatchSize must not be negative, got %d", t.BatchSize)
	case t.EvalBatch < 0:
		return errors.Errorf("training: Fit: EvalBatch must not be negative, got %d", t.EvalBatch)
	}
	if t.Schedule != nil {
		if _, ok := t.Solver.(interface{ SetLR(float64) }); !ok {
			return errors.Errorf("training: Fit: a solver with a schedule must have SetLR, got %T", t.Solver)
		}
		if err := optim.Validate(t.Schedule); err != nil {
			return errors.Wrap(err, "training: Fit")
		}
	}
	if err := t.checkData("Train", data.Train); err != nil {
		return err
	}
	if data.Validation != nil {
		if err := t.checkData("Validation", data.Validation); err != nil {
			return err
		}
	}
	if data.Test != nil {
		return t.checkData("Test", data.Test)
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
	return nil
}

// scalar reads a loss.
func scalar(v gorgonia.Value) float64 {
	switch v := v.(type) {
	case *gorgonia.F32:
		return float64(*v)
	case *gorgonia.F64:
		return float64(*v)
	}
	return math.NaN()
}

// save copies the parameters into saved, or into new tensors if that is nil.
func save(params []*models.Param, saved []*tensor.Dense) []*tensor.Dense {
	if saved == nil {
		for _, p := range params {
			saved = append(saved, p.Value().Clone().(*tensor.Dense))
		}
		return saved
	}
	for i, p := range params {
		// The shapes are those of the clones: Copy cannot fail.
		_ = tensor.Copy(saved[i], p.Value())
	}
	return saved
}
