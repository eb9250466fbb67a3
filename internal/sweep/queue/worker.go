package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/plaintext"
	"github.com/gorgonia-dropout/dropout/internal/sweep"
)

// A Worker runs trials, one at a time.
type Worker struct {
	Queue    *Queue
	Name     string // unique among workers
	Programs map[string]sweep.Program
	// MaxDeliveries is how often a trial is started, by any worker, before it
	// is given up because it kills them; 0 means 20.
	MaxDeliveries uint64
	// Idle is how long Run waits for a trial before it returns; 0 means
	// forever.
	Idle time.Duration
	// Log, unless nil, is called with what goes wrong.
	Log func(string)

	state atomic.Pointer[WorkerState]
	last  string // the complaint that was logged last
}

// A WorkerState describes a worker.
type WorkerState struct {
	Name  string `json:"name"`
	Sweep string `json:"sweep,omitempty"` // of the trial that it runs
	Trial string `json:"trial,omitempty"`
	// Seconds is how long it has run the trial or waited for one. The worker counts
	// them: another machine's clock may differ from its own, and either may be set.
	Seconds float64 `json:"seconds"`
	Done    int64   `json:"done"` // of Total
	Total   int64   `json:"total"`
	Made    int64   `json:"made"` // trials so far

	since time.Time // what Seconds are counted from
}

// For returns Seconds as a duration, to the second.
func (s *WorkerState) For() time.Duration {
	return time.Duration(s.Seconds * float64(time.Second)).Round(time.Second)
}

// now returns s with its seconds so far, by a clock that setting the time does not change.
func (s WorkerState) now() WorkerState {
	s.Seconds = time.Since(s.since).Seconds()
	return s
}

