package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/sweep"
	"github.com/gorgonia-dropout/dropout/internal/sweep/figures"
)

// writeFiles writes the results in every format.
func writeFiles(to *cmdline.Console, s *sweep.Spec, results map[string]sweep.Result, dir string) error {
	rows, err := sweep.Rows(s, results)
	if err != nil {
		return err
	}
	drawn, err := figures.All(s, rows)
	if err != nil {
		return err
	}
	type file struct {
		name  string
		write func(io.Writer) error
	}
	files := []file{
		{"results.csv", func(w io.Writer) error { return sweep.WriteCSV(w, s, results) }},
		{"results.json", func(w io.Writer) error { return sweep.WriteJSON(w, s, results) }},
		{"report.html", func(w io.Writer) error { return figures.WriteHTML(w, s, results) }},
	}
	for _, f := range drawn {
		for _, format := range []string{"svg", "png"} {
			files = append(files, file{f.Name + "." + format, func(w io.Writer) error { return f.Write(w, format) }})
		}
	}
	for _, f := range files {
		if err := atomicfile.Clean(filepath.Join(dir, f.name)); err != nil {
			return err
		}
		if err := atomicfile.Write(filepath.Join(dir, f.name), f.write); err != nil {
			return err
		}
	}
	bars(to.Out, s, s.Scaled(rows))
	to.Logf("Report, plots and tables: %s", dir)
	return nil
}

// bars draws the metric against the only setting that was tried, in characters
// that the console has.
func bars(w io.Writer, s *sweep.Spec, rows []sweep.Row) {
	names := s.Columns()
	if len(names) != 1 || len(rows) > 40 {
		return
	}
	least, most := math.Inf(1), math.Inf(-1)
	for _, r := range rows {
		x, ok := r.Settings[names[0]].(float64)
		if !ok || math.IsNaN(x) || r.Estimate.N == 0 {
			return
		}
		least, most = min(least, r.Estimate.Mean), max(most, r.Estimate.Mean)
	}
	if least < 0 {
		return // a bar begins at 0
	}
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b sweep.Row) int {
		return cmp.Compare(a.Settings[names[0]].(float64), b.Settings[names[0]].(float64))
	})
	fmt.Fprintf(w, "\n%s against %s\n", s.MetricName(), names[0])
	for _, r := range rows {
		length := 48.0
		if most > 0 {
			length *= r.Estimate.Mean / most
		}
		mark := ""
		if r.Estimate.Mean == least {
			mark = " lowest"
		}
		fmt.Fprintf(w, "%8s %s %s%s\n", sweep.Text(r.Settings[names[0]]), strings.Repeat("█", max(0, int(length+0.5))), s.Number(r.Estimate.Mean), mark)
	}
}
