package progress_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
	"github.com/gorgonia-dropout/dropout/training/progress"
)

// terminal opens a pseudo-terminal of the given size. Its screen returns what was
// written, once the terminal is closed.
func terminal(t *testing.T, columns, rows uint16) (tty *os.File, screen func() string) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no pseudo-terminal: ", err)
	}
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Skip("no pseudo-terminal: ", err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Skip("no pseudo-terminal: ", err)
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo-terminal: ", err)
	}
	if err := unix.IoctlSetWinsize(int(tty.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: columns}); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = io.Copy(&b, master) })
	return tty, func() string {
		tty.Close()
		wg.Wait() // the end of a terminal is an error of reading
		master.Close()
		return b.String()
	}
}

// On a terminal each run is a bar, also one that stops early or fails.
func TestBars(t *testing.T) {
	t.Setenv("TERM", "xterm")
	tty, screen := terminal(t, 200, 24)
	display := progress.New(tty)
	data := &training.Examples{Shape: []int{1}, X: []float32{-1, 1, -2, 2}, Y: []int{0, 1, 0, 1}}
	// Bars are drawn a few times a second.
	slowly := training.Callback{OnStep: func(*training.Run) error { time.Sleep(100 * time.Microsecond); return nil }}
	run := func(name string, set *training.Examples, more ...training.Callback) error {
		model, err := models.New(models.Linear(1, 2), []int{1})
		if err != nil {
			t.Fatal(err)
		}
		trainer := &training.Trainer{
			Model: model, Solver: &optim.SGD{LR: 0.1}, Epochs: 1200, BatchSize: 1,
			Callbacks: append([]training.Callback{display.Run(name), slowly}, more...),
		}
		_, err = trainer.Fit(context.Background(), training.Data{Train: set})
		return err
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := run("whole", data); err != nil {
			t.Error(err)
		}
	})
	wg.Go(func() {
		stop := training.Callback{OnStep: func(r *training.Run) error {
			if r.Steps == 1400 {
				r.Stop("enough")
			}
			return nil
		}}
		if err := run("stopped", data, stop); err != nil {
			t.Error(err)
		}
	})
	wg.Go(func() {
		bad := &training.Examples{Shape: []int{1}, X: []float32{1}, Y: []int{9}}
		if err := run("failed", bad); err == nil {
			t.Error("want an error")
		}
	})
	wg.Wait()
	if err := display.Close(); err != nil {
		t.Error(err)
	}
	got := screen()
	for _, want := range []string{"whole  done: epoch 1200/1200", "stopped  stopped in epoch  350/1200", "  enough", "failed  failed in epoch    1/1200", "accuracy 100.0 %", "█", " left", "\x1b["} {
		if !strings.Contains(got, want) {
			t.Errorf("the terminal must show %q, got\n%q", want, got[max(0, len(got)-3000):])
		}
	}
}

// A terminal that cannot redraw lines, or does not say that it can, gets lines; one
// whose size nobody has set gets bars. Colours are never used, so NO_COLOR changes
// nothing.
func TestTerminals(t *testing.T) {
	for _, tt := range []struct {
		name          string
		term          string // "": unset
		columns, rows uint16
		bars          bool
	}{
		{"dumb", "dumb", 80, 24, false},
		{"unset", "", 80, 24, false},
		{"no size", "xterm", 0, 0, true},
		{"no color", "xterm", 80, 24, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("TERM", tt.term)
			if tt.term == "" {
				os.Unsetenv("TERM")
			}
			t.Setenv("NO_COLOR", "1")
			tty, screen := terminal(t, tt.columns, tt.rows)
			display := progress.New(tty)
			model, err := models.New(models.Linear(1, 2), []int{1})
			if err != nil {
				t.Fatal(err)
			}
			set := &training.Examples{Shape: []int{1}, X: []float32{1}, Y: []int{1}}
			wait := training.Callback{OnStep: func(*training.Run) error { time.Sleep(200 * time.Millisecond); return nil }} // for a drawing
			trainer := &training.Trainer{
				Model: model, Solver: &optim.SGD{LR: 0.1}, Epochs: 2,
				Callbacks: []training.Callback{display.Run("a"), wait},
			}
			if _, err := trainer.Fit(context.Background(), training.Data{Train: set}); err != nil {
				t.Fatal(err)
			}
			if err := display.Close(); err != nil {
				t.Fatal(err)
			}
			got := screen()
			if strings.Contains(got, "\x1b") != tt.bars || strings.Contains(got, "█") != tt.bars || !strings.Contains(got, "a  done: epoch 2/2") {
				t.Errorf("got %q", got)
			}
			if sgr.MatchString(got) {
				t.Errorf("want no colours, got %q", got)
			}
		})
	}
}

// sgr matches what sets colours.
var sgr = regexp.MustCompile("\x1b\\[[0-9;]*m")
