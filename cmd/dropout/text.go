package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/plaintext"
)

// width is that of the terminal for which tables are made.
const width = 80

// wrap writes text in lines of at most width columns, from column indent on, where the
// first begins.
func wrap(to io.Writer, text string, indent int) {
	text = cmdline.Wrap(plaintext.Line(text), width-indent)
	fmt.Fprintln(to, strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", indent)))
}

// paragraph writes text in lines of at most width columns.
func paragraph(to io.Writer, text string) { wrap(to, text, 0) }

// fit cuts a name to a number of columns.
func fit(s string, columns int) string {
	return runewidth.Truncate(plaintext.Line(s), columns, "…")
}

func pad(s string, columns int) string { return runewidth.FillRight(s, columns) }

func padLeft(s string, columns int) string { return runewidth.FillLeft(s, columns) }

// thousands writes a number with commas.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + many
}

// names lists names, the first of many.
func names(all []string) string {
	const most = 12
	var shown []string
	for _, name := range all[:min(len(all), most)] {
		shown = append(shown, fit(name, 24))
	}
	if len(all) > most {
		shown = append(shown, fmt.Sprintf("... (%d in all)", len(all)))
	}
	return strings.Join(shown, ", ")
}
