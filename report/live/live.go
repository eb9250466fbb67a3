// Package live shows the learning curves of runs in a browser while they train.
//
//	server := live.New("MNIST", "without dropout", "with dropout")
//	trainer.Callbacks = append(trainer.Callbacks, server.Watch("with dropout", 1))
//	go http.Serve(listener, server)
//
// The page draws the figures of package report, again after each epoch; it gets
// them by server-sent events and needs no network beyond the server itself.
package live

import (
	_ "embed" // for the page
	"encoding/json"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

//go:embed page.html.tmpl
var pageSource string

// page is executed with a view.
var page = template.Must(template.New("live").Parse(pageSource))

// A Server is an [http.Handler] with the page at "/" and its events at
// "/events". Its methods may be called from several goroutines.
type Server struct {
	title string
	arms  []string

	mu      sync.Mutex
	runs    []*run
	changed chan struct{} // closed at the next change
	ended   string        // the conclusion, once there is one
}

// run is what is known of a run.
type run struct {
	arm    string
	seed   uint64
	epochs int
	done   bool
	result experiment.Result
}

// view is what the page is made from.
type view struct {
	Title string
	Style template.CSS
}

// New returns a server for a page with the given title. The given arms have the
// colours of figures in order, whichever reports first; others follow as they
// arrive.
func New(title string, arms ...string) *Server {
	return &Server{title: title, arms: slices.Clone(arms), changed: make(chan struct{})}
}

// Watch returns a callback that shows the run of an arm with a seed.
func (s *Server) Watch(arm string, seed uint64) training.Callback {
	r := &run{arm: arm, seed: seed}
	update := func(of *training.Run) {
		h := *of.History
		h.Epochs = slices.Clone(h.Epochs)
		s.update(func() {
			r.epochs = of.Trainer.Epochs
			r.result = experiment.Result{Arm: arm, Seed: seed, History: &h}
		})
	}
	return training.Callback{
		OnStart: func(of *training.Run) error {
			s.update(func() {
				s.runs = append(s.runs, r)
				if !slices.Contains(s.arms, arm) {
					s.arms = append(s.arms, arm)
				}
			})
			update(of)
			return nil
		},
		OnEpoch: func(of *training.Run) error {
			update(of)
			return nil
		},
		OnEnd: func(of *training.Run) error {
			update(of)
			s.update(func() { r.done = true })
			return nil
		},
	}
}

// End shows the conclusion of an experiment, such as its finding.
func (s *Server) End(finding string) { s.update(func() { s.ended = finding }) }

// update changes the state and notifies those who watch.
func (s *Server) update(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	close(s.changed)
	s.changed = make(chan struct{})
}

// event is the state as the page receives it.
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
	Text string `json:"text"`
}

// state returns the current event, and a channel that is closed when it is out
// of date.
func (s *Server) state() (event, <-chan struct{}) {
	s.mu.Lock()
	e := event{Finding: s.ended, Figures: []figure{}, Runs: []line{}}
	var results []experiment.Result
	for _, r := range s.runs {
		l := line{Name: fmt.Sprintf("%s, seed %d", r.arm, r.seed), Of: r.epochs}
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
			results = append(results, r.result)
		}
		if r.done && l.Done < l.Of {
			l.Text += " (stopped)"
		}
		e.Runs = append(e.Runs, l)
	}
	changed, arms := s.changed, slices.Clone(s.arms)
	s.mu.Unlock()
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

// ServeHTTP serves the page and its events.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	switch r.URL.Path {
	case "/":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:")
		// If the client is gone, there is nobody left to tell.
		_ = page.Execute(w, view{s.title, report.PageStyle()})
	case "/events":
		s.events(w, r)
	default:
		http.NotFound(w, r)
	}
}

// pause is the shortest time between two events for a page.
const pause = 250 * time.Millisecond

func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	for {
		e, changed := s.state()
		data, err := json.Marshal(e)
		if err != nil {
			return
		}
		if _, err := fmt.Fprintf(w, "data: %s\n\n", data); err != nil || out.Flush() != nil {
			return
		}
		if e.Finding != "" {
			return // the page does not ask again
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
		select {
		case <-time.After(pause):
		case <-r.Context().Done():
			return
		}
	}
}

// Listen opens a listener at an address such as ":8080". Without a host it
// listens on this machine only; to be reachable from others, an address must
// say so, as "0.0.0.0:8080" does.
func Listen(address string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, errors.Errorf("live: Listen: address must be HOST:PORT or :PORT, got %q", address)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	return l, errors.Wrap(err, "live: Listen")
}
