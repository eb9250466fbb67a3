package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
)

// A sheet is a table as it is written.
type sheet struct {
	header []string // "" continues the column before
	rows   [][]string
}

func (s *sheet) add(cells ...string) { s.rows = append(s.rows, cells) }

// write writes it, lined up or as Markdown.
func (s *sheet) write(out io.Writer, markdown bool) error {
	if markdown {
		return s.markdown(out)
	}
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{s.header}, s.rows...) {
		// Cells that a row lacks would end its columns.
		row = append(slices.Clone(row), make([]string, len(s.header)-len(row))...)
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(text.String()) {
		if _, err := fmt.Fprintln(out, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

// markdown writes it with a cell for each column and those that continue it.
func (s *sheet) markdown(out io.Writer) error {
	var names, rule []string
	for _, name := range s.header {
		if name != "" {
			names, rule = append(names, name), append(rule, "---")
		}
	}
	lines := [][]string{names, rule}
	for _, row := range s.rows {
		cells := make([]string, 0, len(names))
		for column, cell := range row {
			cell = strings.ReplaceAll(cell, "|", `\|`)
			if s.header[column] != "" {
				cells = append(cells, cell)
			} else if cell != "" {
				cells[len(cells)-1] += " " + cell
			}
		}
		lines = append(lines, append(cells, make([]string, len(names)-len(cells))...))
	}
	for _, cells := range lines {
		if _, err := fmt.Fprintln(out, "| "+strings.Join(cells, " | ")+" |"); err != nil {
			return err
		}
	}
	return nil
}

// number writes x with three digits or more.
func number(x float64) string {
	switch a := math.Abs(x); {
	case math.IsNaN(x):
		return "-"
	case a >= 100 || a == math.Trunc(a):
		return fmt.Sprintf("%.0f", x)
	case a >= 10:
		return fmt.Sprintf("%.1f", x)
	case a >= 1:
		return fmt.Sprintf("%.2f", x)
	case a >= 0.1:
		return fmt.Sprintf("%.3f", x)
	}
	return fmt.Sprintf("%.4f", x)
}

// spread writes the outer quartiles in a unit.
func spread(q quartiles, unit float64) string {
	return "[" + number(q.Low/unit) + ", " + number(q.High/unit) + "]"
}

func kib(bytes []float64) string { return number(quartilesOf(bytes).Median / 1024) }

func mib(kib int) string {
	if kib == 0 {
		return "-"
	}
	return number(math.Round(float64(kib) / 1024))
}
