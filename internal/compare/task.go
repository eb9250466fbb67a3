package compare

import (
	"bytes"
	"context"
	"math"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// A Task is a trial to train. What becomes of it follows from the experiment and from the
// task alone, so that any process with the same data may train it.
type Task struct {
	Split    int      `json:"split"`
	Arm      Arm      `json:"arm"`
	Round    int      `json:"round"`
	Settings Settings `json:"settings"`
	// Best is the lowest score of the earlier trials of the split and arm, which the trial
	// has to beat for its model to be kept; nil if there is none.
	Best *float64 `json:"best,omitempty"`
}

func (t Task) trial() Trial {
	return Trial{Split: t.Split, Arm: t.Arm, Round: t.Round, Settings: t.Settings}
}

// A Trainer trains tasks somewhere else, in any order. It calls done, from one goroutine,
// with the index of each task and what Train has returned for it, whatever else fails, and
// progress with the number of those that are finished.
type Trainer interface {
	Train(ctx context.Context, tasks []Task, done func(i int, t Trial, model []byte) error, progress func(finished int)) error
}

// Train trains a task, and returns its trial, and its model in safetensors if that is to be
// kept.
func (e *Experiment) Train(ctx context.Context, task Task) (Trial, []byte, error) {
	if task.Split < 0 || task.Split >= len(e.Splits) || task.Round < 0 || !slices.Contains(e.armsOf(0), task.Arm) {
		return Trial{}, nil, errors.Errorf("compare: Train: task must be of one of %d splits and of the arms %q, got split %d, round %d and arm %.40q",
			len(e.Splits), e.armsOf(0), task.Split, task.Round, task.Arm)
	}
	var model bytes.Buffer
	arm := e.arm(task, func(m *models.Model) error { return m.WriteSafetensors(&model) })
	results, err := experiment.Runner{Workers: 1}.Run(ctx, []experiment.Trial{{Arm: arm}})
	if err != nil {
		return Trial{}, nil, err
	}
	t := e.result(task.trial(), results[0])
	if model.Len() == 0 {
		return t, nil, nil
	}
	return t, model.Bytes(), nil
}

// elsewhere trains tasks by the trainer, and believes nothing that cannot be.
func (e *Experiment) elsewhere(ctx context.Context, tasks []Task, took func(Trial), tell func(int)) error {
	return e.Elsewhere.Train(ctx, tasks, func(i int, t Trial, model []byte) error {
		want := tasks[i].trial()
		if t.Split != want.Split || t.Arm != want.Arm || t.Round != want.Round || !equal(t.Settings, want.Settings) {
			return errors.Errorf("compare: trial must be of split %d, %s, round %d with the settings of its task, got %d, %.40s, %d", want.Split, want.Arm, want.Round, t.Split, t.Arm, t.Round)
		}
		better := t.Diverged == "" && (tasks[i].Best == nil || t.Score < *tasks[i].Best)
		if math.IsNaN(t.Score) || better && model == nil {
			return errors.Errorf("compare: trial of split %d, %s, round %d must have a score and, if it is the best, a model, got score %v and %d bytes", want.Split, want.Arm, want.Round, t.Score, len(model))
		}
		if better {
			if err := e.Store.keepModel(model, t); err != nil {
				return err
			}
		}
		took(t)
		return nil
	}, tell)
}

func equal(a, b Settings) bool {
	return slices.Equal(a.Hidden, b.Hidden) && a.LR == b.LR && a.WeightDecay == b.WeightDecay && a.InputP == b.InputP && a.HiddenP == b.HiddenP
}
