package compare_test

import (
	"math"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/compare"
	"github.com/gorgonia-dropout/dropout/training/experiment"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

func estimate(n int, mean, error float64) compare.Estimate {
	return compare.Estimate{Estimate: experiment.Estimate{N: n, Mean: mean, StdErr: error}}
}

// outcome has an error of 10 % without dropout, and differences with it.
func outcome(n int, d, error, nll float64) *compare.Outcome {
	return &compare.Outcome{
		Kind: compare.Classes, Error: estimate(n, d, error), NLL: estimate(n, nll, 0.01),
		Ways: []compare.Way{
			{Name: string(compare.Linear), Error: estimate(n, 0.095, 0.01)},
			{Name: string(compare.Without), Error: estimate(n, 0.1, 0.01)}, {Name: string(compare.With), Error: estimate(n, 0.1+d, 0.01)},
		},
		Chosen: []compare.Trial{{Arm: compare.With, Settings: compare.Settings{HiddenP: 0.2}}, {Arm: compare.With, Settings: compare.Settings{HiddenP: 0.4, InputP: 0.1}}},
	}
}

// curved is an outcome whose networks are not better than logistic regression, with the
// scores of their validation parts by epoch.
func curved(scores ...float64) *compare.Outcome {
	o := outcome(10, 0.02, 0.005, 0.1)
	for i := range o.Chosen {
		o.Chosen[i].Curve = scores
	}
	o.Chosen = append(o.Chosen, compare.Trial{Arm: compare.Linear, Curve: []float64{2, 1}})
	return o
}

func TestFinding(t *testing.T) {
	w := compare.Wording{Kind: compare.Classes}
	for _, tt := range []struct {
		name string
		of   *compare.Outcome
		want []string
		not  string
	}{
		{"helps", outcome(10, -0.02, 0.005, -0.1), []string{
			"Dropout helps here: it lowered the error from 10.00 % to 8.00 %, a change of -2.00 (95 % interval -3.13 to -0.87, 10 splits)", "NLL) became better: -0.100", "p = 0.3 of hidden units and 0.05 of inputs (median; 0.2 to 0.4",
		}, "No network"},
		{"hurts", outcome(10, 0.02, 0.005, 0.1), []string{"Dropout hurts here: it raised the error from 10.00 % to 12.00 %", "NLL) became worse: +0.100", "No network is needed: logistic regression does at least as well (error 9.50 %)"}, "helps"},
		{"neither", outcome(10, 0.002, 0.005, 0.001), []string{"Dropout made no difference to the error that these data can show", "Nor can they show one in the negative log-likelihood"}, "helps"},
		{"only the likelihood", outcome(10, -0.02, 0.005, 0.001), []string{"Dropout helps", "(NLL) shows no difference"}, "Nor can"},
		{"one split", outcome(1, -0.02, math.NaN(), 0.1), []string{"on one split only: that says nothing about the noise"}, "helps"},
		{"none in any split", outcome(5, 0, 0, 0.001), []string{"Dropout made no difference to the error, which is 10.00 % with it and without, split by split (5 splits)", "(NLL) shows no difference"}, "interval +0.00"},
		{"as much in each split", outcome(2, -0.02, 0, 0.001), []string{"With dropout the error went from 10.00 % to 8.00 %, by as much in each of 2 splits: that says nothing about the noise"}, "Dropout helps"},
		{"still improving", curved(0.5, 0.4, 0.3), []string{"Most networks were still improving"}, "No network is needed"},
		{"early enough", curved(0.5, 0.3, 0.4), []string{"No network is needed"}, "still improving"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			said := strings.Join(tt.of.Finding(w), " ")
			for _, want := range tt.want {
				if !strings.Contains(said, want) {
					t.Errorf("must say %q, got %q", want, said)
				}
			}
			if strings.Contains(said, tt.not) {
				t.Errorf("must not say %q, got %q", tt.not, said)
			}
		})
	}
}

