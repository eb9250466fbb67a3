package main

import (
	"context"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/training/blas"
)

// reportCmd writes the report of a run again.
type reportCmd struct {
	Dir runDir `arg:"" type:"existingdir" help:"Directory of a run."`
}

// Run is called by kong.
func (c *reportCmd) Run(ctx context.Context, to *cmdline.Console) (err error) {
	blas.Use(1)
	s, err := c.Dir.state()
	if err != nil {
		return err
	}
	lock, err := c.Dir.lock()
	if err != nil {
		return err
	}
	defer lock.Close()
	d, err := c.Dir.load(s)
	if err != nil {
		return err
	}
	if err := c.Dir.open(); err != nil {
		return err
	}
	defer func() {
		if closeErr := c.Dir.close(); err == nil {
			err = closeErr
		}
	}()
	r := &run{data: d, dir: c.Dir, state: s, to: to}
	e, err := r.experiment(1)
	if err != nil {
		return err
	}
	return r.finish(ctx, e)
}
