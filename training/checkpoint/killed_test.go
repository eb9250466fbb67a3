package checkpoint_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/checkpoint"
)

// callbacks are those of a run in dir that stops early, in one of their six orders:
// what is kept must not depend on it.
func callbacks(dir string, by training.Monitor, order int, interval time.Duration) []training.Callback {
	memory := struct{ Steps, Epochs int }{}
	rest := []training.Callback{
		checkpoint.Keep(dir, interval),
		training.EarlyStoppingOn(by, 3),
		{
			Name:    "memory",
			OnStep:  func(*training.Run) error { memory.Steps++; return nil },
			OnEpoch: func(*training.Run) error { memory.Epochs++; return nil },
			OnEnd: func(r *training.Run) error {
				return os.WriteFile(filepath.Join(dir, "memory"), fmt.Append(nil, memory), 0o666)
			},
			Save: func() (training.CallbackState, error) {
				data, err := json.Marshal(memory)
				return training.CallbackState{Data: data}, err
			},
			Load: func(s training.CallbackState) error { return json.Unmarshal(s.Data, &memory) },
		},
	}
	var all []training.Callback
	for left := 3; left > 0; left-- {
		k := order % left
		all, rest, order = append(all, rest[k]), slices.Delete(rest, k, k+1), order/left
	}
	return all
}

// TestChild is a program: it trains in the directory of the environment until it is
// done, going on from what is there, and writes what came out to files.
func TestChild(t *testing.T) {
	dir := os.Getenv("CHECKPOINT_TEST_DIR")
	if dir == "" {
		t.Skip("this is the program that TestKilled starts")
	}
	order, err := strconv.Atoi(os.Getenv("CHECKPOINT_TEST_ORDER"))
	if err != nil {
		t.Fatal(err)
	}
	tr, data := runs[os.Getenv("CHECKPOINT_TEST_RUN")](t)
	tr.Callbacks = append(tr.Callbacks, callbacks(dir, tr.Monitor, order, 10*time.Millisecond)...)
	if s, err := checkpoint.Load(filepath.Join(dir, checkpoint.LastFile)); err == nil {
		tr.Resume = s
	} else if !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	h, err := tr.Fit(context.Background(), data)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "weights"), fmt.Append(nil, weights(tr.Model)), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "history"), []byte(timeless(t, h)), 0o666); err != nil {
		t.Fatal(err)
	}
}

// A run that is killed at random moments, one after the other, ends with the
// weights, the history and the memory of a run that never was, in whatever order its
// callbacks are, and leaves no temporary files.
func TestKilled(t *testing.T) {
	for name, kills := range map[string]int{"classes": 50, "everything": 20, "CutMix": 5, "regression": 10} {
		t.Run(name, func(t *testing.T) { testKilled(t, name, kills) })
	}
}

func testKilled(t *testing.T, name string, kills int) {
	program, err := os.Executable()
	if err != nil {
		t.Skip("the test program cannot be found: ", err)
	}
	start := func(dir string, order int) *exec.Cmd {
		cmd := exec.Command(program, "-test.run=^TestChild$")
		cmd.Env = append(os.Environ(), "CHECKPOINT_TEST_DIR="+dir, "CHECKPOINT_TEST_RUN="+name, "CHECKPOINT_TEST_ORDER="+strconv.Itoa(order))
		return cmd
	}
	whole := t.TempDir()
	begin := time.Now()
	if out, err := start(whole, 0).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	took := time.Since(begin)
	if testing.Short() {
		kills = 5
	}
	r := rand.New(rand.NewPCG(1, 2))
	for n, order := 0, 0; n < kills; order++ {
		dir := t.TempDir()
		// Kill runs of one directory until one of them comes to its end.
		for {
			cmd := start(dir, order%6)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			timer := time.AfterFunc(time.Duration(float64(took)*(0.1+0.8*r.Float64())), func() { cmd.Process.Kill() })
			err := cmd.Wait()
			timer.Stop()
			if err == nil {
				break
			}
			if n++; n >= kills {
				if out, err := start(dir, order%6).CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				break
			}
		}
		for _, file := range []string{"history", "memory", "weights", checkpoint.BestFile} {
			want, err := os.ReadFile(filepath.Join(whole, file))
			if err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != string(want) {
				t.Fatalf("after %d kills, order %d: %s differs", n, order%6, file)
			}
		}
		if files, _ := filepath.Glob(filepath.Join(dir, ".*")); len(files) != 0 {
			t.Errorf("killed runs have left %v", files)
		}
	}
}

// A run that is killed right after it has kept an epoch or a step, and so between two
// that it keeps, ends as one that never was: in steps instead of at random.
func TestKilledAfterEachSave(t *testing.T) {
	run := func(dir string, order, saves int) (*training.History, *training.Trainer, error) {
		tr := trainer(t, 12)
		tr.Callbacks = callbacks(dir, training.Monitor{Metric: "error"}, order, 1)
		i := slices.IndexFunc(tr.Callbacks, func(c training.Callback) bool { return c.OnCheckpoint != nil })
		keep := tr.Callbacks[i].OnCheckpoint
		killed := errors.New("killed")
		// The process is gone: nothing of it happens after the save.
		tr.Callbacks[i].OnCheckpoint = func(r *training.Run) error {
			if err := keep(r); err != nil {
				return err
			}
			if saves--; saves == 0 {
				return killed
			}
			return nil
		}
		tr.Callbacks[i].OnEnd = nil
		last := filepath.Join(dir, checkpoint.LastFile)
		if s, err := checkpoint.Load(last); err == nil {
			tr.Resume = s
		}
		h, err := tr.Fit(context.Background(), data())
		if errors.Is(err, killed) {
			return nil, nil, nil
		}
		return h, tr, err
	}
	want, whole, err := run(t.TempDir(), 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	if want.Stopped == "" || len(want.Epochs) < 5 {
		t.Fatalf("early stopping must have stopped the run after some epochs, got %d epochs, %q", len(want.Epochs), want.Stopped)
	}
	for order := range 6 {
		dir := t.TempDir()
		for kills := 0; ; kills++ {
			h, tr, err := run(dir, order, 13)
			if err != nil {
				t.Fatal(err)
			}
			if h == nil {
				continue
			}
			if kills < 5 || len(h.Epochs) != len(want.Epochs) || h.Stopped != want.Stopped || !slices.Equal(weights(tr.Model), weights(whole.Model)) {
				t.Errorf("order %d, %d kills: %d epochs, %q, want %d, %q", order, kills, len(h.Epochs), h.Stopped, len(want.Epochs), want.Stopped)
			}
			break
		}
	}
}
