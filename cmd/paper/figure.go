package main

import (
	"io"

	"github.com/gorgonia-dropout/dropout/report"
)

// A figure is a picture with the name of its file.
type figure struct {
	name string
	*report.Figure
}

func (f figure) write(w io.Writer, format report.Format) error {
	return report.WriteFigure(w, format, f.Figure)
}

// named names a figure, if it could be drawn.
func named(name string, f *report.Figure, err error) (figure, error) { return figure{name, f}, err }

// charted draws a chart, whose title says what it shows.
func charted(name string, c report.Chart) (figure, error) {
	c.Alt = c.Title
	f, err := c.Figure()
	return named(name, f, err)
}

// dots draws the test errors of all arms beside the paper's.
func (r *results) dots() (figure, error) {
	c := report.RowChart{
		Title: r.study.title, Alt: r.study.title, X: "test error (%)", Key: []string{"", "here"}, Caption: "Bar: standard error of the mean.",
	}
	for i, a := range r.arms {
		c.Rows = append(c.Rows, a.Name)
		if a.paper > 0 {
			c.Key[0] = "paper"
			c.Marks = append(c.Marks, report.Mark{
				Row: i, Value: a.paper, Bar: a.paperError > 0, Low: a.paper - a.paperError, High: a.paper + a.paperError, Color: 0,
			})
		}
		e := r.errorOf(a.Name)
		c.Marks = append(c.Marks, report.Mark{Row: i, Value: e.Mean, Bar: true, Low: e.Mean - e.StdErr, High: e.Mean + e.StdErr, Color: 1})
	}
	f, err := c.Figure()
	return named(r.study.name, f, err)
}
