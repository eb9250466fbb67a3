package queue

import (
	"context"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
)

// A State is the progress of a sweep.
type State struct {
	Total   int `json:"total"` // trials; approximate for asha
	Done    int `json:"done"`
	Failed  int `json:"failed"`  // done, without metrics
	Waiting int `json:"waiting"` // or under way
	Dead    int `json:"dead"`    // given up: see the dead letters
	// Best is the lowest metric of a trial so far, nil before there is one.
	Best *float64 `json:"best,omitempty"`
	// Foreign counts results of no trial of the sweep, which are ignored, and
	// Damaged those that cannot be read, whose trials are run again.
	Foreign int `json:"foreign,omitempty"`
	Damaged int `json:"damaged,omitempty"`
	// Trouble is why a run is waiting, for instance because the server is away;
	// "" if it is not.
	Trouble string `json:"trouble,omitempty"`
}

// resync is how often a run looks at the whole state, in case it has missed
// something.
const resync = 5 * time.Second

// Run runs a sweep: it sends the next trials until there are none, and returns
// all results by ID. It may be stopped and called again, on any machine, and
// resumes from what is kept. If trials were given up, an error says so, along
// with the other results. watch, unless nil, is called with the state from time
// to time.
func (q *Queue) Run(ctx context.Context, s *sweep.Spec, p sweep.Program, watch func(State)) (map[string]sweep.Result, error) {
	plan, err := sweep.NewPlan(ctx, s, p)
	if err != nil {
		return nil, err
	}
	if err := q.Begin(ctx, s); err != nil {
		return nil, err
	}
	if err := q.renew(ctx, s.Name); err != nil {
		return nil, errors.Wrap(err, "sweep: Run")
	}
	for {
		done, err := q.round(ctx, s.Name, plan, watch)
		if err == nil || ctx.Err() != nil {
			return finish(s.Name, done, err)
		}
		var api *jetstream.APIError
		if errors.As(err, &api) && api.Code == 400 || q.js.Conn().IsClosed() {
			return nil, errors.Wrap(err, "sweep: Run") // another try would end the same way
		}
		// The server is away.
		if watch != nil {
			s := stateOf(plan, done, 0)
			s.Waiting, s.Trouble = max(0, s.Total-s.Done-s.Dead), err.Error()
			watch(s)
		}
		pause(ctx, 500*time.Millisecond)
	}
}

// renew removes waiting trials that another version of the program has sent, which its
// workers would take and no others: they are sent again.
func (q *Queue) renew(ctx context.Context, name string) error {
	waiting, err := q.Waiting(ctx, name)
	if err != nil || q.Version == "" {
		return nil // a round waits for the server
	}
	for id := range waiting {
		m, err := q.trials.GetLastMsgForSubject(ctx, q.subject+name+"."+id)
		if err != nil {
			continue // done by now, or damaged
		}
		if v := m.Header.Get(versionHeader); v == "" || v == q.Version {
			return nil // they have been sent by one program
		}
		return q.trials.Purge(ctx, jetstream.WithPurgeSubject(q.subject+name+".>"))
	}
	return nil
}

// finish looks for trials that were given up.
func finish(name string, done map[string]sweep.Result, err error) (map[string]sweep.Result, error) {
	if err != nil {
		return done, errors.Wrap(err, "sweep: Run")
	}
	dead := 0
	for id, r := range done {
		if r.Trial.Program == "" { // stands for a trial that has none
			delete(done, id)
			dead++
		}
	}
	if dead > 0 {
		return done, errors.Errorf("sweep: Run: %d trials of %s were given up: see the dead letters", dead, name)
	}
	return done, nil
}

