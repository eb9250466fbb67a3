package main

import (
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/compare"
	"github.com/gorgonia-dropout/dropout/internal/sums"
)

// verifyCmd checks the files of a run, all together.
type verifyCmd struct {
	Dir runDir `arg:"" type:"existingdir" help:"Directory of a run."`
}

// Run is called by kong.
func (c *verifyCmd) Run(to *cmdline.Console) error {
	v, err := sums.NewVerification(string(c.Dir))
	if err != nil {
		return err
	}
	s, err := c.Dir.state()
	if err != nil {
		return err
	}
	v.Check(configFile, nil)
	if len(s.Settings.Target) > 0 {
		v.Check(planFile, func() error { _, err := c.Dir.plan(); return err })
	}
	files, err := c.Dir.store().Files()
	if err != nil {
		return err
	}
	for _, name := range files {
		v.Check(name, func() error {
			_, err := c.Dir.store().Trials() // which have checksums of their own
			return err
		})
	}
	v.Check(resultsFile, func() error { return c.Dir.readJSON(resultsFile, new(compare.Outcome)) })
	v.Check(modelFile, nil)
	v.Check(aboutFile, func() error { _, err := c.Dir.final(); return err })
	v.Check(reportFile, nil)
	v.Rest()
	return v.Report(to.Out, to.JSON)
}
