package queue

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
)

// job is a trial under way.
type job struct {
	queue          *Queue
	worker         *Worker
	trial          sweep.Trial
	state          WorkerState
	kept           []string
	resumed, saved bool
}

func (j *job) Trial() sweep.Trial { return j.trial }

func (j *job) key() string { return j.trial.Sweep + "." + j.trial.ID }

// Checkpoint returns none if it cannot be read, since a trial can always start
// over.
func (j *job) Checkpoint(ctx context.Context) ([]byte, error) {
	data, err := get(ctx, j.queue.checkpoints, j.key())
	if err != nil {
		if !errors.Is(err, jetstream.ErrObjectNotFound) {
			j.worker.log("checkpoint of %s: %v", j.key(), err)
		}
		return nil, ctx.Err()
	}
	j.resumed = true
	return data, nil
}

// SaveCheckpoint lets the trial continue if the server is away: the next
// checkpoint may be kept.
func (j *job) SaveCheckpoint(ctx context.Context, data []byte) error {
	if len(data) > maxObject {
		j.worker.log("checkpoint of %s must be at most %d bytes, got %d", j.key(), maxObject, len(data))
		return ctx.Err()
	}
	j.saved = true
	if _, err := j.queue.checkpoints.PutBytes(ctx, j.key(), data); err != nil {
		j.worker.log("checkpoint of %s is not kept: %v", j.key(), err)
	}
	return ctx.Err()
}

func (j *job) Keep(ctx context.Context, name string, data []byte) error {
	if err := sweep.CheckArtefact(name); err != nil {
		return errors.WithMessage(err, "sweep: Keep")
	}
	if len(data) > maxObject {
		return errors.Errorf("sweep: Keep: artefact must be at most %d bytes, got %d", maxObject, len(data))
	}
	for wait := 200 * time.Millisecond; ; wait = min(2*wait, 10*time.Second) {
		_, err := j.queue.artefacts.PutBytes(ctx, j.trial.Sweep+"/"+j.trial.ID+"/"+name, data)
		if err == nil {
			j.kept = append(j.kept, name)
			return nil
		}
		if ctx.Err() != nil {
			return errors.Wrap(err, "sweep: Keep")
		}
		j.worker.complain("artefact %s of %s is not kept yet: %v", name, j.key(), err)
		pause(ctx, wait)
	}
}

func (j *job) Progress(done, total int64) {
	s := j.state
	s.Done, s.Total = done, total
	j.worker.state.Store(&s)
}
