package main

import (
	"context"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
)

// reportCmd writes the report of a run again.
type reportCmd struct {
	Dir runDir `arg:"" type:"existingdir" help:"Directory of a run."`
}

// Run is called by kong.
func (c *reportCmd) Run(ctx context.Context, to *cmdline.Console) error { return nil }
