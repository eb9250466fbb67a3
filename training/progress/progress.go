// Package progress shows how training runs go: a bar for each run on a terminal,
// plain lines elsewhere.
package progress

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/gorgonia-dropout/dropout/training"
)

// A Display shows any number of runs. Close it after the last.
type Display struct {
	bars  *mpb.Progress // nil where lines are written
	mu    sync.Mutex    // guards w
	w     io.Writer
	width int // of the widest run's name so far
}

// New returns a display on w: bars if w is a terminal that can redraw lines,
// else lines.
func New(w io.Writer) *Display {
	d := &Display{w: w}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb" {
		d.bars = mpb.New(mpb.WithOutput(w), mpb.WithWidth(32), mpb.WithRefreshRate(150*time.Millisecond))
	}
	return d
}

// Close waits until the last state of all bars is drawn.
func (d *Display) Close() {
	if d.bars != nil {
		d.bars.Wait()
	}
}

// Run returns the callback that shows one run under the given name.
func (d *Display) Run(name string) training.Callback {
	r := &shown{display: d, name: name}
	return training.Callback{OnStart: r.start, OnStep: r.step, OnEpoch: r.epoch, OnEnd: r.end}
}

// shown is one run on a display.
type shown struct {
	display *Display
	name    string
	bar     *mpb.Bar
	began   time.Time
	seen    int // examples trained on

	mu     sync.Mutex // guards status, which bars are drawn from
	status string
	left   time.Duration
	loss   float64 // moving averages
	right  float64
}

func (s *shown) start(r *training.Run) error {
	s.began = time.Now()
	d := s.display
	if d.bars == nil {
		return nil
	}
	total := int64(r.Trainer.Epochs * r.StepsPerEpoch)
	s.bar = d.bars.New(total, mpb.BarStyle().Rbound("▏").Lbound("▕").Filler("█").Tip("█").Padding("·"),
		mpb.PrependDecorators(decor.Name(s.name, decor.WCSyncSpaceR)),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.status
		})))
	return nil
}

func (s *shown) step(r *training.Run) error {
	s.seen += r.Batch.Examples
	weight := max(0.02, 1/float64(r.Steps))
	s.loss += weight * (r.Loss - s.loss)
	s.right += weight * (r.Batch.Accuracy() - s.right)
	if s.bar == nil {
		return nil
	}
	elapsed := time.Since(s.began)
	total := r.Trainer.Epochs * r.StepsPerEpoch
	s.mu.Lock()
	s.left = time.Duration(float64(elapsed) * float64(int64(total)-r.Steps) / float64(r.Steps))
	s.status = s.line(r, elapsed)
	s.mu.Unlock()
	s.bar.SetCurrent(r.Steps)
	return nil
}

func (s *shown) line(r *training.Run, elapsed time.Duration) string {
	// Of the last step: at the end of a run r.Epoch is the one that did not come.
	epoch := (r.Steps-1)/int64(r.StepsPerEpoch) + 1
	return fmt.Sprintf("epoch %*d/%d  loss %.4f  accuracy %5.1f %%  %s examples/s  %s left",
		len(fmt.Sprint(r.Trainer.Epochs)), epoch, r.Trainer.Epochs, s.loss, 100*s.right,
		thousands(int(float64(s.seen)/elapsed.Seconds())), clock(s.left))
}

// epoch writes about five lines a run.
func (s *shown) epoch(r *training.Run) error {
	if s.bar != nil {
		return nil
	}
	every := max(1, r.Trainer.Epochs/5)
	if done := r.Epoch + 1; done%every != 0 && done != r.Trainer.Epochs {
		return nil
	}
	elapsed := time.Since(s.began)
	s.left = time.Duration(float64(elapsed) * float64(r.Trainer.Epochs-r.Epoch-1) / float64(r.Epoch+1))
	line := s.line(r, elapsed)
	if v := r.History.Epochs[len(r.History.Epochs)-1].Validation; v != nil {
		line += fmt.Sprintf("  validation error %.2f %%", 100*v.Error())
	}
	s.display.mu.Lock()
	defer s.display.mu.Unlock()
	s.display.width = max(s.display.width, len(s.name))
	_, err := fmt.Fprintf(s.display.w, "%-*s  %s\n", s.display.width, s.name, line)
	return err
}

func (s *shown) end(r *training.Run) error {
	if s.bar == nil {
		return nil
	}
	s.mu.Lock()
	s.left = 0
	if r.Steps > 0 {
		s.status = s.line(r, time.Since(s.began))
	}
	s.mu.Unlock()
	if total := int64(r.Trainer.Epochs * r.StepsPerEpoch); r.Steps < total {
		s.bar.Abort(false)
	} else {
		s.bar.SetTotal(total, true)
	}
	return nil
}

// clock writes a duration as m:ss.
func clock(d time.Duration) string {
	s := int(d.Round(time.Second).Seconds())
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// thousands writes n with commas.
func thousands(n int) string {
	s := fmt.Sprint(n)
	var b strings.Builder
	for i, c := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	return b.String()
}
