package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/sweep"
	"github.com/gorgonia-dropout/dropout/internal/sweep/queue"
)

// simulateCmd runs many workers in this process, each with its own connection,
// on a store that is deleted afterwards.
type simulateCmd struct {
	Workers int `default:"1" help:"Number of workers."`
	Trials  int `default:"200" help:"Number of trials."`
	Millis  int `default:"0" help:"Milliseconds that a trial takes."`
}

// Run is called by kong.
func (c *simulateCmd) Run(ctx context.Context, to *cmdline.Console) error {
	if c.Workers < 1 || c.Workers > 10_000 || c.Trials < 1 || c.Trials > sweep.MaxTrials || c.Millis < 0 || c.Millis > maxMillis {
		return cmdline.Usagef("--workers must be in [1, 10000], --trials in [1, %d] and --millis in [0, %d], got %d, %d and %d", sweep.MaxTrials, maxMillis, c.Workers, c.Trials, c.Millis)
	}
	store, err := os.MkdirTemp("", "sweep-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(store)
	server, err := queue.StartServer(queue.ServerConfig{Store: store})
	if err != nil {
		return err
	}
	defer server.Close()
	nc, err := server.Connect()
	if err != nil {
		return err
	}
	defer nc.Close()
	q, err := queue.Open(ctx, nc, 0)
	if err != nil {
		return err
	}

	start := time.Now()
	working, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer func() {
		stop()
		wg.Wait()
	}()
	var open atomic.Int64
	failed := make(chan error, c.Workers)
	dialling := make(chan struct{}, 32)
	for i := range c.Workers {
		wg.Go(func() {
			dialling <- struct{}{}
			nc, err := server.Connection().Dial(working, "worker", 30*time.Second)
			if err != nil {
				<-dialling
				failed <- err
				return
			}
			defer nc.Close()
			q, err := queue.Open(working, nc, 0)
			<-dialling
			if err != nil {
				failed <- err
				return
			}
			open.Add(1)
			w := &queue.Worker{Queue: q, Name: strconv.Itoa(i), Programs: programs(0)}
			_ = w.Run(working)
		})
	}
	for open.Load() < int64(c.Workers) {
		select {
		case err := <-failed:
			return err
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	joined := time.Since(start)

	s := &sweep.Spec{
		Name: "simulation", Program: "fake", Method: sweep.Random, Trials: c.Trials,
		Settings: map[string]any{"millis": c.Millis},
		Space:    map[string]sweep.Range{"x": {Uniform: &[2]float64{0, 1}}, "epochs": {Int: &[2]int64{1, 1 << 20}}},
	}
	if err := s.Complete(); err != nil {
		return err
	}
	start = time.Now()
	results, err := q.Run(ctx, s, fake{}, nil)
	if err != nil {
		return err
	}
	took := time.Since(start)
	n := len(results)
	ideal := time.Duration((n+c.Workers-1)/c.Workers) * time.Duration(c.Millis) * time.Millisecond
	fmt.Fprintf(to.Out, "%d workers joined in %.2f s.\n", c.Workers, joined.Seconds())
	fmt.Fprintf(to.Out, "%d trials of %d ms in %.3f s, %.3f s of them the trials' own: overhead %.2f ms a trial, %.0f trials a second.\n",
		n, c.Millis, took.Seconds(), ideal.Seconds(), 1e3*(took-ideal).Seconds()/float64(n), float64(n)/took.Seconds())
	return nil
}
