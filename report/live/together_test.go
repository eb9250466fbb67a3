package live_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/report/live"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

// idle ends the connections that HTTP keeps for later before goroutines are counted.
type idle struct{ *testing.M }

func (i idle) Run() int {
	code := i.M.Run()
	http.DefaultClient.CloseIdleConnections()
	return code
}

// No goroutine outlives the tests.
func TestMain(m *testing.M) { goleak.VerifyTestMain(idle{m}) }

// corners are n points around two corners, one class each.
func corners(n int) *training.Examples {
	r := rand.New(rand.NewPCG(1, 2))
	e := &training.Examples{Shape: []int{2}}
	for i := range n {
		at := float64(2*(i%2) - 1)
		e.X = append(e.X, float32(at+0.3*r.NormFloat64()), float32(-at+0.3*r.NormFloat64()))
		e.Y = append(e.Y, i%2)
	}
	return e
}

// One model is trained, evaluated, sampled, explained, saved, loaded by another and
// served, all at the same time: under the race detector nothing is torn, training is
// what it is alone, and everybody sees finite numbers.
func TestAllAtOnce(t *testing.T) {
	for name, net := range map[string]models.Layer{
		"dropout":            models.MLP{Inputs: 2, Hidden: []int{16, 16}, Outputs: 2, HiddenDropout: 0.3},
		"submatrix":          models.MLP{Inputs: 2, Hidden: []int{16, 16}, Outputs: 2, HiddenDropout: 0.3, Submatrix: true},
		"running statistics": models.Sequential{models.Linear(2, 16), models.BatchNorm1d(), models.ReLU(), models.Dropout(0.3), models.Linear(16, 2)},
	} {
		set := corners(64)
		data := training.Data{Train: set, Validation: corners(20)}
		trainer := func() *training.Trainer {
			m, err := models.New(net, []int{2}, models.WithSeed(3))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return &training.Trainer{Model: m, Solver: &optim.Adam{}, Epochs: 30, BatchSize: 16, Seed: 4}
		}
		alone := trainer()
		if _, err := alone.Fit(context.Background(), data); err != nil {
			t.Fatalf("%s: %v", name, err)
		}

		s := live.New(name)
		server := httptest.NewServer(s)
		tr := trainer()
		ctx, cancel := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		during := func(what string, f func() error) {
			wg.Go(func() {
				for n := 0; n == 0 || ctx.Err() == nil; n++ {
					if err := f(); err != nil {
						t.Errorf("%s: %s: %v", name, what, err)
						return
					}
				}
			})
		}
		background := context.Background()
		evaluator := &training.Trainer{Model: tr.Model}
		during("evaluation", func() error {
			_, err := evaluator.Evaluate(background, set)
			return err
		})
		for range 2 {
			p := &uncertainty.Predictor{Model: tr.Model, Passes: 5}
			during("sampling", func() error {
				_, err := p.Predict(background, data.Validation)
				return err
			})
		}
		plain := &uncertainty.Predictor{Model: tr.Model}
		during("prediction", func() error {
			_, err := plain.PredictDeterministic(background, data.Validation)
			return err
		})
		during("activations", func() error {
			_, err := training.Activations(background, tr.Model, set, 10)
			return err
		})
		other := trainer().Model
		during("saving", func() error {
			var b bytes.Buffer
			if err := tr.Model.WriteSafetensors(&b); err != nil {
				return err
			}
			return other.ReadSafetensors(&b)
		})
		during("serving", func() error {
			for _, path := range []string{"/", "/events"} {
				req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+path, nil)
				if err != nil {
					return err
				}
				res, err := http.DefaultClient.Do(req)
				if err != nil {
					break // the run is over
				}
				_, _ = io.Copy(io.Discard, res.Body)
				res.Body.Close()
			}
			return nil
		})

		tr.Callbacks = []training.Callback{s.Watch(name, 3)}
		if _, err := tr.Fit(background, data); err != nil {
			t.Errorf("%s: training: %v", name, err)
		}
		cancel()
		wg.Wait()
		server.Close()
		for i, p := range tr.Model.Params() {
			if !slices.Equal(p.Value().Float32s(), alone.Model.Params()[i].Value().Float32s()) {
				t.Errorf("%s: training in company gives another %s", name, p.Name())
			}
		}
	}
}
