package live

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// event is the state as the page gets it.
type event struct {
	Figures []figure `json:"figures"`
	Runs    []line   `json:"runs"`
	Finding string   `json:"finding"`
}

// figure is a figure with its drawing as SVG.
type figure struct {
	Title   string `json:"title"`
	Caption string `json:"caption"`
	Alt     string `json:"alt"`
	SVG     string `json:"svg"`
}

type line struct {
	Name string `json:"name"`
	Done int    `json:"done"`
	Of   int    `json:"of"`
	Text string `json:"text"` // what is known of it, beside the epochs
	// Ended says that it is over, which may be before the last epoch.
	Ended bool `json:"ended"`
}

// state returns the event of the moment without its figures, the results and arms that
// are drawn in them, and a channel that is closed when all this is no longer true.
func (s *Server) state() (event, []experiment.Result, []string, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := event{Finding: s.ended, Figures: []figure{}, Runs: []line{}}
	var results []experiment.Result
	for _, r := range s.runs {
		l := line{Name: fmt.Sprintf("%s, seed %d", r.arm, r.seed), Of: r.epochs, Ended: r.done}
		if epochs := r.result.History.Epochs; len(epochs) > 0 {
			last := epochs[len(epochs)-1]
			l.Done = last.Epoch + 1
			l.Text = fmt.Sprintf("loss %.4f", last.Loss)
			switch v := last.Validation; {
			case v == nil:
			case !v.Numeric:
				l.Text += fmt.Sprintf(", validation error %.2f %%", 100*v.Error())
			case len(v.Scores) > 0:
				l.Text += fmt.Sprintf(", validation %s %.4f", v.Scores[0].Name, v.Scores[0].Value)
			}
			if left := r.left(l.Done); left > 0 {
				l.Text += fmt.Sprintf(", %s left", clock(left))
			}
			results = append(results, r.result)
		}
		if r.done && l.Done < l.Of {
			l.Text += ", stopped early"
		}
		e.Runs = append(e.Runs, l)
	}
	return e, results, slices.Clone(s.arms), s.changed
}

// left returns how long the epochs that are left will take at the speed of those
// that were seen: 0 if none were, or at the end.
func (r *run) left(done int) time.Duration {
	if seen := done - r.before; !r.done && seen > 0 {
		return r.at.Sub(r.started) / time.Duration(seen) * time.Duration(r.epochs-done)
	}
	return 0
}

// clock writes a duration as m:ss or h:mm:ss.
func clock(d time.Duration) string {
	s := int(d.Round(time.Second) / time.Second)
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// draw returns the event of the moment with its figures, and a channel that is closed
// when it is no longer true.
func (s *Server) draw() (event, <-chan struct{}) {
	e, results, arms, changed := s.state()
	for _, draw := range []func() (*report.Figure, error){
		func() (*report.Figure, error) { return report.ErrorCurves(results, arms...) },
		func() (*report.Figure, error) { return report.LearningCurves(results, report.TrainLoss, arms...) },
	} {
		// What cannot be drawn yet is left out.
		if f, err := draw(); err == nil {
			if svg, err := f.Inline(); err == nil {
				e.Figures = append(e.Figures, figure{f.Title, f.Caption, f.Alt, svg})
			}
		}
	}
	return e, changed
}

// encode returns the event of the moment as listeners get it.
func (s *Server) encode() (*message, error) {
	e, changed := s.draw()
	data, err := json.Marshal(e)
	if err != nil {
		return nil, errors.Wrap(err, "live")
	}
	return &message{
		data: slices.Concat([]byte("data: "), data, []byte("\n\n")), final: e.Finding != "",
		drawn: time.Now(), changed: changed,
	}, nil
}

// A message is an encoded event that all listeners share.
type message struct {
	data    []byte
	final   bool // no other comes after it
	drawn   time.Time
	changed <-chan struct{} // closed when the message is out of date
}

// pause is the least time between two messages.
const pause = 250 * time.Millisecond

// message returns the last message. It draws another where there is none, or where the
// last is out of date and the pause is over.
func (s *Server) message() (*message, error) {
	s.drawing.Lock()
	defer s.drawing.Unlock()
	if s.last != nil && (!s.last.old() || time.Since(s.last.drawn) < pause) {
		return s.last, nil
	}
	m, err := s.encode()
	if err == nil {
		s.last = m
	}
	return m, err
}

func (m *message) old() bool {
	select {
	case <-m.changed:
		return true
	default:
		return false
	}
}

// wait returns when there may be another message.
func (m *message) wait(ctx context.Context) error {
	select {
	case <-m.changed:
	case <-ctx.Done():
		return ctx.Err()
	}
	over := time.NewTimer(pause - time.Since(m.drawn))
	defer over.Stop()
	select {
	case <-over.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
