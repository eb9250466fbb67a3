package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
	"github.com/gorgonia-dropout/dropout/report"
)

// The lines of the figures.
const (
	inThisLibrary = "this library"
	inPyTorch     = "PyTorch, its best variant"
	atTheLimit    = "limit with zeros"
)

// figures are drawn of the groups of these names.
var figures = map[string]struct{ title, x string }{
	"width":   {"Time of a training step by width", "units in each of three hidden layers"},
	"batch":   {"Time of a training step by batch", "examples in a batch"},
	"threads": {"Time of a training step by threads", "goroutines or threads"},
}

// chart draws a group. Where a line has several variants at a point, the best counts:
// the median of its rounds, with the quartiles as a band.
func (r *result) chart(group string) (report.Chart, bool) {
	f := figures[group]
	c := report.Chart{
		Title: f.title, X: f.x, Y: "ms", LogX: true, LogY: true,
		Alt: f.title + ": " + inThisLibrary + ", PyTorch and the limit of whole products",
		Caption: fmt.Sprintf("MLP with dropout, 784 inputs, three hidden layers of 1024 units, batch 128 unless the axis says otherwise; "+
			"at most 2 goroutines or threads unless it does. The best variant of each, medians of %s with quartiles. %s, %s.",
			count(r.Rounds, "round"), r.Machine.CPU, r.Date),
	}
	for i, name := range []string{inThisLibrary, inPyTorch, atTheLimit} {
		s := report.Series{Name: name, Color: i, Dashed: name == atTheLimit}
		var xs []float64
		for _, m := range r.Cases {
			if m.Group == group && m.Point != nil && m.Point.Series == name && len(m.Rounds) > 0 && !slices.Contains(xs, m.Point.X) {
				xs = append(xs, m.Point.X)
			}
		}
		for _, x := range xs {
			var variants []string
			for _, m := range r.Cases {
				if m.Group == group && m.Point != nil && *m.Point == (point{name, x}) {
					variants = append(variants, m.Name)
				}
			}
			q := quartilesOf(r.best(variants).times())
			s.X, s.Y = append(s.X, x), append(s.Y, q.Median/1e6)
			s.Low, s.High = append(s.Low, q.Low/1e6), append(s.High, q.High/1e6)
			if !slices.Contains(c.XTicks, x) {
				c.XTicks = append(c.XTicks, x)
			}
		}
		if len(s.X) > 0 {
			c.Series = append(c.Series, s)
		}
	}
	return c, len(c.Series) > 0
}

// draw writes the figures of the groups that were measured into a folder, each as SVG and
// as PNG.
func (r *result) draw(dir string, log io.Writer) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return errors.Wrap(err, "--figures")
	}
	for _, group := range []string{"width", "batch", "threads"} {
		c, ok := r.chart(group)
		if !ok {
			continue
		}
		f, err := c.Figure()
		if err != nil {
			return err
		}
		for _, format := range []report.Format{report.SVG, report.PNG} {
			path := filepath.Join(dir, fmt.Sprintf("bench-%s.%v", group, format))
			write := func(w io.Writer) error { return report.WriteFigure(w, format, f) }
			if err := atomicfile.Write(path, write); err != nil {
				return errors.Wrap(err, "--figures")
			}
			fmt.Fprintln(log, path)
		}
	}
	return nil
}
