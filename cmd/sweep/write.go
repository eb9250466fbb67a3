package main

import (
	"io"
	"path/filepath"

	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
	"github.com/gorgonia-dropout/dropout/internal/sweep"
)

// writeFiles writes the results in every format.
func writeFiles(to *console, s *sweep.Spec, results map[string]sweep.Result, dir string) error {
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{"results.csv", func(w io.Writer) error { return sweep.WriteCSV(w, s, results) }},
		{"results.json", func(w io.Writer) error { return sweep.WriteJSON(w, s, results) }},
	} {
		if err := atomicfile.Write(filepath.Join(dir, f.name), f.write); err != nil {
			return err
		}
	}
	to.logf("Results: %s", dir)
	return nil
}
