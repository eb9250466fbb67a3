package models

import (
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gorgonia.org/tensor"
)

// summaryWidth is the width of the terminal that a Summary is laid out for.
const summaryWidth = 80

// A summaryRow is a line of a Summary: place, layer, output, parameters, p.
type summaryRow [5]string

// String returns the summary as a table for a terminal of 80 columns. If places
// are too long for that, each has its own line above its layer.
func (s *Summary) String() string {
	rows := s.rows()
	if text := alignRows(rows); widest(text) <= summaryWidth {
		return text
	}
	var stacked []summaryRow
	for _, r := range rows {
		if r[0] != "" {
			stacked = append(stacked, summaryRow{1: r[0]})
			r[0], r[1] = "", "  "+r[1]
		}
		stacked = append(stacked, r)
	}
	return alignRows(stacked)
}

// HTML returns the summary as a table with its own styles, for notebooks.
func (s *Summary) HTML() string {
	var b strings.Builder
	b.WriteString(`<table style="border-collapse:collapse;font-variant-numeric:tabular-nums">` + "\n")
	rows := s.rows()
	for i, r := range rows {
		switch i {
		case 0:
			b.WriteString("<thead>\n")
		case 1:
			b.WriteString("<tbody>\n")
		}
		b.WriteString("<tr>")
		for k, text := range r {
			cell, style := "td", "text-align:left;padding:5px 12px;white-space:nowrap"
			if k == 3 {
				style = strings.Replace(style, "left", "right", 1)
			}
			if i == 0 {
				cell, style = `th scope="col"`, style+";border-bottom:1px solid"
			}
			if i == len(rows)-1 {
				style += ";border-top:1px solid"
			}
			fmt.Fprintf(&b, "<%s style=%q>%s</%s>", cell, style, html.EscapeString(text), cell[:2])
		}
		b.WriteString("</tr>\n")
		switch i {
		case 0:
			b.WriteString("</thead>\n")
		case len(rows) - 1:
			b.WriteString("</tbody>\n")
		}
	}
	b.WriteString("</table>\n")
	return b.String()
}

// rows returns the lines of the table. A layer has a line for each of its
// rates.
func (s *Summary) rows() []summaryRow {
	rows := []summaryRow{{1: "layer", 2: "output", 3: "parameters", 4: "p"}, {1: "Input", 2: shapeText(s.Input)}}
	for _, l := range s.Layers {
		row := summaryRow{l.Place, l.Name, shapeText(l.Output), grouped(l.Params)}
		for _, r := range l.shownRates() {
			row[4] = r.String()
			rows = append(rows, row)
			row = summaryRow{}
		}
		if row != (summaryRow{}) {
			rows = append(rows, row)
		}
	}
	if s.Frozen > 0 {
		rows = append(rows, summaryRow{1: "trained", 3: grouped(s.Params - s.Frozen)}, summaryRow{1: "frozen", 3: grouped(s.Frozen)})
	}
	return append(rows, summaryRow{1: "total", 3: grouped(s.Params)})
}

// shownRates returns the rates to show: those of fields only if they are not 0.
func (l LayerSummary) shownRates() []LayerRate {
	return slices.DeleteFunc(slices.Clone(l.Rates), func(r LayerRate) bool { return r.Field != "" && r.P == 0 && !r.Varies })
}

// alignRows returns rows as lines with aligned columns; numbers of parameters
// are aligned on the right.
func alignRows(rows []summaryRow) string {
	var width [len(summaryRow{})]int
	for _, r := range rows {
		if r[2] == "" && r[3] == "" && r[4] == "" {
			continue // a place on its own line
		}
		for k, text := range r {
			width[k] = max(width[k], utf8.RuneCountInString(text))
		}
	}
	var b strings.Builder
	for _, r := range rows {
		var line strings.Builder
		for k, text := range r {
			fill := strings.Repeat(" ", max(0, width[k]-utf8.RuneCountInString(text)))
			switch {
			case width[k] == 0:
				continue
			case k == 3:
				line.WriteString(fill + text + "  ")
			default:
				line.WriteString(text + fill + "  ")
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}

// widest returns the number of columns that a text takes.
func widest(text string) int {
	most := 0
	for line := range strings.Lines(text) {
		most = max(most, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")))
	}
	return most
}

// shapeText returns a shape as (256) or (32, 13, 13).
func shapeText(shape []int) string { return fmt.Sprint(tensor.Shape(shape)) }

// grouped returns a number with commas between groups of three digits.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
