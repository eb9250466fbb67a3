package queue

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
)

// stall is how long a server may stay silent before undelivered results are
// requested one by one. A server silently skips a message that is damaged on
// disk, so a watch would wait for it forever.
const stall = 10 * time.Second

// errDamaged is the error of a watch that does not reach its end.
var errDamaged = errors.New("the server does not deliver all that it keeps: is its disk damaged?")

// Kept holds what a server keeps of a sweep's results.
type Kept struct {
	Results map[string]sweep.Result // readable results of the plan's trials, by ID
	Foreign int                     // number of results of no trial of the plan
	Damaged int                     // number of unreadable results, whose trials are to be run again
}

// Results returns what the server keeps of the results of a plan.
func (q *Queue) Results(ctx context.Context, plan *sweep.Plan) (*Kept, error) {
	name := plan.Spec().Name
	kept := &Kept{Results: make(map[string]sweep.Result)}
	entries, damaged, err := q.entries(ctx, name+".")
	if err != nil {
		return nil, errors.Wrap(err, "sweep: Results")
	}
	for key := range damaged {
		if plan.Has(strings.TrimPrefix(key, name+".")) {
			kept.Damaged++
		}
	}
	for _, e := range entries {
		r, err := decodeResult(e)
		switch {
		case !plan.Has(strings.TrimPrefix(e.Key(), name+".")):
			kept.Foreign++
		case err != nil:
			kept.Damaged++
		default:
			kept.Results[r.ID] = r
		}
	}
	return kept, nil
}

// entries returns what is kept under the keys that begin with within, which
// ends in a dot or is empty, and the keys of unreadable entries with the
// reason.
func (q *Queue) entries(ctx context.Context, within string) (map[string]jetstream.KeyValueEntry, map[string]error, error) {
	w, err := q.results.Watch(ctx, within+">", jetstream.IgnoreDeletes())
	if err != nil {
		return nil, nil, err
	}
	defer w.Stop()
	all := make(map[string]jetstream.KeyValueEntry)
	silent := time.NewTimer(q.stall)
	defer silent.Stop()
	for {
		select {
		case e, ok := <-w.Updates():
			if !ok {
				return nil, nil, errors.New("the server has ended the watch")
			}
			if e == nil {
				return all, nil, nil
			}
			all[e.Key()] = e
			silent.Reset(q.stall)
		case <-silent.C:
			damaged, err := q.ask(ctx, within, all)
			return all, damaged, err
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
}

// prefix is what the subjects of results begin with in their stream.
const prefix = "$KV." + results + "."

// ask requests the results that are not among the known ones, one by one, and
// adds them.
func (q *Queue) ask(ctx context.Context, within string, known map[string]jetstream.KeyValueEntry) (damaged map[string]error, err error) {
	stream, err := q.js.Stream(ctx, "KV_"+results)
	if err != nil {
		return nil, err
	}
	ids, err := q.subjects(ctx, stream, prefix+within)
	if err != nil {
		return nil, err
	}
	damaged = make(map[string]error)
	for id := range ids {
		key := within + id
		if known[key] != nil {
			continue
		}
		e, err := q.results.Get(ctx, key)
		switch {
		case err == nil:
			known[key] = e
		case errors.Is(err, jetstream.ErrKeyNotFound):
			// It was deleted, or the server has found it damaged.
			if _, err := stream.GetLastMsgForSubject(ctx, prefix+key); err != nil {
				damaged[key] = err
			}
		case ctx.Err() != nil:
			return nil, ctx.Err()
		default:
			damaged[key] = err
		}
	}
	return damaged, nil
}

// repair removes the unreadable results of all sweeps, so that their trials are
// run again, and returns how many there were. The server cannot remove a
// damaged message from a stream: even with a new value it comes back at the
// next start. So the stream is emptied and filled again. What is lost if that
// is interrupted is run again too.
func (q *Queue) repair(ctx context.Context) (int, error) {
	whole, damaged, err := q.entries(ctx, "")
	if err != nil || len(damaged) == 0 {
		return 0, err
	}
	for key, reason := range damaged {
		if err := q.sendDead(ctx, key+".result", prefix+key, nil, reason, ""); err != nil {
			return 0, err
		}
	}
	stream, err := q.js.Stream(ctx, "KV_"+results)
	if err != nil {
		return 0, err
	}
	if err := stream.Purge(ctx); err != nil {
		return 0, err
	}
	for key, e := range whole {
		if _, err := q.results.Create(ctx, key, e.Value()); err != nil && !errors.Is(err, jetstream.ErrKeyExists) {
			return 0, err
		}
	}
	return len(damaged), nil
}

// decodeResult returns the result kept under a key, which must be that of its
// trial.
func decodeResult(e jetstream.KeyValueEntry) (sweep.Result, error) {
	r, err := sweep.DecodeResult(e.Value())
	if want := r.Sweep + "." + r.ID; err == nil && e.Key() != want {
		err = errors.Errorf("key must be %s, got %.200q", want, e.Key())
	}
	return r, err
}

// discard moves an unreadable result to the dead letters, so that its trial is
// run again.
func (q *Queue) discard(ctx context.Context, e jetstream.KeyValueEntry, reason error) error {
	from := prefix + e.Key()
	if err := q.sendDead(ctx, e.Key()+".result", from, e.Value(), reason, fmt.Sprint(results, e.Revision())); err != nil {
		return err
	}
	err := q.results.Delete(ctx, e.Key(), jetstream.LastRevision(e.Revision()))
	var api *jetstream.APIError
	if errors.As(err, &api) && api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence {
		return nil // someone else has done so
	}
	return err
}
