package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// reportCmd writes the report of a run again.
type reportCmd struct{ runDir }

// Run is called by kong.
func (c *reportCmd) Run(_ context.Context, to *console) error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	path := filepath.Join(c.Dir, "runs.json")
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var results []experiment.Result
	if err := json.Unmarshal(data, &results); err != nil {
		return errors.Wrap(err, path)
	}
	return s.show(to, results)
}
