package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/compare"
	"github.com/gorgonia-dropout/dropout/internal/sweep"
	"github.com/gorgonia-dropout/dropout/internal/sweep/connect"
	"github.com/gorgonia-dropout/dropout/internal/sweep/queue"
)

const (
	// tasksAtOnce is the number of trials of a sweep, whose spec has a limited size.
	tasksAtOnce = 500
	// taking is how long it may take to fetch what was finished when the time is up.
	taking = 30 * time.Second
)

// A joined is a connection to a server whose workers have the same data.
type joined struct {
	*queue.Queue
	lane  string
	close func()
}

// join connects to the server of the flags. Trials of data with one digest are for workers
// with the same: the data are never sent.
func join(ctx context.Context, flags *connect.Flags, name, digest, library string) (*joined, error) {
	at, err := flags.Connection()
	if err != nil {
		return nil, err
	}
	nc, err := at.Dial(ctx, name, 10*time.Second)
	if err != nil {
		return nil, err
	}
	q, err := queue.Open(ctx, nc, 0)
	lane := "compare-" + digest[:32]
	if err == nil {
		q, err = q.Lane(ctx, lane)
	}
	if err != nil {
		nc.Close()
		return nil, err
	}
	// Another library rounds differently; ours is the same on every processor.
	if strings.HasPrefix(library, "BLAS: built-in") {
		library = "BLAS: built-in"
	}
	q.Version = connect.Version() + ", " + library
	return &joined{q, lane, nc.Close}, nil
}

// work runs n workers in this process until ctx is done; the first error ends it.
func (j *joined) work(ctx context.Context, n int, idle time.Duration, p sweep.Program, log func(string)) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var wg sync.WaitGroup
	for i := range n {
		w := &queue.Worker{Queue: j.Queue, Name: workerName(i), Programs: map[string]sweep.Program{j.lane: p}, Idle: idle, Log: log}
		wg.Go(func() {
			if err := w.Run(ctx); err != nil && ctx.Err() == nil {
				stop(err)
			}
		})
	}
	wg.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

var notInName = regexp.MustCompile(`[^a-zA-Z0-9_-]+`)

// workerName returns a name that no other worker has.
func workerName(i int) string {
	host, _ := os.Hostname()
	return notInName.ReplaceAllString(fmt.Sprintf("%.100s-%d-%d", host, os.Getpid(), i), "-")
}

// A remoteTrainer trains tasks by the workers of a server. It implements [compare.Trainer].
type remoteTrainer struct {
	*joined
	of  comparison
	run string // which run it is, from others of the same data
}

// train runs the experiment, on the machines that a server has if one is named.
func (r *run) train(ctx context.Context, e *compare.Experiment, limit compare.Limit, progress func(compare.Progress)) error {
	if r.by.NATS == "" {
		return e.Run(ctx, limit, progress)
	}
	hash, err := digestOf(r.state.Settings.Data)
	if err != nil {
		return err
	}
	j, err := join(ctx, &r.by.Flags, "dropout compare", hash, r.by.library)
	if err != nil {
		return err
	}
	defer j.close()
	of := comparison{Settings: r.state.Settings, Digest: r.digest, Length: e.Length}
	of.Settings.Data = ""
	if of.Plan, err = planHash(r.plan); err != nil {
		return err
	}
	host, _ := os.Hostname()
	dir, err := filepath.Abs(string(r.dir))
	if err != nil {
		return err
	}
	e.Elsewhere = &remoteTrainer{j, of, host + dir}
	// The workers in this process have the data already.
	p := trialProgram{settings: r.state.Settings, plan: r.plan, of: new(current)}
	if p.of.e, err = r.data.experiment(&of.Settings, of.Length, &compare.Store{}, 1); err != nil {
		return err
	}
	key, err := json.Marshal(of)
	if err != nil {
		return err
	}
	p.of.key = string(key)
	working, stop := context.WithCancelCause(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := j.work(working, r.by.Workers, 0, p, func(s string) { r.to.Logf("%s", s) }); err != nil && working.Err() == nil {
			stop(err)
		}
	})
	err = e.Run(working, limit, progress)
	if cause := context.Cause(working); cause != nil && ctx.Err() == nil {
		err = cause
	}
	stop(nil)
	wg.Wait()
	return err
}

// Train implements [compare.Trainer].
func (r *remoteTrainer) Train(ctx context.Context, tasks []compare.Task, done func(int, compare.Trial, []byte) error, progress func(int)) error {
	before := 0
	for batch := range slices.Chunk(tasks, tasksAtOnce) {
		err := r.train(ctx, batch, func(i int, t compare.Trial, model []byte) error { return done(before+i, t, model) }, func(n int) { progress(before + n) })
		if err != nil {
			return err
		}
		before += len(batch)
	}
	return nil
}

func (r *remoteTrainer) train(ctx context.Context, tasks []compare.Task, done func(int, compare.Trial, []byte) error, progress func(int)) error {
	s, err := r.spec(tasks)
	if err != nil {
		return err
	}
	results, runErr := r.Run(ctx, s, trialProgram{}, func(s queue.State) { progress(s.Done) })
	// What was finished counts, even if the time is up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), taking)
	defer cancel()
	for i, task := range tasks {
		config, err := r.config(task)
		if err != nil {
			return err
		}
		t, err := sweep.NewTrial(s.Name, s.Program, config)
		if err != nil {
			return err
		}
		result, ok := results[t.ID]
		if !ok {
			continue
		}
		trial, model, err := r.take(ctx, result)
		if err == nil {
			err = done(i, trial, model)
		}
		if err != nil {
			return err
		}
	}
	if err := r.Forget(ctx, s.Name); err != nil && runErr == nil {
		return err
	}
	return runErr
}

// spec returns the sweep of tasks.
func (r *remoteTrainer) spec(tasks []compare.Task) (*sweep.Spec, error) {
	s := &sweep.Spec{
		Program: r.lane, Metric: "epochs",
		Settings: map[string]any{"comparison": r.of}, Space: map[string]sweep.Range{"task": {}},
	}
	values := make([]any, len(tasks))
	for i, task := range tasks {
		values[i] = task
	}
	s.Space["task"] = sweep.Range{Values: values}
	data, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	// A run that was stopped finds its sweep again.
	hash := sha256.Sum256(append(data, r.run...))
	s.Name = "compare-" + hex.EncodeToString(hash[:16])
	return s, s.Complete()
}

// config returns the configuration of a task's trial.
func (r *remoteTrainer) config(task compare.Task) ([]byte, error) {
	return json.Marshal(trialConfig{Comparison: r.of, Seed: 1, Task: task})
}

// take fetches what a worker has made of a task.
func (r *remoteTrainer) take(ctx context.Context, result sweep.Result) (t compare.Trial, model []byte, err error) {
	if result.Failure != "" {
		return t, nil, errors.Errorf("worker %s: %s", result.Worker, result.Failure)
	}
	for _, name := range result.Artefacts {
		data, err := r.Artefact(ctx, result, name)
		if err != nil {
			return t, nil, err
		}
		switch name {
		case trialFile:
			if err := readTrial(data, &t); err != nil {
				return t, nil, err
			}
		case modelFile:
			model = data
		}
	}
	return t, model, nil
}
