package uncertainty_test

import (
	"math"
	"testing"

	"github.com/gorgonia-dropout/dropout/mnist/embedded"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

// Figure 11 of Srivastava et al., JMLR 15, 2014: the test error of the average of
// k sampled networks falls with k and reaches that of weight scaling, which one
// pass gives. Here on 1,000 training and 500 test images of MNIST.
func TestAveragingReachesWeightScaling(t *testing.T) {
	all, rest, err := embedded.Load()
	if err != nil {
		t.Fatal(err)
	}
	train, _, err := all.Stratified(1000, 1)
	if err != nil {
		t.Fatal(err)
	}
	test, _, err := rest.Stratified(500, 1)
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.New(models.MLP{
		Inputs: 784, Hidden: []int{64, 64}, Outputs: 10, InputDropout: 0.2, HiddenDropout: 0.5,
	}, []int{784}, models.WithSeed(1))
	if err != nil {
		t.Fatal(err)
	}
	trainer := &training.Trainer{Model: m, Solver: &optim.Adam{LR: 0.003}, Epochs: 20, BatchSize: 50, Seed: 1}
	if _, err := trainer.Fit(background, training.Data{Train: train}); err != nil {
		t.Fatal(err)
	}

	const passes = 64
	p := &uncertainty.Predictor{Model: m, Passes: passes}
	plain, err := p.PredictDeterministic(background, test)
	if err != nil {
		t.Fatal(err)
	}
	// By k = 1, 2, 4, ...: the error of the averages over passes k*j to k*(j+1)-1,
	// over all j, and the distance from weight scaling.
	failures, distance := make(map[int]float64), make(map[int]float64)
	err = p.Sample(background, test, func(index, label int, outputs [][]float64) error {
		for k := 1; k <= passes; k *= 2 {
			for j := 0; j < passes; j += k {
				average, err := uncertainty.FromLogits(label, outputs[j:j+k])
				if err != nil {
					return err
				}
				share := float64(k) / passes / float64(test.Len())
				if average.Class() != label {
					failures[k] += share
				}
				for c, q := range average.Mean {
					distance[k] += share * math.Abs(q-plain[index].Mean[c])
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	scores, err := uncertainty.Evaluate(plain, 15)
	if err != nil {
		t.Fatal(err)
	}
	scaling := 1 - scores.Accuracy
	t.Logf("weight scaling: error %.1f %%", 100*scaling)
	for k := 1; k <= passes; k *= 2 {
		t.Logf("average of %2d: error %4.1f %%, %.3f from weight scaling", k, 100*failures[k], distance[k])
		if k > 1 && distance[k] >= distance[k/2] {
			t.Errorf("averages of %d must be nearer to weight scaling than those of %d, got %v and %v", k, k/2, distance[k], distance[k/2])
		}
	}
	if scaling > 0.15 {
		t.Errorf("the model must have learned, got an error of %v", scaling)
	}
	if failures[1] < failures[passes]+0.02 {
		t.Errorf("single networks must be clearly worse than the average of %d, got %v and %v", passes, failures[1], failures[passes])
	}
	if math.Abs(failures[passes]-scaling) > 0.015 {
		t.Errorf("the average of %d must come to weight scaling, got %v and %v", passes, failures[passes], scaling)
	}
}
