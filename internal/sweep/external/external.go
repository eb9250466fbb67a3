// Package external runs the trials of a sweep by any program, as docs/sweeps.md says: its
// settings are JSON on the standard input, its metrics JSON on the standard output.
package external

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/plaintext"
	"github.com/gorgonia-dropout/dropout/internal/room"
	"github.com/gorgonia-dropout/dropout/internal/sweep"
	"github.com/gorgonia-dropout/dropout/internal/sweep/child"
)

// Again is the exit code of a program that could not do the trial here and now, though it
// may elsewhere or later: EX_TEMPFAIL of sysexits.h.
const Again = 75

const (
	tries = 3 // of a trial whose process a signal ends
	// watchEvery is how often the memory of the processes is looked at.
	watchEvery = 250 * time.Millisecond
	// holding is how long processes that were left behind may hold the output.
	holding = time.Second
)

// Program runs the trials of a command.
type Program struct {
	Command sweep.Command
	// Name is that of the version that is to run, as [sweep.Command.Identify] returns it.
	Name string
	// Memory is the most that all processes of a trial may have, in bytes, where the
	// system tells; Time is how long a trial may take. 0 is for any.
	Memory int64
	Time   time.Duration
	// Threads is what OMP_NUM_THREADS says, unless the environment has it; 0 is nothing.
	Threads int
}

// Metrics implements [sweep.Program].
func (p *Program) Metrics() []string { return p.Command.Metrics }

// exact bounds the whole numbers that a float64 represents exactly.
const exact = 1 << 53

// Normalize implements [sweep.Program]. The program alone knows its settings, so they stay
// as they are.
func (p *Program) Normalize(config []byte) ([]byte, error) {
	var settings map[string]any
	if err := json.Unmarshal(config, &settings); err != nil {
		return nil, errors.Wrap(err, "command: settings must be a JSON object")
	}
	for name, v := range settings {
		if f, ok := v.(float64); ok && f == math.Trunc(f) && math.Abs(f) > exact && math.Abs(f) < 1e21 {
			return nil, errors.Errorf("command: %s must be within 2^53 of 0 as a whole number, got %v", name, f)
		}
	}
	data, err := json.Marshal(settings)
	return data, errors.Wrap(err, "command")
}

// Run implements [sweep.Program].
func (p *Program) Run(ctx context.Context, job sweep.Job) (sweep.Outcome, error) {
	if name, err := p.Command.Identify(); err != nil {
		return sweep.Outcome{}, err
	} else if name != p.Name {
		return sweep.Outcome{}, errors.Errorf("command must be what it was when the sweep began, %s, and its files have changed to %s", p.Name, name)
	}
	var signal error
	for range tries {
		o, err := p.try(ctx, job)
		if signaled := (*signalError)(nil); errors.As(err, &signaled) {
			signal = err
			continue
		}
		return o, err
	}
	return sweep.Outcome{Failure: plaintext.Line(fmt.Sprintf("given up after %d tries: %v", tries, signal))}, nil
}

// signalError is the error of a process that something else has ended.
type signalError struct{ text string }

func (e *signalError) Error() string { return e.text }

// try runs the program once.
func (p *Program) try(ctx context.Context, job sweep.Job) (sweep.Outcome, error) {
	var stderr child.Tail
	cmd := exec.Command(p.Command.Run[0], p.Command.Run[1:]...)
	cmd.Stdin = bytes.NewReader(append(bytes.Clone(job.Trial().Config), '\n'))
	cmd.Stderr = &stderr
	cmd.WaitDelay = holding
	if _, set := os.LookupEnv("OMP_NUM_THREADS"); p.Threads > 0 && !set {
		cmd.Env = append(os.Environ(), fmt.Sprint("OMP_NUM_THREADS=", p.Threads))
	}
	apart(cmd)
	end := &ending{kill: func() { kill(cmd) }}
	out := &output{progress: job.Progress, wrong: end.because}
	cmd.Stdout = out
	if err := cmd.Start(); err != nil {
		return sweep.Outcome{}, errors.Wrap(err, "command")
	}
	end.start()
	watching, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { p.watch(watching, cmd, end) })
	err := cmd.Wait()
	stop()
	watch.Wait()
	kill(cmd) // what it has left behind
	if ctx.Err() != nil {
		return sweep.Outcome{}, ctx.Err()
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // its own exit code was 0
	}
	if err == nil {
		out.end()
	}
	reason := end.why()
	if reason == "" && err != nil {
		reason = err.Error()
		if last := stderr.Reason(); last != "" {
			reason += ": " + last
		}
		exit := (*exec.ExitError)(nil)
		switch {
		case !errors.As(err, &exit): // of the pipes
			return sweep.Outcome{}, errors.Wrap(err, "command")
		case exit.ExitCode() == Again:
			return sweep.Outcome{}, errors.Errorf("command: to be tried again: %s", reason)
		case exit.ExitCode() < 0:
			return sweep.Outcome{}, &signalError{reason}
		}
	}
	if reason == "" {
		return sweep.Outcome{Metrics: out.metrics}, nil
	}
	if said := stderr.Bytes(); len(said) > 0 {
		if err := job.Keep(ctx, "stderr.txt", said); err != nil {
			return sweep.Outcome{}, err
		}
	}
	return sweep.Outcome{Failure: plaintext.Line(reason)}, nil
}

// watch ends the processes when they take too much or ctx is done.
func (p *Program) watch(ctx context.Context, cmd *exec.Cmd, end *ending) {
	limit := make(<-chan time.Time)
	if p.Time > 0 {
		t := time.NewTimer(p.Time)
		defer t.Stop()
		limit = t.C
	}
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-limit:
			end.because(fmt.Sprintf("took longer than %v", p.Time))
		case <-tick.C:
			if n, ok := memory(cmd); ok && p.Memory > 0 && n > p.Memory {
				end.because(fmt.Sprintf("memory must be at most %s, got %s", room.Size(p.Memory), room.Size(n)))
			}
		case <-ctx.Done():
			end.because("") // if it still runs
			return
		}
	}
}

// ending ends processes for the first reason that there is.
type ending struct {
	mu      sync.Mutex
	kill    func()
	started bool
	ended   bool
	reason  string
}

// because ends the processes.
func (e *ending) because(reason string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.reason == "" {
		e.reason = reason
	}
	e.ended = true
	if e.started {
		e.kill()
	}
}

// start says that there is something to kill.
func (e *ending) start() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.started = true
	if e.ended {
		e.kill()
	}
}

func (e *ending) why() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.reason
}
