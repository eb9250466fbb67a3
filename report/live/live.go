// Package live shows the learning curves of runs in a browser while they train.
//
//	server := live.New("MNIST", "without dropout", "with dropout")
//	trainer.Callbacks = append(trainer.Callbacks, server.Watch("with dropout", 1))
//	go server.Serve(listener)
//
// The page draws what package report draws, again after each epoch; it is sent by
// server-sent events and needs no network beyond the server itself. However many
// watch, the figures are drawn once, at most four times a second; more than 256 at a
// time are refused.
package live

import (
	"slices"
	"sync"
	"time"

	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// A Server is an [http.Handler] with the page at "/" and its events at
// "/events". Its methods may be called from several goroutines.
type Server struct {
	title string
	arms  []string

	mu      sync.Mutex
	runs    []*run
	changed chan struct{} // closed at the next change
	ended   string        // the conclusion, once there is one

	listeners chan struct{} // an element for each

	drawing sync.Mutex // held while the figures are drawn
	last    *message   // what was drawn last
}

// run is what is known of a run.
type run struct {
	arm    string
	seed   uint64
	epochs int
	done   bool
	result experiment.Result

	started, at time.Time // of the run, or of what was left of it, and of its last epoch
	before      int       // epochs that it had when it started
}

// New returns a server for a page with the given title. The given arms have the
// colours of figures in order, whichever reports first; others follow as they
// arrive.
func New(title string, arms ...string) *Server {
	return &Server{title: title, arms: slices.Clone(arms), changed: make(chan struct{}), listeners: make(chan struct{}, maxListeners)}
}

// Watch returns a callback that shows the run of an arm with a seed.
func (s *Server) Watch(arm string, seed uint64) training.Callback {
	r := &run{arm: arm, seed: seed}
	update := func(of *training.Run) {
		h := *of.History
		h.Epochs = slices.Clone(h.Epochs)
		s.update(func() {
			r.epochs = of.Trainer.Epochs
			r.result = experiment.Result{Arm: arm, Seed: seed, History: &h}
		})
	}
	return training.Callback{
		OnStart: func(of *training.Run) error {
			s.update(func() {
				s.runs = append(s.runs, r)
				r.started, r.before = time.Now(), of.Epoch
				if !slices.Contains(s.arms, arm) {
					s.arms = append(s.arms, arm)
				}
			})
			update(of)
			return nil
		},
		OnEpoch: func(of *training.Run) error {
			s.update(func() { r.at = time.Now() })
			update(of)
			return nil
		},
		OnEnd: func(of *training.Run) error {
			update(of)
			s.update(func() { r.done = true })
			return nil
		},
	}
}

// End shows the conclusion of an experiment, such as its finding.
func (s *Server) End(finding string) { s.update(func() { s.ended = finding }) }

// update changes the state and notifies those who watch.
func (s *Server) update(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	close(s.changed)
	s.changed = make(chan struct{})
}
