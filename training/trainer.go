package training

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// A Trainer fits a model to data. Model, Solver and Epochs are required.
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
// step.
func (t *Trainer) Fit(ctx context.Context, data Data) (*History, error) {
	if err := t.check(data); err != nil {
		return nil, err
	}
	start := time.Now()
	r := &Run{Trainer: t, History: &History{}}
	n, batch := data.Train.Len(), t.batchSize()
	r.StepsPerEpoch = (n + batch - 1) / batch
	err := r.tell(func(c Callback) func(*Run) error { return c.OnStart })
	if err == nil && t.Resume != nil {
		err = r.resume(t.Resume)
	}
	for ; err == nil && r.Epoch < t.Epochs && r.stop == ""; r.Epoch++ {
		err = t.epoch(ctx, r, data)
	}
	r.History.Steps = r.Steps
	r.History.Stopped = r.stop
	// The end is told even of a run that failed, since what was done is kept.
	if end := r.tell(func(c Callback) func(*Run) error { return c.OnEnd }); err == nil {
		err = end
	}
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
	p, err := t.program(models.Train, len(indices))
	if err != nil {
		return err
	}
	p.graph.SetStep(r.Steps)
	if err := p.run(data, indices); err != nil {
		return errors.Wrapf(err, "training: Fit: epoch %d, step %d", r.Epoch, r.Steps)
	}
	r.Loss = scalar(p.loss.Value())
	if math.IsNaN(r.Loss) || math.IsInf(r.Loss, 0) {
		return errors.Errorf("training: Fit: epoch %d, step %d: loss must be finite, got %v", r.Epoch, r.Steps, r.Loss)
	}
	if r.Batch, err = score(p.graph.Output.Value(), p.y); err != nil {
		return errors.Wrapf(err, "training: Fit: epoch %d, step %d", r.Epoch, r.Steps)
	}
	r.params = p.params
	if err := r.tell(func(c Callback) func(*Run) error { return c.OnGradients }); err != nil {
		return err
	}
	r.params = nil
	if t.Schedule != nil {
		r.LR = t.Schedule.At(r.Steps)
		t.Solver.(interface{ SetLR(float64) }).SetLR(r.LR)
	}
	if err := t.Solver.Step(p.params); err != nil {
		return errors.Wrapf(err, "training: Fit: epoch %d, step %d", r.Epoch, r.Steps)
	}
	r.Steps++
	return nil
}

// Evaluate returns the metrics of the model on data, without dropout.
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
		p, err := t.program(models.Eval, len(indices))
		if err != nil {
			return total, err
		}
		if err := p.run(data, indices); err != nil {
			return total, errors.Wrap(err, "training: Evaluate")
		}
		m, err := score(p.graph.Output.Value(), p.y)
		if err != nil {
			return total, errors.Wrap(err, "training: Evaluate")
		}
		total.merge(m)
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
