package queue

import (
	"context"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
)

// Forget removes a sweep whose results have been taken, or are of no use any more: its
// waiting trials, its results with their artefacts, and its spec. What a worker is at stays
// until it is done, and so does its result.
func (q *Queue) Forget(ctx context.Context, name string) error {
	if err := sweep.CheckName("name", name); err != nil {
		return errors.WithMessage(err, "sweep: Forget")
	}
	return errors.Wrap(q.forget(ctx, name), "sweep: Forget")
}

func (q *Queue) forget(ctx context.Context, name string) error {
	if err := q.trials.Purge(ctx, jetstream.WithPurgeSubject(q.subject+name+".>")); err != nil {
		return err
	}
	entries, _, err := q.entries(ctx, name+".")
	if err != nil {
		return err
	}
	for key, e := range entries {
		if r, err := decodeResult(e); err == nil {
			for _, artefact := range r.Artefacts {
				if err := q.artefacts.Delete(ctx, r.Sweep+"/"+r.ID+"/"+artefact); err != nil && !errors.Is(err, jetstream.ErrObjectNotFound) {
					return err
				}
			}
		}
		if err := q.results.Purge(ctx, key); err != nil {
			return err
		}
	}
	return q.specs.Purge(ctx, name)
}
