package logs_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/schedule"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/logs"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// run makes 3 epochs of 3 steps, or the rest of them, up to a step; the learning rate
// of the last one is 0. It returns the state that it ends with.
func run(t *testing.T, from *training.State, until int64, callbacks ...training.Callback) *training.State {
	t.Helper()
	m, err := models.New(models.MLP{Inputs: 2, Hidden: []int{4}, Outputs: 2, HiddenDropout: 0.5}, []int{2})
	if err != nil {
		t.Fatal(err)
	}
	set := &training.Examples{Shape: []int{2}, X: []float32{0, 1, 1, 0, 1, 1, 0, 0, 1, 2, 2, 1}, Y: []int{0, 1, 0, 1, 0, 1}}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var state *training.State
	tr := &training.Trainer{
		Model: m, Solver: &optim.SGD{}, Epochs: 3, BatchSize: 2, Resume: from,
		LR: schedule.Linear{From: 0.1, To: 0, End: 8},
		Callbacks: append(callbacks, training.Callback{
			OnStep: func(r *training.Run) error {
				if r.Steps == until {
					cancel()
				}
				return nil
			},
			OnEnd: func(r *training.Run) (err error) {
				state, err = r.State()
				return err
			},
		}),
	}
	if _, err := tr.Fit(ctx, training.Data{Train: set, Validation: set}); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	return state
}

// shown is what TensorBoard shows of a directory: the events of its files in the order
// of their names, where the start of a session at a step drops all that was told
// of this and later steps (_CheckForRestartAndMaybePurge in its event_accumulator.py).
func shown(t *testing.T, dir string) []event {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*tfevents*"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	var all []event
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, events := read(t, data)
		for _, e := range events {
			if e.Start {
				all = slices.DeleteFunc(all, func(other event) bool { return other.Step >= e.Step })
			} else {
				all = append(all, e)
			}
		}
	}
	return all
}

// A run that was lost after a state, at an epoch's end or within one, and goes on from
// it, shows as one that never was lost.
func TestTensorBoardResume(t *testing.T) {
	whole := t.TempDir()
	run(t, nil, 0, logs.TensorBoard(whole, 1))
	want := make(map[event]bool)
	for _, e := range shown(t, whole) {
		want[e] = true
	}
	if len(want) != 9*4+3*6 {
		t.Fatalf("%d events, want 4 norms of 9 steps and 6 numbers of 3 epochs", len(want))
	}
	for _, at := range []int64{2, 3, 4, 6} {
		state := run(t, nil, at, training.Callback{})
		dir := t.TempDir()
		run(t, nil, 8, logs.TensorBoard(dir, 1)) // and is lost
		run(t, state, 0, logs.TensorBoard(dir, 1))
		got := make(map[event]bool)
		events := shown(t, dir)
		for _, e := range events {
			got[e] = true
		}
		if !maps.Equal(got, want) || len(events) != len(want) {
			t.Errorf("resumed at step %d: %d events, %d different ones, want %d", at, len(events), len(got), len(want))
		}
	}
}

// Runs that begin at the same time do not write over each other's files.
func TestTensorBoardFiles(t *testing.T) {
	dir := t.TempDir()
	for range 20 {
		run(t, nil, 1, logs.TensorBoard(dir, 1))
	}
	files, err := filepath.Glob(filepath.Join(dir, "events.out.tfevents.*"))
	if err != nil || len(files) != 20 {
		t.Errorf("want 20 files, got %v, %v", files, err)
	}
	if n := len(shown(t, dir)); n != 20*4 {
		t.Errorf("want 4 norms of 20 runs, got %d events", n)
	}
}

// A resumed run goes on with the table: in a file, and where it can't be known what is
// there already.
func TestCSVResume(t *testing.T) {
	for _, at := range []int64{2, 3, 5, 6} { // within the first epoch, at its end, and so on
		path := filepath.Join(t.TempDir(), "log.csv")
		open := func() *os.File {
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { f.Close() })
			return f
		}
		var memory strings.Builder
		state := run(t, nil, at, logs.CSV(open()), logs.CSV(&memory))
		run(t, state, 0, logs.CSV(open()), logs.CSV(&memory))
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for where, text := range map[string]string{"file": string(data), "memory": memory.String()} {
			lines := strings.Split(text, "\n")
			if len(lines) != 5 || !strings.HasPrefix(lines[0], "epoch,") || strings.Count(text, "epoch") != 1 {
				t.Errorf("resumed at step %d, %s: want a header and 3 rows, got\n%s", at, where, text)
			}
			for i, line := range lines[1:4] {
				if !strings.HasPrefix(line, string(rune('0'+i))+",") {
					t.Errorf("resumed at step %d, %s: row %d is %q", at, where, i, line)
				}
			}
		}
		// A new file has a header, also for a run that is not new.
		path = filepath.Join(t.TempDir(), "more.csv")
		run(t, state, 0, logs.CSV(open()), training.Callback{})
		if data, err := os.ReadFile(path); err != nil || !strings.HasPrefix(string(data), "epoch,") {
			t.Errorf("resumed at step %d into another file: %q, %v", at, data, err)
		}
	}
}

// A learning rate of 0 is one, not a missing one.
func TestLearningRateOfZero(t *testing.T) {
	dir := t.TempDir()
	var table, lines strings.Builder
	run(t, nil, 0, logs.CSV(&table), logs.JSONLines(&lines), logs.TensorBoard(dir, 0))
	rows := strings.Split(table.String(), "\n")
	if !strings.HasPrefix(rows[3], "2,9,0,") {
		t.Errorf("CSV: last row is %q", rows[3])
	}
	d := json.NewDecoder(strings.NewReader(lines.String()))
	var last map[string]any
	for d.More() {
		last = nil
		if err := d.Decode(&last); err != nil {
			t.Fatal(err)
		}
	}
	if lr, ok := last["lr"]; !ok || lr != 0.0 {
		t.Errorf("JSON lines: last is %v", last)
	}
	if !slices.Contains(shown(t, dir), event{Step: 9, Tag: "learning_rate", Value: 0}) {
		t.Errorf("TensorBoard: want a learning rate of 0 at step 9, got %v", shown(t, dir))
	}
}