func TestDecimals(t *testing.T) {
	for _, tt := range []struct {
		x, uncertainty float64
		want           int
	}{{100, 2, 1}, {100, 0.2, 2}, {1, 0.01, 3}, {5000, 300, 0}, {5000, 0, 0}, {0.05, math.NaN(), 4}, {0, 0, 2}, {math.NaN(), math.NaN(), 2}} {
		if got := compare.Decimals(tt.x, tt.uncertainty); got != tt.want {
			t.Errorf("%v ± %v must have %d decimals, got %d", tt.x, tt.uncertainty, tt.want, got)
		}
	}
}

// TestNoise compares the noise that is found with a grid.
func TestNoise(t *testing.T) {
	var values []uncertainty.Values
	for i := range 30 {
		x := float64(i%7) - 3
		values = append(values, uncertainty.Values{Target: []float64{0}, Passes: [][]float64{{x}, {x + 0.5}, {x / 2}}, Mean: []float64{(2.5*x + 0.5) / 3}, Variance: []float64{1}})
	}
	likelihood := func(noise float64) (sum float64) {
		for _, v := range values {
			sum += v.LogLikelihood(0, noise)
		}
		return sum
	}
	best := 0.01
	for noise := 0.01; noise < 20; noise *= 1.01 {
		if likelihood(noise) > likelihood(best) {
			best = noise
		}
	}
	if got, err := compare.Noise(values, 0); err != nil || math.Abs(got/best-1) > 0.02 {
		t.Errorf("noise must be %v, got %v and %v", best, got, err)
	}
	for i := range values {
		values[i].Mean[0] = 0
	}
	if _, err := compare.Noise(values, 0); err == nil {
		t.Error("errors of 0 must be an error")
	}
}

func TestScores(t *testing.T) {
	p := &compare.Predictions{Kind: compare.Classes, Outputs: 2, Probabilities: [][]float64{{0.9, 0.1}, {0.2, 0.8}, {0.6, 0.4}, {0.3, 0.7}}, Classes: []int{0, 1, 1, 0}}
	s := p.Scores()
	if want := -(math.Log(0.9) + math.Log(0.8) + math.Log(0.4) + math.Log(0.3)) / 4; s.Error != 0.5 || math.Abs(s.NLL-want) > 1e-12 {
		t.Errorf("error and NLL must be 0.5 and %v, got %+v", want, s)
	}
	// Bins of 0.9, 0.8, 0.6 and 0.7, each with one answer: right, right, wrong, wrong.
	if want := (0.1 + 0.2 + 0.6 + 0.7) / 4; math.Abs(s.Calibration-want) > 1e-12 {
		t.Errorf("calibration error must be %v, got %v", want, s.Calibration)
	}
	labels := &compare.Predictions{Kind: compare.Labels, Outputs: 2, Probabilities: [][]float64{{0.9, 0.4}, {0.2, 0.5}}, Truth: [][]float64{{1, 1}, {0, 0}}}
	s = labels.Scores()
	if want := -(math.Log(0.9) + math.Log(0.4) + math.Log(0.8) + math.Log(0.5)) / 2; s.Error != 0.25 || math.Abs(s.NLL-want) > 1e-12 {
		t.Errorf("error and NLL of labels must be 0.25 and %v, got %+v", want, s)
	}
	many := &compare.Predictions{Kind: compare.Numbers, Outputs: 2}
	for _, x := range []float64{1, -1} {
		many.Values = append(many.Values, uncertainty.Values{Target: []float64{x, 10 * x}, Passes: [][]float64{{0, 0}}, Mean: []float64{0, 0}, Variance: []float64{0, 0}})
		many.Noise, many.Std = append(many.Noise, []float64{1, 100}), append(many.Std, []float64{1, 5})
	}
	if s := many.Scores(); math.Abs(s.Error-(1+2)/2.0) > 1e-12 || s.Calibration != 1 {
		t.Errorf("several numbers must count by their deviations, got %+v", s)
	}
	if c := many.Coverage(0.5); c != 0 {
		t.Errorf("no number is within 0.67 deviations, got %v", c)
	}
}
