package progress

import (
	"errors"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"
)

// A fake is a terminal that knows what it shows: it understands what a screen
// writes, and breaks lines again when its width changes, as most terminals do.
type fake struct {
	columns int
	lines   []string // as they were written, one for each end of line
	column  int      // of the cursor, in the row below them
}

// rows are the rows on the screen.
func (f *fake) rows() []string {
	var rows []string
	for _, line := range f.lines {
		for runewidth.StringWidth(line) > f.columns {
			head := runewidth.Truncate(line, f.columns, "")
			rows, line = append(rows, head), line[len(head):]
		}
		rows = append(rows, line)
	}
	return rows
}

// Write is one drawing: a carriage return, the way up, lines, and clearing.
func (f *fake) Write(b []byte) (int, error) {
	s := string(b)
	if strings.HasPrefix(s, "\r") {
		s, f.column = s[1:], 0
	}
	rows := f.rows()
	if rest, ok := strings.CutPrefix(s, "\x1b["); ok {
		n := 0
		for rest[0] != 'A' {
			n, rest = 10*n+int(rest[0]-'0'), rest[1:]
		}
		s = rest[1:]
		rows = rows[:max(0, len(rows)-n)]
	}
	if f.column > 0 && len(rows) > 0 { // what is left of the cursor stays
		panic("drawn from the middle of a line")
	}
	body := strings.TrimSuffix(s, "\x1b[J")
	f.lines = rows
	for _, line := range strings.Split(strings.TrimSuffix(body, "\n"), "\n") {
		if line != "" {
			f.lines = append(f.lines, strings.TrimSuffix(line, "\x1b[K"))
		}
	}
	return len(b), nil
}

// A terminal that is made narrower and wider while it is drawn on shows each run
// once, and what was above is still there. ^C, which the terminal writes where the
// cursor is, does not stay.
func TestResizeAndInterrupt(t *testing.T) {
	f := &fake{columns: 200, lines: []string{"$ mnist"}}
	s := &screen{w: f, size: func() (int, int) { return f.columns, 24 }}
	runs := two()
	for i := range runs {
		s.add(&shown{row: runs[i]})
	}
	for _, columns := range []int{200, 80, 60, 20, 90, 200, 33} {
		f.columns = columns
		f.column = 2 // ^C
		s.draw()
		rows := f.rows()
		if rows[0] != "$ mnist" || len(rows) != 1+len(frame(runs, columns, 24)) || strings.Join(rows[1:], "\n") != strings.Join(frame(runs, columns, 24), "\n") {
			t.Fatalf("%d columns:\n%s", columns, strings.Join(rows, "\n"))
		}
	}
	f.columns = 100
	s.draw()
	s.remove(s.runs[0], []string{"without dropout, seed 1", "stopped in epoch 12/40", "", "validation error 6.10 %", "validation error has not fallen since epoch 9"})
	s.draw()
	s.remove(s.runs[0], []string{"with dropout, seed 1", "done: epoch 40/40"})
	s.draw()
	want := "$ mnist\nwithout dropout, seed 1  stopped in epoch 12/40  validation error 6.10 %\n  validation error has not fallen since epoch 9\nwith dropout, seed 1  done: epoch 40/40"
	if got := strings.Join(f.rows(), "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// broken is a terminal that is gone.
type broken struct{ error }

func (b broken) Write([]byte) (int, error) { return 0, b.error }

// What a terminal could not show is said in the end.
func TestCloseSaysErrors(t *testing.T) {
	gone := errors.New("gone")
	d := &Display{screen: newScreen(broken{gone}, func() (int, int) { return 80, 24 })}
	d.screen.add(&shown{row: row{name: "a"}})
	if err := d.Close(); !errors.Is(err, gone) || !strings.HasPrefix(err.Error(), "progress: Close: ") {
		t.Errorf("got %v", err)
	}
}
