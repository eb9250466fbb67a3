package child

import (
	"context"
	"encoding/gob"
	"fmt"
	"io"
	"os/exec"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/plaintext"
	"github.com/gorgonia-dropout/dropout/internal/sweep"
)

// A Program runs the trials of another in a process. The process is kept for the next
// trial. Use it in one goroutine at a time.
type Program struct {
	sweep.Program
	Process *Process
	// Tries is how often a trial is begun whose process crashes or has to be ended,
	// from its last checkpoint, before it counts as failed; 0 means 3.
	Tries int
	// Time is how long a try may take; 0 for any time.
	Time time.Duration
}

// A Process is the process, which several programs share.
type Process struct {
	// Command returns the command that calls [Serve] on its input and output.
	Command func() *exec.Cmd
	// Grace is how long the process may take to end, when its input does, before it is
	// killed: for one that starts others, which it has to end. 0 kills it at once.
	Grace time.Duration

	cmd    *exec.Cmd
	to     *gob.Encoder
	from   *gob.Decoder
	input  io.Closer
	stderr *Tail
}

// Run implements [sweep.Program].
func (p *Program) Run(ctx context.Context, j sweep.Job) (sweep.Outcome, error) {
	tries := p.Tries
	if tries == 0 {
		tries = 3
	}
	var reason string
	for range tries {
		o, err := p.try(ctx, j)
		if err == nil {
			return o, nil
		}
		if ctx.Err() != nil {
			return o, ctx.Err()
		}
		died := (*deadError)(nil)
		if !errors.As(err, &died) {
			return o, err
		}
		reason = died.Error()
	}
	return sweep.Outcome{Failure: plaintext.Line(fmt.Sprintf("given up after %d tries: %s", tries, reason))}, nil
}

// deadError is the error of a process that has ended.
type deadError struct{ reason string }

func (e *deadError) Error() string { return e.reason }

// try runs the trial once.
func (p *Program) try(ctx context.Context, j sweep.Job) (sweep.Outcome, error) {
	state, err := j.Checkpoint(ctx)
	if err != nil {
		return sweep.Outcome{}, err
	}
	if err := p.Process.start(); err != nil {
		return sweep.Outcome{}, err
	}
	limited, cancel := context.WithCancel(ctx)
	if p.Time > 0 {
		limited, cancel = context.WithTimeout(ctx, p.Time)
	}
	defer cancel()
	stop := context.AfterFunc(limited, p.Process.stopper())
	o, err := p.Process.run(ctx, j, request{j.Trial(), state})
	if stop() && err == nil {
		return o, nil
	}
	// It is of no use any more: it has ended, or is about to.
	reason := p.Process.end()
	switch {
	case err == nil: // it was done at the very end of its time
		return o, nil
	case ctx.Err() != nil:
		return o, ctx.Err()
	case limited.Err() != nil:
		return o, &deadError{fmt.Sprintf("took longer than %v", p.Time)}
	}
	if failure := (*failedError)(nil); errors.As(err, &failure) {
		return o, err
	}
	return o, &deadError{"process ended: " + reason}
}

// failedError is an error that the program has returned.
type failedError struct{ text string }

func (e *failedError) Error() string { return e.text }

// run sends a request and passes on what comes back. The error is of the process, a
// *failedError, or of the job.
func (p *Process) run(ctx context.Context, j sweep.Job, r request) (sweep.Outcome, error) {
	if err := p.to.Encode(r); err != nil {
		return sweep.Outcome{}, err
	}
	for {
		var r reply
		if err := p.from.Decode(&r); err != nil {
			return sweep.Outcome{}, err
		}
		var err error
		switch r.Kind {
		case progress:
			j.Progress(r.Done, r.Total)
		case checkpoint:
			err = j.SaveCheckpoint(ctx, r.Data)
		case artefact:
			err = j.Keep(ctx, r.Name, r.Data)
		case done:
			return r.Outcome, nil
		case failed:
			err = errors.New(r.Error)
		default:
			err = errors.Errorf("reply must be of a known kind, got %d", r.Kind)
		}
		if err != nil {
			return sweep.Outcome{}, &failedError{err.Error()}
		}
	}
}

// start starts the process if there is none.
func (p *Process) start() error {
	if p.cmd != nil {
		return nil
	}
	cmd := p.Command()
	in, err := cmd.StdinPipe()
	if err != nil {
		return errors.WithStack(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return errors.WithStack(err)
	}
	p.stderr = &Tail{}
	cmd.Stderr = p.stderr
	if err := cmd.Start(); err != nil {
		return errors.Wrap(err, "starting a process for trials")
	}
	p.cmd, p.input, p.to, p.from = cmd, in, gob.NewEncoder(in), gob.NewDecoder(out)
	return nil
}

// stopper returns a function that makes the process end, soon.
func (p *Process) stopper() func() {
	cmd, input, grace := p.cmd, p.input, p.Grace
	kill := func() { _ = cmd.Process.Kill() } // it may have ended
	if grace == 0 {
		return kill
	}
	return func() {
		input.Close()
		time.AfterFunc(grace, kill)
	}
}

// end ends the process and returns why it has ended by itself, if it has.
func (p *Process) end() string {
	_ = p.cmd.Process.Kill() // it may have ended
	p.input.Close()
	err := p.cmd.Wait()
	p.cmd = nil
	if why := p.stderr.Reason(); why != "" {
		return why
	}
	return fmt.Sprint(err)
}

// Close ends the process, if there is one.
func (p *Process) Close() {
	if p.cmd != nil {
		p.end()
	}
}
