package cmdline

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"
)

// Columns returns the width of the terminal that w writes to, 80 if it does not
// say, and 0 if w is no terminal.
func Columns(w io.Writer) int {
	f := terminal(w)
	if f == nil {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil || columns <= 0 {
		return 80
	}
	return columns
}

// Redraws reports whether w is a terminal whose lines can be drawn again, which
// one without a name or called dumb need not.
func Redraws(w io.Writer) bool {
	name := os.Getenv("TERM")
	return terminal(w) != nil && name != "" && name != "dumb"
}

func terminal(w io.Writer) *os.File {
	if r, ok := w.(*results); ok {
		w = r.w
	}
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return f
}

// Wrap breaks text into lines of at most width columns, at spaces; a longer word
// has its own line.
func Wrap(text string, width int) string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch longer := line + " " + word; {
		case line == "":
			line = word
		case runewidth.StringWidth(longer) <= width:
			line = longer
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return strings.Join(append(lines, line), "\n")
}

// DrawTable draws a table whose first row is its header, for a terminal. Columns that find no room
// follow in another part, beside the first column again.
func DrawTable(w io.Writer, rows [][]string, width int) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], runewidth.StringWidth(cell))
		}
	}
	const gap = 2
	for next := 1; next < len(widths); {
		used, from := widths[0], next
		for next < len(widths) && (next == from || used+gap+widths[next] <= width) {
			used += gap + widths[next]
			next++
		}
		for i, row := range rows {
			line := runewidth.FillRight(row[0], widths[0])
			for k := from; k < next; k++ {
				line += strings.Repeat(" ", gap) + runewidth.FillLeft(row[k], widths[k])
			}
			fmt.Fprintln(w, strings.TrimRight(line, " "))
			if i == 0 {
				fmt.Fprintln(w, strings.Repeat("─", used))
			}
		}
		if next < len(widths) {
			fmt.Fprintln(w)
		}
	}
}
