// Package progress shows how training runs go: a bar for each run on a terminal,
// plain lines elsewhere.
package progress

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/mattn/go-runewidth"
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/plaintext"
	"github.com/gorgonia-dropout/dropout/training"
)

// A Display shows any number of runs. Close it after the last.
//
// Epochs are counted from 1, as people do. Loss and accuracy are the means over the
// current epoch so far, dropout included; a resumed run starts with those of its
// checkpoint. The time left is for the steps left at the speed since the run began
// or went on; early stopping may make it shorter.
type Display struct {
	screen *screen // nil where lines are written

	mu    sync.Mutex // guards what follows
	w     io.Writer
	width int // of the widest name so far
}

// New returns a display on w: bars if w is a terminal that can redraw lines, else
// lines. A terminal of unknown size is taken to have 80 columns and 24 rows.
func New(w io.Writer) *Display {
	d := &Display{w: w}
	if f := terminal(w); f != nil {
		d.screen = newScreen(f, func() (columns, rows int) { return size(f) })
	}
	return d
}

// Close draws the last state of all runs. It returns the first error of writing to
// a terminal; those of plain lines end the run that they are of.
func (d *Display) Close() error {
	if d.screen == nil {
		return nil
	}
	return errors.Wrap(d.screen.close(), "progress: Close")
}

// Run returns the callback that shows one run under the given name.
func (d *Display) Run(name string) training.Callback {
	r := &shown{display: d, row: row{name: plaintext.Line(name)}}
	return training.Callback{OnStart: r.start, OnStep: r.step, OnEpoch: r.epoch, OnEnd: r.end}
}

// write writes a line where nothing is redrawn.
func (d *Display) write(name, line string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.width = max(d.width, runewidth.StringWidth(name))
	_, err := fmt.Fprintf(d.w, "%s  %s\n", runewidth.FillRight(name, d.width), line)
	return errors.Wrap(err, "progress: Run")
}

// shown is one run on a display.
type shown struct {
	display *Display

	mu  sync.Mutex // guards what follows, which the screen is drawn from
	row row

	started time.Time // of the run, or of what was left of it
	first   time.Time // end of the first step, which compiles the graphs
	before  int64     // steps by then
	labels  int       // that were trained on since then
	loss    mean
	right   mean
}

// mean is a mean so far.
type mean struct{ value, weight float64 }

func (m *mean) add(value, weight float64) {
	m.weight += weight
	m.value += (value - m.value) * (weight / m.weight)
}

func (s *shown) start(r *training.Run) error {
	s.started = time.Now()
	s.row.epoch, s.row.epochs = 1, r.Trainer.Epochs
	if s.display.screen != nil {
		s.display.screen.add(s)
	}
	return nil
}

func (s *shown) step(r *training.Run) error {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.first.IsZero():
		s.recall(r)
		s.first, s.before = now, r.Steps
	case s.row.epoch != r.Epoch+1:
		s.loss, s.right = mean{}, mean{}
		fallthrough
	default:
		if !r.Skipped {
			s.labels += r.Batch.Examples
		}
	}
	if weight := float64(r.Batch.Examples); !r.Skipped {
		s.loss.add(r.Loss, weight)
		s.right.add(r.Batch.Accuracy(), weight)
	}
	s.row.epoch, s.row.trained, s.row.loss, s.row.accuracy = r.Epoch+1, true, s.loss.value, s.right.value
	s.measured(r.Current().Train)
	total := int64(r.Trainer.Epochs) * int64(r.StepsPerEpoch)
	s.row.done = float64(r.Steps) / float64(total)
	if steps := r.Steps - s.before; steps > 0 {
		elapsed := now.Sub(s.first)
		s.row.timed = true
		s.row.rate = float64(s.labels) / max(elapsed, time.Nanosecond).Seconds()
		s.row.left = time.Duration(float64(elapsed) * (float64(total-r.Steps) / float64(steps)))
	}
	return nil
}

// recall takes what a resumed run has done before from its record. The callbacks'
// OnStart is before that is there.
func (s *shown) recall(r *training.Run) {
	s.validated(r)
	if from := r.Trainer.Resume; from != nil && from.Batches > 0 {
		weight := float64(from.Partial.Train.Examples)
		s.loss, s.right = mean{from.Partial.Loss, weight}, mean{from.Partial.Train.Accuracy(), weight}
	}
}

// measured takes the first metric instead of the accuracy where the targets are numbers,
// which have none.
func (s *shown) measured(m training.Metrics) {
	if m.Numeric && len(m.Scores) > 0 {
		s.row.measure, s.row.accuracy = m.Scores[0].Name, m.Scores[0].Value
	}
}

// validated takes the validation errors from the record of a run, or the metric that its
// epochs are judged by.
func (s *shown) validated(r *training.Run) {
	s.row.validated = false
	last := -1
	for i, e := range r.History.Epochs {
		if e.Validation != nil {
			last = i
		}
	}
	if last < 0 {
		return
	}
	by, now := r.Trainer.Monitor, r.History.Epochs[last].Validation
	if by.Metric == "" && !now.Numeric {
		by = training.Monitor{Metric: "error"}
	}
	at, best := by.Best(r.History.Epochs)
	if at < 0 {
		return
	}
	s.row.validationMeasure = ""
	if best.Name != "error" {
		s.row.validationMeasure = best.Name
	}
	s.row.validation, s.row.best, s.row.bestEpoch = now.Score(best.Name).Value, best.Value, at+1
	s.row.validated, s.row.validationEpoch = true, last+1
}

// epoch notes the validation error, and writes about five lines a run where nothing
// is redrawn. The last is left to end.
func (s *shown) epoch(r *training.Run) error {
	s.mu.Lock()
	s.validated(r)
	line := s.row.line()
	s.mu.Unlock()
	every := max(1, r.Trainer.Epochs/5)
	if done := r.Epoch + 1; s.display.screen != nil || done%every != 0 || done == r.Trainer.Epochs {
		return nil
	}
	return s.display.write(s.row.name, line)
}

// end says how the run ended, in a line that stays.
func (s *shown) end(r *training.Run) error {
	s.mu.Lock()
	s.validated(r)
	if !s.row.trained && len(r.History.Epochs) > 0 { // all was done before a resume
		last := r.History.Epochs[len(r.History.Epochs)-1]
		s.row.trained, s.row.epoch, s.row.loss, s.row.accuracy = true, last.Epoch+1, last.Loss, last.Train.Accuracy()
		s.measured(last.Train)
	}
	parts := s.row.ending(r, time.Since(s.started))
	s.mu.Unlock()
	if s.display.screen == nil {
		return s.display.write(s.row.name, joined(parts...))
	}
	s.display.screen.remove(s, append([]string{s.row.name}, parts...))
	return nil
}
