package page

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// A Table has a header and rows of cells.
type Table struct {
	Header []string
	Rows   [][]string
}

// Without returns the table without the columns of the given names.
func (t Table) Without(names ...string) Table {
	kept := func(row []string) (cells []string) {
		for i, cell := range row {
			if !slices.Contains(names, t.Header[i]) {
				cells = append(cells, cell)
			}
		}
		return cells
	}
	shorter := Table{Header: kept(t.Header)}
	for _, row := range t.Rows {
		shorter.Rows = append(shorter.Rows, kept(row))
	}
	return shorter
}

// Write writes the table in Markdown.
func (t Table) Write(w io.Writer) {
	row := func(cells []string) { fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | ")) }
	row(t.Header)
	row(slices.Repeat([]string{"---"}, len(t.Header)))
	for _, r := range t.Rows {
		row(r)
	}
	fmt.Fprintln(w)
}
