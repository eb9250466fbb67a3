package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/blas"
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/sweep/connect"
	"github.com/gorgonia-dropout/dropout/internal/sweep/queue"
)

// workerCmd runs trials.
type workerCmd struct {
	server
	Name string `help:"Unique name of this worker; host and process by default."`
	Spec string `type:"existingfile" help:"Run the trials of the command in this spec, and no others. Without it no worker runs a command." placeholder:"FILE"`
	given
	trialLimits
	computing
	WithInput bool          `hidden:"" help:"Exit when the standard input ends."`
	Idle      time.Duration `help:"Exit after this long without a trial; 0 for never." placeholder:"DURATION"`
}

var notInName = regexp.MustCompile(`[^a-zA-Z0-9_-]+`)

// Run is called by kong.
func (c *workerCmd) Run(ctx context.Context, to *cmdline.Console) error {
	if c.Threads < 1 || c.Idle < 0 {
		return cmdline.Usagef("--threads must be positive and --idle not negative, got %d and %v", c.Threads, c.Idle)
	}
	if err := c.trialLimits.check(); err != nil {
		return err
	}
	if c.Name == "" {
		host, _ := os.Hostname()
		c.Name = fmt.Sprintf("%s-%d", host, os.Getpid())
	}
	c.Name = notInName.ReplaceAllString(c.Name, "-")
	connection, err := c.connection()
	if errors.Is(err, os.ErrNotExist) {
		return errors.Errorf("no sweep runs in %s: --nats or --store must say where there is one", c.Store)
	}
	if err != nil {
		return err
	}
	if c.WithInput {
		working, leave := context.WithCancel(ctx)
		go func() {
			defer leave()
			_, _ = io.Copy(io.Discard, os.Stdin)
		}()
		// Its work is done when the input ends, whatever it was at.
		if err := c.work(working, to, connection); working.Err() == nil || ctx.Err() != nil {
			return err
		}
		return nil
	}
	return c.work(ctx, to, connection)
}

// work runs trials until ctx is done.
func (c *workerCmd) work(ctx context.Context, to *cmdline.Console, connection queue.Connection) error {
	nc, err := connection.Dial(ctx, c.Name, time.Minute)
	if err != nil {
		return err
	}
	defer nc.Close()
	q, err := queue.Open(ctx, nc, 0)
	if err != nil {
		return err
	}
	of := c.given
	if c.Spec != "" {
		if of, err = told(ctx, q, c.Spec); err != nil {
			return err
		}
	}
	if of.Program != "" {
		if q, err = q.Lane(ctx, of.Program); err != nil {
			return err
		}
	}
	q.Version = connect.Version()
	apart, end, err := c.apart(c.trialLimits, of)
	if err != nil {
		return err
	}
	defer end()
	what := blas.Find().Describe()
	if of.Program != "" {
		what = "Program: " + of.Program + "."
	}
	to.Logf("%s works for %s. %s", c.Name, connection.URL, what)
	w := &queue.Worker{
		Queue: q, Name: c.Name, Programs: apart, Idle: c.Idle,
		Log: func(s string) { to.Logf("%s: %s", c.Name, s) },
	}
	return w.Run(ctx)
}
