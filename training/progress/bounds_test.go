package progress

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/gorgonia-dropout/dropout/training"
)

// On a terminal of any width runs have one line while their bars have at least the
// shortest form, and two where they have not.
func TestFrameOfEveryWidth(t *testing.T) {
	least := 0 // columns where a run has one line
	for columns := 250; columns >= 2; columns-- {
		lines := frame(two(), columns, 24)
		for _, line := range lines {
			if w := runewidth.StringWidth(line); w >= columns {
				t.Errorf("%d columns: a line of %d: %q", columns, w, line)
			}
		}
		if len(lines) == 2 && strings.Contains(lines[0], "loss") {
			least = columns
		}
	}
	bars := strings.FieldsFunc(frame(two(), least, 24)[0], func(r rune) bool { return r == '▕' || r == '▏' })
	if len(bars) != 3 || runewidth.StringWidth(bars[1]) != shortest {
		t.Errorf("at %d columns, the least for one line, the bar must have %d cells, got %q", least, shortest, bars)
	}
}

// All runs are shown where there are as many rows, but for the cursor's.
func TestFrameThatJustFits(t *testing.T) {
	for _, columns := range []int{200, 80} {
		if got := strings.Join(frame(two(), columns, 3), "\n"); strings.Contains(got, "more runs") || strings.Count(got, "\n") != 1 {
			t.Errorf("%d columns: two runs must fit on 3 rows, got\n%s", columns, got)
		}
	}
	if got, want := frame(two(), 70, 5), frame(two(), 70, 24); len(got) != 4 || strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("two lines for each of two runs must fit on 5 rows, got %q, want %q", got, want)
	}
}

func TestDecimalOfAMillion(t *testing.T) {
	for x, want := range map[float64]string{999999: "999999.0000", 1e6: "1e+06", -1e6: "-1e+06"} {
		if got := decimal(x); got != want {
			t.Errorf("%v must be written %s, got %s", x, want, got)
		}
	}
}

// The share of a run that is done is that of its steps, and what was validated last is
// the epoch before.
func TestDone(t *testing.T) {
	fit(t, io.Discard, nil, func(s *shown, r *training.Run) error {
		if want := float64(r.Steps) / 40; s.row.done != want {
			t.Errorf("after step %d of 40 %v must be done, got %v", r.Steps, want, s.row.done)
		}
		if r.Epoch > 0 && (!s.row.validated || s.row.validationEpoch != r.Epoch) {
			t.Errorf("in epoch %d the validation must be of epoch %d, got %d", r.Epoch+1, r.Epoch, s.row.validationEpoch)
		}
		return nil
	})
}

// The first drawing leaves the cursor's row, since 0 rows up is 1 row for terminals.
func TestFirstDrawingStays(t *testing.T) {
	var out bytes.Buffer
	s := &screen{w: &out, size: func() (int, int) { return 70, 24 }}
	s.add(&shown{row: two()[0]})
	s.draw()
	if strings.Contains(out.String(), "A") {
		t.Errorf("the cursor must not go up, got %q", out.String())
	}
	out.Reset()
	s.draw()
	if !strings.HasPrefix(out.String(), "\r\x1b[2A") {
		t.Errorf("the second drawing must begin 2 rows above, got %q", out.String())
	}
}

// The speed is that of the examples since the first step, by the clock.
func TestRate(t *testing.T) {
	fit(t, io.Discard, nil, func(s *shown, r *training.Run) error {
		made := r.Steps - 1
		if made == 0 {
			s.first = s.first.Add(-time.Hour)
		} else if want := float64(made) / 3600; s.row.rate > want || s.row.rate < 0.99*want {
			t.Errorf("%d examples in an hour must be %v a second, got %v", made, want, s.row.rate)
		}
		return nil
	})
}

// What is just as wide as there is room stays whole.
func TestCut(t *testing.T) {
	for _, tt := range []struct {
		text  string
		width int
		want  string
	}{{"seed 1", 6, "seed 1"}, {"seed 1", 5, "seed…"}, {"seed 1", 7, "seed 1"}, {"日本", 4, "日本"}, {"日本", 3, "日…"}} {
		if got := cut(tt.text, tt.width); got != tt.want {
			t.Errorf("%q in %d columns must be %q, got %q", tt.text, tt.width, tt.want, got)
		}
	}
}
