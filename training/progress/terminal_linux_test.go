package progress_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
	"github.com/gorgonia-dropout/dropout/training/progress"
)

// terminal opens a pseudo-terminal of 120 columns. Its screen returns what was
// written, once the terminal is closed.
func terminal(t *testing.T) (tty *os.File, screen func() string) {
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
	if err := unix.IoctlSetWinsize(int(tty.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 200}); err != nil {
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
	tty, screen := terminal(t)
	display := progress.New(tty)
	data := &training.Examples{Shape: []int{1}, X: []float32{-1, 1, -2, 2}, Y: []int{0, 1, 0, 1}}
	run := func(name string, set *training.Examples, more ...training.Callback) error {
		model, err := models.New(models.Linear(1, 2), []int{1})
		if err != nil {
			t.Fatal(err)
		}
		trainer := &training.Trainer{
			Model: model, Solver: &optim.SGD{LR: 0.1}, Epochs: 1200, BatchSize: 1,
			Callbacks: append([]training.Callback{display.Run(name)}, more...),
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
	display.Close()
	got := screen()
	for _, want := range []string{"whole", "stopped", "failed", "epoch 1200/1200", "epoch  350/1200", "accuracy 100.0 %", "█", "0:00 left", "\x1b["} {
		if !strings.Contains(got, want) {
			t.Errorf("the terminal must show %q, got\n%q", want, got[max(0, len(got)-3000):])
		}
	}
}

// A terminal that cannot redraw lines gets lines.
func TestDumbTerminal(t *testing.T) {
	t.Setenv("TERM", "dumb")
	tty, screen := terminal(t)
	display := progress.New(tty)
	model, err := models.New(models.Linear(1, 2), []int{1})
	if err != nil {
		t.Fatal(err)
	}
	set := &training.Examples{Shape: []int{1}, X: []float32{1}, Y: []int{1}}
	trainer := &training.Trainer{Model: model, Solver: &optim.SGD{LR: 0.1}, Epochs: 1, Callbacks: []training.Callback{display.Run("a")}}
	if _, err := trainer.Fit(context.Background(), training.Data{Train: set}); err != nil {
		t.Fatal(err)
	}
	display.Close()
	if got := screen(); strings.Contains(got, "\x1b") || !strings.Contains(got, "epoch 1/1") {
		t.Errorf("got %q", got)
	}
}
