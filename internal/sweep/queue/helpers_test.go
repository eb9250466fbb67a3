package queue

import (
	"context"
	"encoding/json"
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
)

// planned returns the plan of a spec.
func planned(t *testing.T, s *sweep.Spec) *sweep.Plan {
	t.Helper()
	p, err := sweep.NewPlan(t.Context(), s, told{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// told is a program that does as its configuration says.
type told struct{}

type toldConfig struct {
	Do   string `json:"do"`
	Seed int    `json:"seed"`
}

func (told) Normalize(data []byte) ([]byte, error) {
	var c toldConfig
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, err
	}
	return json.Marshal(c)
}

func (told) Metrics() []string { return []string{"error"} }

func (told) Run(ctx context.Context, j sweep.Job) (sweep.Outcome, error) {
	var c toldConfig
	if err := json.Unmarshal(j.Trial().Config, &c); err != nil {
		return sweep.Outcome{}, err
	}
	switch c.Do {
	case "panic":
		panic("as told")
	case "fail":
		return sweep.Outcome{Failure: "as told"}, nil
	case "nan":
		return sweep.Outcome{Metrics: map[string]float64{"error": math.NaN()}}, nil
	case "never":
		return sweep.Outcome{}, errors.New("not here")
	case "escape":
		return sweep.Outcome{}, j.Keep(ctx, "../passwd", nil)
	case "keep":
		if err := j.Keep(ctx, "note", []byte("kept")); err != nil {
			return sweep.Outcome{}, err
		}
	}
	return sweep.Outcome{Metrics: map[string]float64{"error": float64(len(c.Do))}}, nil
}

func open(t *testing.T) (*Queue, *nats.Conn) {
	t.Helper()
	s, err := StartServer(ServerConfig{Store: filepath.Join(t.TempDir(), "store")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	nc, err := s.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	q, err := Open(t.Context(), nc, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return q, nc
}

func work(t *testing.T, q *Queue) {
	start(t, &Worker{Queue: q, Name: "w", Programs: map[string]sweep.Program{"told": told{}}})
}

func start(t *testing.T, w *Worker) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
	})
}

func spec(values ...any) *sweep.Spec {
	s := &sweep.Spec{Name: "a", Program: "told", Space: map[string]sweep.Range{"do": {Values: values}}}
	if err := s.Complete(); err != nil {
		panic(err)
	}
	return s
}

// bestOf takes the best metric out of a state, so that the rest can be compared.
func bestOf(s *State) float64 {
	best := s.Best
	s.Best = nil
	if best == nil {
		return math.NaN()
	}
	return *best
}
