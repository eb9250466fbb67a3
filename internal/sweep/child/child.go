// Package child runs trials in a process of their own, so that one that takes too much
// memory or time, or that crashes, costs neither its worker nor other trials anything.
// [Program] is what the worker runs, [Serve] what the process does.
package child

import (
	"context"
	"encoding/gob"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/plaintext"
	"github.com/gorgonia-dropout/dropout/internal/room"
	"github.com/gorgonia-dropout/dropout/internal/sweep"
)

// request is a trial to run.
type request struct {
	Trial      sweep.Trial
	Checkpoint []byte
}

// The kinds of replies. The last one to a request is done or failed.
const (
	progress = iota
	checkpoint
	artefact
	done
	failed // with an error that may not occur again
)

// reply is what the process says of a trial.
type reply struct {
	Kind        int
	Done, Total int64
	Name        string
	Data        []byte
	Outcome     sweep.Outcome
	Error       string
}

// Limits are those of the process itself.
type Limits struct {
	Memory int64 // bytes that Go's runtime may have from the system; 0 for no limit
}

// Serve runs the trials that come from in, one at a time, and says on out what becomes
// of them, until in ends. It exits the process if that takes too much memory.
func Serve(ctx context.Context, in io.Reader, out io.Writer, programs map[string]sweep.Program, l Limits) error {
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	if l.Memory > 0 {
		go watchMemory(ctx, l.Memory)
	}
	requests := make(chan request)
	go func() {
		defer leave() // whoever has sent the trial has ended
		for from := gob.NewDecoder(in); ; {
			var r request
			if from.Decode(&r) != nil {
				return
			}
			select {
			case requests <- r:
			case <-ctx.Done():
				return
			}
		}
	}()
	to := &replies{encoder: gob.NewEncoder(out)}
	for {
		select {
		case r := <-requests:
			if err := to.send(run(ctx, r, programs, to)); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// watchMemory ends the process when it has more than limit bytes.
func watchMemory(ctx context.Context, limit int64) {
	debug.SetMemoryLimit(limit - limit/8) // collect garbage rather than grow
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	t := time.NewTicker(20 * time.Millisecond)
	defer t.Stop()
	for {
		metrics.Read(samples)
		if n := int64(samples[0].Value.Uint64() - samples[1].Value.Uint64()); n > limit {
			fmt.Fprintf(os.Stderr, "memory must be at most %s, got %s\n", room.Size(limit), room.Size(n))
			os.Exit(1)
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}

// run runs a trial. A panic would happen again, so it becomes the outcome.
func run(ctx context.Context, r request, programs map[string]sweep.Program, to *replies) (last reply) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(os.Stderr, "panic: %v\n%s", p, debug.Stack())
			last = reply{Kind: done, Outcome: sweep.Outcome{Failure: plaintext.Line(fmt.Sprint("panic: ", p))}}
		}
	}()
	p := programs[r.Trial.Program]
	if p == nil {
		return reply{Kind: failed, Error: fmt.Sprintf("program must be one that the process has, got %q", r.Trial.Program)}
	}
	o, err := p.Run(ctx, &remoteJob{request: r, to: to})
	if err != nil {
		return reply{Kind: failed, Error: err.Error()}
	}
	return reply{Kind: done, Outcome: o}
}

// replies sends replies from several goroutines.
type replies struct {
	mu      sync.Mutex
	encoder *gob.Encoder
}

func (r *replies) send(v reply) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return errors.Wrap(r.encoder.Encode(v), "child")
}

// remoteJob is a trial from its program's point of view, in the process.
type remoteJob struct {
	request request
	to      *replies
	told    time.Time // of the progress
}

func (j *remoteJob) Trial() sweep.Trial { return j.request.Trial }

func (j *remoteJob) Checkpoint(context.Context) ([]byte, error) { return j.request.Checkpoint, nil }

func (j *remoteJob) SaveCheckpoint(_ context.Context, data []byte) error {
	return j.to.send(reply{Kind: checkpoint, Data: data})
}

func (j *remoteJob) Keep(_ context.Context, name string, data []byte) error {
	if err := sweep.CheckArtefact(name); err != nil {
		return err
	}
	return j.to.send(reply{Kind: artefact, Name: name, Data: data})
}

func (j *remoteJob) Progress(n, total int64) {
	if time.Since(j.told) < 100*time.Millisecond && n < total {
		return
	}
	j.told = time.Now()
	// If the worker has ended, so will this process.
	_ = j.to.send(reply{Kind: progress, Done: n, Total: total})
}