var workerRule = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,200}$`)

// valid reports whether a worker can have sent s, which is shown on terminals.
func (s *WorkerState) valid() bool {
	return workerRule.MatchString(s.Name) && sweep.CheckSeconds(s.Seconds) == nil &&
		(s.Trial == "" || sweep.CheckID(s.Trial) == nil && sweep.CheckName("sweep", s.Sweep) == nil)
}

// Run runs trials until ctx is done or no trial has come for the time Idle. It
// survives a server that is away for a while.
func (w *Worker) Run(ctx context.Context) error {
	w.state.Store(&WorkerState{Name: w.Name, since: time.Now()})
	alive, stop := context.WithCancel(ctx)
	var beats sync.WaitGroup
	beats.Go(func() { w.beat(alive) })
	defer func() {
		stop()
		beats.Wait()
	}()
	last := time.Now()
	for ctx.Err() == nil {
		wait := 5 * time.Second
		if w.Idle > 0 {
			wait = max(10*time.Millisecond, min(wait, w.Idle-time.Since(last)))
		}
		fetch, cancel := context.WithTimeout(ctx, wait)
		msg, err := w.Queue.consumer.Next(jetstream.FetchContext(fetch))
		cancel()
		switch {
		case err == nil:
			if err := w.foreign(msg); err != nil {
				return errors.Wrap(err, "sweep: Run")
			}
			w.last = ""
			w.handle(ctx, msg)
			last = time.Now()
			continue
		case errors.Is(err, nats.ErrTimeout), errors.Is(err, jetstream.ErrNoMessages), errors.Is(err, context.DeadlineExceeded):
		case w.Queue.js.Conn().IsClosed():
			return errors.Wrap(err, "sweep: Run") // for instance a wrong password
		case ctx.Err() == nil:
			w.complain("waiting for the server: %v", err)
			pause(ctx, 200*time.Millisecond)
		}
		if w.Idle > 0 && time.Since(last) >= w.Idle {
			return nil
		}
	}
	return ctx.Err()
}

func (w *Worker) log(format string, args ...any) {
	if w.Log != nil {
		w.Log(fmt.Sprintf(format, args...))
	}
}

// complain logs what goes wrong again and again, once.
func (w *Worker) complain(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); text != w.last {
		w.last = text
		w.log("%s", text)
	}
}

// pause waits for d or for the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// beat sends signs of life.
func (w *Worker) beat(ctx context.Context) {
	t := time.NewTicker(workerTTL / 5)
	defer t.Stop()
	for {
		if data, err := json.Marshal(w.state.Load().now()); err == nil {
			// If the server is away, it gets the next one.
			_, _ = w.Queue.workers.Put(ctx, w.Name, data)
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}

// ErrVersion is the error of a worker of another version than the program that sent a
// trial: the two could give different results for the same settings.
var ErrVersion = errors.New("worker must be of the version of the program that runs the sweep")

// foreign returns ErrVersion for a trial of another version, which it gives back.
func (w *Worker) foreign(msg jetstream.Msg) error {
	want := msg.Headers().Get(versionHeader)
	if want == "" || w.Queue.Version == "" || want == w.Queue.Version {
		return nil
	}
	_ = msg.NakWithDelay(time.Second) // if it is lost, the trial comes back later
	return errors.Wrapf(ErrVersion, "%.100q, got %.100q", want, w.Queue.Version)
}

// handle processes a message, whatever it holds.
func (w *Worker) handle(ctx context.Context, msg jetstream.Msg) {
	meta, err := msg.Metadata()
	if err != nil {
		w.log("a message that is not of the queue: %v", err)
		return
	}
	t, err := w.trial(msg)
	limit := w.MaxDeliveries
	if limit == 0 {
		limit = 20
	}
	if err == nil && meta.NumDelivered > limit {
		err = errors.Errorf("begun %d times without a result", meta.NumDelivered-1)
	}
	if err != nil {
		w.bury(ctx, msg, meta, err)
		return
	}
	key := t.Sweep + "." + t.ID
	// The result may exist: the worker that made it was killed before it could
	// say so, or the trial was sent again.
	if e, err := w.Queue.results.Get(ctx, key); err == nil {
		_, err := decodeResult(e)
		if err == nil {
			w.ack(msg)
			return
		}
		w.log("result %s is made again: %v", key, err)
		if err := w.Queue.discard(ctx, e, err); err != nil {
			w.log("dead letter is not kept: %v", err)
			return // it comes again
		}
	}
	state := &WorkerState{Name: w.Name, Sweep: t.Sweep, Trial: t.ID, since: time.Now(), Made: w.state.Load().Made}
	w.state.Store(state)
	defer func() { w.state.Store(&WorkerState{Name: w.Name, since: time.Now(), Made: state.Made + 1}) }()

	// While the trial runs, and while its result is being sent.
	stop := w.hold(msg)
	defer stop()
	j := &job{queue: w.Queue, trial: t, worker: w, state: *state}
	start := time.Now()
	outcome, err := w.make(ctx, j)
	if err != nil {
		w.log("trial %s is given back: %v", key, err)
		_ = msg.NakWithDelay(min(time.Minute, time.Duration(meta.NumDelivered)*time.Second))
		return
	}
	data, err := sweep.Result{
		Trial: t, Outcome: outcome, Artefacts: j.kept, Worker: w.Name,
		Seconds: time.Since(start).Seconds(), Deliveries: meta.NumDelivered, Resumed: j.resumed,
	}.Encode()
	if err != nil {
		w.bury(ctx, msg, meta, err)
		return
	}
	for wait := 200 * time.Millisecond; ctx.Err() == nil; wait = min(2*wait, 10*time.Second) {
		// Create succeeds once for each key: a trial that two workers have run
		// counts once.
		_, err := w.Queue.results.Create(ctx, key, data)
		if err == nil || errors.Is(err, jetstream.ErrKeyExists) {
			w.ack(msg)
			if j.saved || j.resumed {
				_ = w.Queue.checkpoints.Delete(ctx, key)
			}
			return
		}
		if ctx.Err() == nil {
			w.complain("result %s is not kept yet: %v", key, err)
		}
		pause(ctx, wait)
	}
}

// trial returns the trial in a message.
func (w *Worker) trial(msg jetstream.Msg) (sweep.Trial, error) {
	t, err := sweep.DecodeTrial(msg.Data())
	if err != nil {
		return t, err
	}
	if subject := w.Queue.subject + t.Sweep + "." + t.ID; msg.Subject() != subject {
		return t, errors.Errorf("subject must be %s, got %.200q", subject, msg.Subject())
	}
	p := w.Programs[t.Program]
	if p == nil {
		return t, errors.Errorf("program must be one that the worker has, got %q", t.Program)
	}
	config, err := p.Normalize(t.Config)
	if err != nil {
		return t, err
	}
	if string(config) != string(t.Config) {
		return t, errors.Errorf("config must be complete and in order, as %s, got %.500q: is it another version's?", config, t.Config)
	}
	return t, nil
}

// ack takes a trial off the queue. If the acknowledgement is lost, the trial
// comes again and its result is found.
func (w *Worker) ack(msg jetstream.Msg) {
	if err := msg.Ack(); err != nil {
		w.log("not acknowledged: %v", err)
	}
}

// bury moves a message that nobody can process out of the way.
func (w *Worker) bury(ctx context.Context, msg jetstream.Msg, meta *jetstream.MsgMetadata, reason error) {
	w.log("dead letter: %v", reason)
	name, id := strings.TrimPrefix(msg.Subject(), w.Queue.subject), fmt.Sprint(meta.Stream, meta.Sequence.Stream)
	if err := w.Queue.sendDead(ctx, name, msg.Subject(), msg.Data(), reason, id); err != nil {
		w.log("dead letter is not kept: %v", err)
		return // it comes again
	}
	_ = msg.TermWithReason("dead letter")
}

// oneLine returns s in a form that a header can hold.
func oneLine(s string) string {
	s = plaintext.Line(strings.Join(strings.Fields(s), " "))
	return strings.ToValidUTF8(s[:min(len(s), 1000)], "")
}

// hold keeps a message from going to another worker until stop is called.
func (w *Worker) hold(msg jetstream.Msg) (stop func()) {
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		t := time.NewTicker(w.Queue.ackWait / 3)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				_ = msg.InProgress()
			case <-done:
				return
			}
		}
	})
	return func() {
		close(done)
		wg.Wait()
	}
}

// make runs the program of a trial. A panic would happen again, so it becomes
// the outcome.
func (w *Worker) make(ctx context.Context, j *job) (o sweep.Outcome, err error) {
	defer func() {
		if r := recover(); r != nil {
			w.log("trial %s: panic: %v\n%s", j.trial.ID, r, debug.Stack())
			o, err = sweep.Outcome{Failure: oneLine(fmt.Sprint("panic: ", r))}, nil
		}
	}()
	program := w.Programs[j.trial.Program]
	o, err = program.Run(ctx, j)
	if err == nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		return o, err
	}
	return measured(o, program.Metrics()), nil
}

// measured returns an outcome that has each metric of its program, or a
// failure.
func measured(o sweep.Outcome, names []string) sweep.Outcome {
	if o.Failure != "" {
		o.Metrics = nil
		return o
	}
	if got := slices.Sorted(maps.Keys(o.Metrics)); !slices.Equal(got, slices.Sorted(slices.Values(names))) {
		return sweep.Outcome{Failure: oneLine(fmt.Sprintf("metrics must be %q, got %q", names, got))}
	}
	// JSON has only finite numbers, and a mean over others would say nothing.
	for _, name := range slices.Sorted(maps.Keys(o.Metrics)) {
		if v := o.Metrics[name]; math.IsNaN(v) || math.IsInf(v, 0) {
			return sweep.Outcome{Failure: fmt.Sprintf("metric %s must be finite, got %v", name, v)}
		}
	}
	return o
}

// Workers returns the workers that have recently given a sign of life.
func (q *Queue) Workers(ctx context.Context) ([]WorkerState, error) {
	w, err := q.workers.WatchAll(ctx, jetstream.IgnoreDeletes())
	if err != nil {
		return nil, errors.Wrap(err, "sweep: Workers")
	}
	defer w.Stop()
	silent := time.NewTimer(q.stall)
	defer silent.Stop()
	var all []WorkerState
	for {
		select {
		case <-silent.C:
			return all, nil // whoever is missing will report again soon
		case e := <-w.Updates():
			if e == nil {
				return all, nil
			}
			var s WorkerState
			if json.Unmarshal(e.Value(), &s) == nil && s.valid() {
				all = append(all, s)
			}
		case <-ctx.Done():
			return nil, errors.Wrap(ctx.Err(), "sweep: Workers")
		}
	}
}
