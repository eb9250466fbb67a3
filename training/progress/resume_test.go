package progress

import (
	"context"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// fit trains 5 epochs of 8 steps, or the rest of them, and calls watch after each
// step. It returns the last state at each step.
func fit(t *testing.T, w io.Writer, resume *training.State, watch func(*shown, *training.Run) error) map[int64]*training.State {
	t.Helper()
	data := &training.Examples{Shape: []int{1}}
	for i := range 8 {
		data.X, data.Y = append(data.X, float32(i)-4.5), append(data.Y, i/4)
	}
	model, err := models.New(models.Linear(1, 2), []int{1}, models.WithSeed(1))
	if err != nil {
		t.Fatal(err)
	}
	s := &shown{display: New(w), row: row{name: "a"}}
	states := make(map[int64]*training.State)
	trainer := &training.Trainer{
		Model: model, Solver: &optim.SGD{LR: 0.3}, Epochs: 5, BatchSize: 1, Resume: resume,
		Callbacks: []training.Callback{
			{OnStart: s.start, OnStep: s.step, OnEpoch: s.epoch, OnEnd: s.end},
			{OnStep: func(r *training.Run) error { return watch(s, r) }},
			{OnCheckpoint: func(r *training.Run) (err error) {
				states[r.Steps], err = r.State()
				return err
			}},
		},
	}
	if _, err := trainer.Fit(context.Background(), training.Data{Train: data, Validation: data}); err != nil {
		t.Fatal(err)
	}
	return states
}

func unwatched(*shown, *training.Run) error { return nil }

// A run that goes on shows what the run that was never stopped does.
func TestResumed(t *testing.T) {
	whole := make(map[int64]row)
	states := fit(t, io.Discard, nil, func(s *shown, r *training.Run) error {
		whole[r.Steps] = s.row
		return nil
	})
	for _, at := range []int64{2, 7, 17, 31} {
		steps := at
		fit(t, io.Discard, states[at], func(s *shown, r *training.Run) error {
			steps++
			got, want := s.row, whole[steps]
			got.timed, got.rate, got.left = want.timed, want.rate, want.left
			if math.Abs(got.loss-want.loss) > 1e-12 || math.Abs(got.accuracy-want.accuracy) > 1e-12 {
				t.Errorf("from %d, step %d: loss %v and accuracy %v, want %v and %v", at, steps, got.loss, got.accuracy, want.loss, want.accuracy)
			}
			got.loss, got.accuracy = want.loss, want.accuracy
			if got != want {
				t.Errorf("from %d, step %d: got %+v, want %+v", at, steps, got, want)
			}
			return nil
		})
	}
}

// The time left is that of the steps left at the speed of those that were made since
// the run went on. The first step, which compiles the graphs, does not count.
func TestTimeLeft(t *testing.T) {
	state := fit(t, io.Discard, nil, unwatched)[20]
	fit(t, io.Discard, state, func(s *shown, r *training.Run) error {
		if made := r.Steps - 21; made == 0 {
			s.first = s.first.Add(-time.Hour)
			if s.row.timed {
				t.Errorf("after one step time left is %v", s.row.left)
			}
		} else if want := time.Hour * time.Duration(40-r.Steps) / time.Duration(made); s.row.left < want || s.row.left > want+want/100 {
			t.Errorf("after %d steps in an hour, %d left: got %v, want %v", made, 40-r.Steps, s.row.left, want)
		}
		return nil
	})
}

// A run that was already complete says so with its numbers.
func TestResumedAtEnd(t *testing.T) {
	last := fit(t, io.Discard, nil, unwatched)[40]
	var out strings.Builder
	fit(t, &out, last, func(_ *shown, r *training.Run) error {
		t.Errorf("step %d", r.Steps)
		return nil
	})
	e := last.History.Epochs[4]
	if got, want := out.String(), "a  done: epoch 5/5  loss "+decimal(e.Loss); !strings.HasPrefix(got, want) || !strings.Contains(got, "validation error ") {
		t.Errorf("got %q, want %q", got, want)
	}
}
