package page

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
)

// Show writes a page, in Markdown, as it is or, on a terminal of the given width, which is
// not 0, for readers: with tables drawn, long lines broken and pictures left out.
func Show(w io.Writer, page string, width int) {
	if width == 0 {
		fmt.Fprint(w, page)
		return
	}
	width = max(width-1, 20) // terminals differ in what the last column does
	var rows [][]string
	for line := range strings.Lines(page + "\n") {
		line = strings.TrimRight(line, "\n")
		if cells, ok := strings.CutPrefix(line, "| "); ok {
			rows = append(rows, strings.Split(strings.TrimSuffix(cells, " |"), " | "))
			continue
		}
		if rows != nil {
			cmdline.DrawTable(w, slices.Delete(rows, 1, 2), width) // without the line of dashes
			rows = nil
		}
		title, isTitle := strings.CutPrefix(line, "# ")
		switch {
		case isTitle:
			fmt.Fprintf(w, "%s\n%s\n", title, strings.Repeat("─", min(width, runewidth.StringWidth(title))))
		case strings.HasPrefix(line, "!["):
		case strings.HasPrefix(line, "    "):
			fmt.Fprintln(w, line) // a command, which is copied
		default:
			fmt.Fprintln(w, cmdline.Wrap(bold.ReplaceAllString(line, "$1"), width))
		}
	}
}

var bold = regexp.MustCompile(`\*\*(.*?)\*\*`)
