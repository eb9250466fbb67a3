package main

import (
	"context"

	"github.com/gorgonia-dropout/dropout/training"
)

// stride is how many steps of a training are between two meetings of a pair, enough that
// waking its threads for each takes a small part.
const stride = 20

// pairCases are two trainings of a small network in turn in one goroutine, and the same
// two at once on two cores.
func pairCases() []*benchCase {
	m := smallNetworks[len(smallNetworks)-1]
	return group("pair",
		one(benchCase{Name: "in-turn", Title: "two trainings in turn, 1 goroutine", threads: 1, work: func() (loop, error) { return pairOf(m, false) }}),
		one(benchCase{Name: "at-once", Title: "two trainings at once, 2 goroutines", work: func() (loop, error) { return pairOf(m, true) }}))
}

// pairOf is the loop of two trainings, of which each does stride steps in a step.
func pairOf(m mlp, atOnce bool) (loop, error) {
	var pair [2]*paced
	for i := range pair {
		t, data, err := m.trainer()
		if err != nil {
			return nil, err
		}
		pair[i] = pace(t, data)
	}
	return runPair(pair, atOnce), nil
}

// runPair lets both do their steps at once or in turn, and ends them with the loop.
func runPair(pair [2]*paced, atOnce bool) loop {
	return func(next func() bool) error {
		defer func() {
			for _, p := range pair {
				p.stop()
			}
		}()
		return steps(func() error {
			if !atOnce {
				for _, p := range pair {
					p.begin()
					if err := <-p.done; err != nil {
						return err
					}
				}
				return nil
			}
			for _, p := range pair {
				p.begin()
			}
			var err error
			for _, p := range pair {
				if e := <-p.done; e != nil {
					err = e
				}
			}
			return err
		})(next)
	}
}

// paced is a training that does stride steps whenever it is told to.
type paced struct {
	more chan bool
	done chan error // nil after stride steps, an error if the training failed
	over chan struct{}
}

func pace(t *training.Trainer, data training.Dataset) *paced {
	p := &paced{more: make(chan bool), done: make(chan error, 1), over: make(chan struct{})}
	n := 0
	go func() {
		defer close(p.over)
		if !<-p.more {
			return
		}
		err := fit(t, data, training.Callback{OnStep: func(r *training.Run) error {
			if n++; n%stride > 0 {
				return nil
			}
			p.done <- nil
			if !<-p.more {
				r.Stop("measured")
			}
			return nil
		}})
		if err != nil {
			p.done <- err
		}
	}()
	return p
}

// begin lets it do the next steps.
func (p *paced) begin() {
	select {
	case p.more <- true:
	case <-p.over:
	}
}

// stop ends the training and waits for its end.
func (p *paced) stop() {
	select {
	case p.more <- false:
		<-p.over
	case <-p.over:
	}
}

// fit trains until a callback stops it.
func fit(t *training.Trainer, data training.Dataset, c training.Callback) error {
	t.Epochs, t.Callbacks = 1<<40, []training.Callback{c}
	_, err := t.Fit(context.Background(), training.Data{Train: data})
	return err
}
