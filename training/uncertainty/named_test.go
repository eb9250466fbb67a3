package uncertainty_test

import (
	"slices"
	"testing"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

// Padded sequences are predicted by their masks, pass by pass: what is padded to another
// length has the same probabilities without dropout, and its own in each example.
func TestPredictSequences(t *testing.T) {
	var want []uncertainty.Prediction
	for _, time := range []int{4, 7} {
		data := &datasets.Sequences{Time: time, Labels: make([]int, 11)}
		for i := range 11 {
			data.X = append(data.X, []float32{1, 2, 0, 1}[:1+i%4])
		}
		net := models.Sequential{models.Embedding(3, 4), models.GRU{Units: 4, Bidirectional: true}, models.LastStep(), models.Dropout(0.5), models.Linear(0, 2)}
		m, err := models.New(net, data.InputShape(), models.WithMask(), models.WithSeed(1))
		if err != nil {
			t.Fatal(err)
		}
		p := &uncertainty.Predictor{Model: m, Passes: 9}
		got, err := p.PredictDeterministic(t.Context(), data)
		if err != nil {
			t.Fatal(err)
		}
		sampled, err := p.Predict(t.Context(), data)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, sampled...)
		if want == nil {
			want = got
		}
		for i := range want {
			if !slices.Equal(got[i].Mean, want[i].Mean) {
				t.Errorf("padded to %d, prediction %d: got %v, want %v", time, i, got[i].Mean, want[i].Mean)
			}
		}
		if !slices.Equal(got[0].Mean, got[4].Mean) || slices.Equal(got[0].Mean, got[1].Mean) {
			t.Errorf("equal sequences must have equal predictions, others not: got %v", got[:5])
		}
	}
}
