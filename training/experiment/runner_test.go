package experiment_test

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// memory is a store that keeps results and the last state of one trial.
type memory struct {
	result *experiment.Result
	state  *training.State
	fail   map[string]error
	told   []string
}

func (m *memory) Find(context.Context) (*experiment.Result, error) {
	m.told = append(m.told, "find")
	return m.result, m.fail["find"]
}

func (m *memory) Prepare(_ context.Context, t *training.Trainer) error {
	m.told = append(m.told, "prepare")
	t.Resume = m.state
	t.Callbacks = append(t.Callbacks, training.Callback{OnCheckpoint: func(r *training.Run) (err error) {
		m.state, err = r.State()
		return err
	}})
	return m.fail["prepare"]
}

func (m *memory) Finish(_ context.Context, r experiment.Result) (experiment.Result, error) {
	m.told = append(m.told, "finish")
	m.result = &r
	return r, m.fail["finish"]
}

func stored(a experiment.Arm, m *memory) experiment.Arm {
	a.Store = func(uint64) experiment.Store { return m }
	return a
}

// A trial that was stopped resumes from its last state, and ends as one that was not;
// one that was finished is found.
func TestStore(t *testing.T) {
	whole, err := experiment.Run(t.Context(), []experiment.Arm{arm("a", 0.1)}, []uint64{7}, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := &memory{}
	trials := experiment.Trials([]experiment.Arm{stored(arm("a", 0.1), m)}, []uint64{7})
	ctx, cancel := context.WithCancel(t.Context())
	stop := func(string, uint64, *training.Trainer) []training.Callback {
		return []training.Callback{{OnEpoch: func(*training.Run) error { cancel(); return nil }}}
	}
	if _, err := (experiment.Runner{Workers: 1, Watch: stop}).Run(ctx, trials); !errors.Is(err, context.Canceled) || m.state == nil || m.result != nil {
		t.Fatalf("want a state and no result, got %v, %v, %v", m.state, m.result, err)
	}
	var found []bool
	runner := experiment.Runner{Workers: 1, Done: func(_ int, _ experiment.Result, f bool) { found = append(found, f) }}
	for range 2 {
		results, err := runner.Run(t.Context(), trials)
		if err != nil {
			t.Fatal(err)
		}
		if got := results[0]; len(results) != 1 || !reflect.DeepEqual(*got.History.Test, *whole[0].History.Test) || got.History.Steps != whole[0].History.Steps {
			t.Errorf("want %+v, got %+v", whole[0].History, got.History)
		}
	}
	if want := []string{"find", "prepare", "find", "prepare", "finish", "find"}; !slices.Equal(m.told, want) || !slices.Equal(found, []bool{false, true}) {
		t.Errorf("want calls %v, got %v; found %v", want, m.told, found)
	}
}

// An error of the store is one of the trial.
func TestStoreFails(t *testing.T) {
	boom := errors.New("boom")
	for _, at := range []string{"find", "prepare", "finish"} {
		m := &memory{fail: map[string]error{at: boom}}
		results, err := experiment.Run(t.Context(), []experiment.Arm{stored(arm("a", 0.1), m)}, []uint64{7}, 1, nil)
		var of *experiment.TrialError
		if !errors.As(err, &of) || of.Seed != 7 || of.Arm != "a" || !errors.Is(of.Err, boom) || len(results) != 0 {
			t.Errorf("%s: want the error of the trial and no result, got %v and %v", at, err, results)
		}
	}
}

// What is measured besides is in the result, and its error is the trial's.
func TestMeasure(t *testing.T) {
	a := arm("a", 0.1)
	a.Measure = func(_ context.Context, t *training.Trainer, data training.Data) (map[string][]float64, error) {
		return map[string][]float64{"images": {float64(data.Test.Len())}, "seed": {float64(t.Seed)}}, nil
	}
	results, err := experiment.Run(t.Context(), []experiment.Arm{a}, []uint64{3}, 1, nil)
	if err != nil || fmt.Sprint(results[0].Extra) != "map[images:[20] seed:[3]]" {
		t.Errorf("got %v, %v", results, err)
	}
	a.Measure = func(context.Context, *training.Trainer, training.Data) (map[string][]float64, error) {
		return nil, errors.New("no measure")
	}
	if _, err := experiment.Run(t.Context(), []experiment.Arm{a}, []uint64{3}, 1, nil); err == nil || !strings.HasSuffix(err.Error(), "a, seed 3: no measure") {
		t.Errorf("got %v", err)
	}
}

// A training whose numbers stop being finite is an error, or a result where it may
// happen.
func TestMayDiverge(t *testing.T) {
	a := arm("hot", 0.1)
	cool := a.New
	a.New = func(seed uint64) (*training.Trainer, training.Data, error) {
		t, data, err := cool(seed)
		hot := line()
		hot.X[3] = float32(math.NaN())
		data.Train = hot
		return t, data, err
	}
	if _, err := experiment.Run(t.Context(), []experiment.Arm{a}, []uint64{3}, 1, nil); err == nil {
		t.Error("want an error")
	}
	a.MayDiverge = true
	m := &memory{}
	results, err := experiment.Run(t.Context(), []experiment.Arm{stored(a, m)}, []uint64{3}, 1, nil)
	if err != nil || len(results) != 1 || results[0].Diverged == "" || results[0].History != nil || m.result == nil {
		t.Errorf("want a result that says so, got %+v, %v", results, err)
	}
}
