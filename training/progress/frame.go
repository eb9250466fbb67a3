package progress

import (
	"fmt"
	"math"
	"strings"

	"github.com/mattn/go-runewidth"
)

// Widths of bars, in columns, without their ends.
const (
	narrowest = 8
	shortest  = 4 // where per cent stands beside it
	widest    = 32
)

// frame returns the lines that show rows on a terminal of the given size: one for
// each run where all that is known of every run fits or, as with 80 columns, at
// least its bar, per cent, loss, validation and time left; else two, or one with
// the most important where there is no room for two. No line fills the last column,
// where terminals differ in what they do. There are fewer lines than the terminal
// has, and runs that find no room are counted.
func frame(rows []row, columns, height int) []string {
	columns, height = max(columns, 2)-1, max(height, 2)-1
	lines, fits := wide(rows, columns)
	if !fits {
		lines, fits = compact(rows, columns)
	}
	if !fits {
		lines = nil
		for i, first := range narrow(rows, columns) {
			lines = append(lines, first)
			if second := details(rows[i], columns); second != "" && 2*len(rows) <= height {
				lines = append(lines, second)
			}
		}
	}
	if len(lines) > height {
		n := len(lines) - height + 1
		lines = append(lines[:height-1], cut(fmt.Sprintf("and %d more runs", n), columns))
	}
	return lines
}

// wide returns one line for each row, in columns, if they fit.
func wide(rows []row, columns int) (lines []string, fits bool) {
	var before, after [][]string
	for _, r := range rows {
		before = append(before, []string{r.name})
		after = append(after, []string{r.position(), r.lossText(), r.accuracyText(), r.errorText(), r.rateText(), r.leftText()})
	}
	left, right := table(before), table(after)
	room := columns - runewidth.StringWidth(first(left)) - runewidth.StringWidth(first(right)) - len("    ") - ends
	if room < narrowest {
		return nil, false
	}
	for i, r := range rows {
		lines = append(lines, strings.TrimRight(left[i]+"  "+bar(r.done, min(room, widest))+"  "+right[i], " "))
	}
	return lines, true
}

// compact returns one line for each row, in columns, if the most important parts
// fit: whether the last validation is the best so far gives way, then the number
// of the epoch, which the bar shows.
func compact(rows []row, columns int) (lines []string, fits bool) {
	for _, parts := range []func(r row) []string{
		func(r row) []string {
			return []string{r.position(), r.lossText(), r.shortErrorText(true), r.leftText()}
		},
		func(r row) []string {
			return []string{r.percentText(), r.lossText(), r.shortErrorText(true), r.leftText()}
		},
		func(r row) []string {
			return []string{r.percentText(), r.lossText(), r.shortErrorText(false), r.leftText()}
		},
	} {
		var before, after [][]string
		for _, r := range rows {
			before, after = append(before, []string{r.name}), append(after, parts(r))
		}
		left, right := table(before), table(after)
		room := columns - runewidth.StringWidth(first(left)) - runewidth.StringWidth(first(right)) - len("    ") - ends
		if room < shortest {
			continue
		}
		for i, r := range rows {
			lines = append(lines, strings.TrimRight(left[i]+"  "+bar(r.done, min(room, widest))+"  "+right[i], " "))
		}
		return lines, true
	}
	return nil, false
}

// narrow returns one line for each row with its name, its bar, its position and the
// time left, as much of it as fits.
func narrow(rows []row, columns int) []string {
	var names, after [][]string
	for _, r := range rows {
		names = append(names, []string{r.name})
		after = append(after, []string{r.position(), r.leftText()})
	}
	left, right := table(names), table(after)
	fixed := runewidth.StringWidth(first(right))
	if room := columns - runewidth.StringWidth(first(left)) - fixed - len("    ") - ends; room >= narrowest {
		for i, r := range rows {
			left[i] += "  " + bar(r.done, min(room, widest))
		}
	}
	var lines []string
	for i := range rows {
		// The name gives way.
		name := cut(left[i], max(columns-fixed-len("  "), 0))
		lines = append(lines, cut(strings.TrimRight(joined(name, right[i]), " "), columns))
	}
	return lines
}

// details returns what of a row narrow does not say, as much as fits.
func details(r row, columns int) string {
	// From the most important to the least, and where they stand.
	parts := make([]string, 4)
	line := ""
	for _, p := range []struct {
		at   int
		text string
	}{{2, r.errorText()}, {0, r.lossText()}, {1, r.accuracyText()}, {3, r.rateText()}} {
		parts[p.at] = p.text
		longer := joined(parts...)
		if runewidth.StringWidth(longer)+len("  ") > columns {
			parts[p.at] = ""
			continue
		}
		line = longer
	}
	if line == "" {
		return ""
	}
	return "  " + line
}

// folded joins parts to lines of the given width at most, where the parts are not
// longer themselves. All lines but the first are indented.
func folded(parts []string, width int) []string {
	var lines []string
	for _, p := range parts {
		last := len(lines) - 1
		switch {
		case p == "":
		case last >= 0 && runewidth.StringWidth(lines[last])+len("  ")+runewidth.StringWidth(p) <= width:
			lines[last] += "  " + p
		case last >= 0:
			lines = append(lines, "  "+p)
		default:
			lines = append(lines, p)
		}
	}
	return lines
}

// ends is the width of the ends of a bar.
const ends = 2

// bar draws a share in [0, 1].
func bar(share float64, width int) string {
	n := 0
	if share > 0 { // not NaN
		n = int(math.Round(min(share, 1) * float64(width)))
	}
	if runewidth.EastAsianWidth { // where blocks are two columns wide
		return "[" + strings.Repeat("#", n) + strings.Repeat(".", width-n) + "]"
	}
	return "▕" + strings.Repeat("█", n) + strings.Repeat("·", width-n) + "▏"
}

// table joins the cells of each row, in columns of one width. Empty columns are left
// out.
func table(rows [][]string) []string {
	lines := make([]string, len(rows))
	for k := 0; len(rows) > 0 && k < len(rows[0]); k++ {
		width := 0
		for _, cells := range rows {
			width = max(width, runewidth.StringWidth(cells[k]))
		}
		if width == 0 {
			continue
		}
		for i, cells := range rows {
			if lines[i] != "" {
				lines[i] += "  "
			}
			lines[i] += runewidth.FillRight(cells[k], width)
		}
	}
	return lines
}

// first returns the first line, if there is one: all are as wide.
func first(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return lines[0]
}

// cut cuts s to the given width.
func cut(s string, width int) string {
	if runewidth.StringWidth(s) <= width {
		return s
	}
	return runewidth.Truncate(s, width, "…")
}