// round follows a sweep until it is finished or something goes wrong.
func (q *Queue) round(ctx context.Context, name string, plan *sweep.Plan, watch func(State)) (map[string]sweep.Result, error) {
	done := make(map[string]sweep.Result)
	w, err := q.results.Watch(ctx, name+".*", jetstream.IgnoreDeletes())
	if err != nil {
		return nil, err
	}
	defer w.Stop()
	tick := time.NewTicker(resync)
	defer tick.Stop()
	silent := time.NewTimer(q.stall)
	defer silent.Stop()
	changed, patience := time.Now(), 3*q.stall
	started := false
	foreign := make(map[string]bool)
	var waiting map[string]bool
	look := func() error {
		var err error
		if waiting, err = q.Waiting(ctx, name); err != nil {
			return err
		}
		dead, err := q.subjects(ctx, q.dead, deadSubject+name+".")
		if err != nil {
			return err
		}
		for id := range dead {
			if _, ok := done[id]; !ok && plan.Has(id) {
				done[id] = sweep.Result{Outcome: sweep.Outcome{Failure: "given up"}}
			}
		}
		// A trial whose result is kept will soon be taken off the queue; and
		// anyone can send a trial that is not the sweep's.
		for id := range waiting {
			if _, ok := done[id]; ok || !plan.Has(id) {
				delete(waiting, id)
			}
		}
		return nil
	}
	for {
		fresh := false
		select {
		case e, ok := <-w.Updates():
			if !ok {
				return done, errors.New("the server has ended the watch")
			}
			silent.Reset(q.stall)
			if e == nil {
				started = true
				silent.Stop()
				if err := look(); err != nil {
					return done, err
				}
				break
			}
			if id := strings.TrimPrefix(e.Key(), name+"."); !plan.Has(id) {
				foreign[id] = true
				break
			}
			r, err := decodeResult(e)
			if err != nil {
				if err := q.discard(ctx, e, err); err != nil {
					return done, err
				}
				delete(done, strings.TrimPrefix(e.Key(), name+"."))
				fresh = true
				break
			}
			done[r.ID] = r
			delete(waiting, r.ID)
			fresh = true
			changed, patience = time.Now(), 3*q.stall
		case <-silent.C:
			if started {
				break
			}
			n, err := q.repair(ctx)
			if err == nil {
				err = errors.Errorf("the server has not delivered all results for %v; %d that are damaged are made again", q.stall, n)
			}
			return done, err // to start over
		case <-tick.C:
			if !started {
				break
			}
			if time.Since(changed) > patience {
				patience *= 2
				if err := q.checkTrials(ctx, name, waiting); err != nil {
					return done, err
				}
			}
			if err := look(); err != nil {
				return done, err
			}
		case <-ctx.Done():
			return done, ctx.Err()
		}
		if !started || fresh && len(w.Updates()) > 0 {
			continue
		}
		next := plan.Next(done, waiting)
		if err := q.publish(ctx, next); err != nil {
			return done, err
		}
		for _, t := range next {
			waiting[t.ID] = true
		}
		if watch != nil {
			state := stateOf(plan, done, len(waiting))
			state.Foreign = len(foreign)
			watch(state)
		}
		if len(waiting) == 0 {
			return done, nil
		}
	}
}

// checkTrials checks whether waiting trials can be read, since a damaged one
// would wait forever. In that case the queue is emptied, as the server cannot
// remove just one, and every run sends its trials again.
func (q *Queue) checkTrials(ctx context.Context, name string, waiting map[string]bool) error {
	for id := range waiting {
		_, err := q.trials.GetLastMsgForSubject(ctx, q.subject+name+"."+id)
		if err == nil {
			continue
		}
		if !errors.Is(err, jetstream.ErrMsgNotFound) {
			return err
		}
		// A worker may just have finished it.
		if still, err := q.Waiting(ctx, name); err != nil || !still[id] {
			return err
		}
		return errors.Wrap(q.trials.Purge(ctx), "sweep: Run")
	}
	return nil
}

func stateOf(plan *sweep.Plan, done map[string]sweep.Result, waiting int) State {
	s := State{Total: plan.Total(), Waiting: waiting}
	for _, r := range done {
		switch {
		case r.Trial.Program == "":
			s.Dead++
		case r.Failure != "":
			s.Failed++
			s.Done++
		default:
			s.Done++
			if v, ok := r.Metrics[plan.Metric()]; ok && (s.Best == nil || v < *s.Best) {
				s.Best = &v
			}
		}
	}
	s.Total = max(s.Total, s.Done+s.Dead+s.Waiting) // asha decides as it goes
	return s
}

// State returns the progress of a sweep.
func (q *Queue) State(ctx context.Context, s *sweep.Spec, p sweep.Program) (State, error) {
	plan, err := sweep.NewPlan(ctx, s, p)
	if err != nil {
		return State{}, err
	}
	kept, err := q.Results(ctx, plan)
	if err != nil {
		return State{}, err
	}
	done := kept.Results
	waiting, err := q.Waiting(ctx, s.Name)
	if err != nil {
		return State{}, err
	}
	n := 0
	for id := range waiting {
		if _, ok := done[id]; !ok && plan.Has(id) {
			n++
		}
	}
	dead, err := q.subjects(ctx, q.dead, deadSubject+s.Name+".")
	if err != nil {
		return State{}, errors.Wrap(err, "sweep: State")
	}
	state := stateOf(plan, done, n)
	state.Foreign, state.Damaged = kept.Foreign, kept.Damaged
	for id := range dead {
		if _, ok := done[id]; !ok && plan.Has(id) {
			state.Dead++
		}
	}
	return state, nil
}
