package progress

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"
)

// terminal returns w if it is a terminal whose lines can be redrawn, else nil.
func terminal(w io.Writer) *os.File {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) || !redraws(f) {
		return nil
	}
	return f
}

// size returns the size of a terminal, 80 columns and 24 rows for one that does not
// know, as those of some containers and serial lines.
func size(f *os.File) (columns, rows int) {
	columns, rows, err := term.GetSize(int(f.Fd()))
	if err != nil || columns <= 0 || rows <= 0 {
		return 80, 24
	}
	return columns, rows
}

// A screen redraws the lines of the runs under way at the end of a terminal. Above
// them it writes those of the runs that have ended.
type screen struct {
	w    io.Writer
	size func() (columns, rows int)
	stop chan struct{} // closed to end the drawing
	done chan struct{} // closed when it has ended

	mu    sync.Mutex
	runs  []*shown
	above [][]string // parts of lines to write above
	drawn []int      // widths of the lines that are there
	err   error      // the first of writing
}

// refresh is the time between two drawings.
const refresh = 150 * time.Millisecond

func newScreen(w io.Writer, size func() (columns, rows int)) *screen {
	s := &screen{w: w, size: size, stop: make(chan struct{}), done: make(chan struct{})}
	go s.serve()
	return s
}

func (s *screen) serve() {
	defer close(s.done)
	ticker := time.NewTicker(refresh)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.draw()
		case <-s.stop:
			s.draw()
			return
		}
	}
}

// close draws for the last time.
func (s *screen) close() error {
	close(s.stop)
	<-s.done
	return s.err
}

func (s *screen) add(r *shown) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs = append(s.runs, r)
}

// remove leaves a line of parts in place of a run.
func (s *screen) remove(r *shown, parts []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs = slices.DeleteFunc(s.runs, func(other *shown) bool { return other == r })
	s.above = append(s.above, parts)
}

// draw writes the lines over those that are there.
func (s *screen) draw() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil || len(s.runs)+len(s.above)+len(s.drawn) == 0 {
		return
	}
	var rows []row
	for _, r := range s.runs {
		r.mu.Lock()
		rows = append(rows, r.row)
		r.mu.Unlock()
	}
	columns, height := s.size()
	var b bytes.Buffer
	// The terminal has written ^C where the cursor was, and has broken lines that
	// became too long when it was made narrower.
	b.WriteString("\r")
	up := 0
	for _, width := range s.drawn {
		up += max(1, (width+columns-1)/columns)
	}
	if up > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", up)
	}
	lines := frame(rows, columns, height)
	s.drawn = s.drawn[:0]
	for _, line := range lines {
		s.drawn = append(s.drawn, runewidth.StringWidth(line))
	}
	var above []string
	for _, parts := range s.above {
		above = append(above, folded(parts, columns-1)...)
	}
	for _, line := range slices.Concat(above, lines) {
		b.WriteString(line + "\x1b[K\n")
	}
	b.WriteString("\x1b[J")
	s.above = nil
	_, s.err = s.w.Write(b.Bytes())
}
