package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"

	"github.com/gorgonia-dropout/dropout/internal/compare"
)

// lineEvery is the time between lines of progress where they cannot be redrawn.
const lineEvery = 20 * time.Second

// A display shows how far a run has come: on a terminal in one line, which is redrawn.
type display struct {
	to       io.Writer
	terminal bool
	kind     compare.Kind
	last     time.Time
	columns  int // of the line on the screen
}

func newDisplay(to io.Writer, kind compare.Kind) *display {
	f, ok := to.(*os.File)
	return &display{to: to, terminal: ok && term.IsTerminal(int(f.Fd())), kind: kind, last: time.Now()}
}

func (d *display) update(p compare.Progress) {
	if !d.terminal && time.Since(d.last) < lineEvery {
		return
	}
	d.last = time.Now()
	line := fmt.Sprintf("round %d: %d of %d trained", p.Round+1, p.Done, p.Of)
	if !p.Until.IsZero() {
		line += fmt.Sprintf(" · %s left", max(0, time.Until(p.Until).Round(time.Second)))
	}
	without, ok := p.Best[compare.Without]
	if with, also := p.Best[compare.With]; ok && also {
		line += fmt.Sprintf(" · validation %.3g, with dropout %.3g", without, with)
	}
	line = fit(line, width-1)
	if !d.terminal {
		fmt.Fprintln(d.to, line)
		return
	}
	fmt.Fprint(d.to, "\r", line, strings.Repeat(" ", max(0, d.columns-runewidth.StringWidth(line))))
	d.columns = runewidth.StringWidth(line)
}

// close clears the line.
func (d *display) close() {
	if d.terminal && d.columns > 0 {
		fmt.Fprint(d.to, "\r", strings.Repeat(" ", d.columns), "\r")
	}
}
