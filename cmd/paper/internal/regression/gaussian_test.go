package regression

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

// The likelihood of an ensemble is that of a mixture, and its error that of the
// mean.
func TestScoreOf(t *testing.T) {
	got := scoreOf([]uncertainty.Values{
		{Target: []float64{1}, Passes: [][]float64{{0}, {3}}, Noise: [][]float64{{1}, {4}}},
		{Target: []float64{-2}, Passes: [][]float64{{-2}, {0}}, Noise: [][]float64{{0.25}, {1}}},
	})
	density := func(d, variance float64) float64 {
		return math.Exp(-d*d/(2*variance)) / math.Sqrt(2*math.Pi*variance)
	}
	want := Score{
		RMSE:          math.Sqrt((0.5*0.5 + 1*1) / 2),
		LogLikelihood: (math.Log((density(1, 1)+density(2, 4))/2) + math.Log((density(0, 0.25)+density(2, 1))/2)) / 2,
	}
	if math.Abs(got.RMSE-want.RMSE) > 1e-12 || math.Abs(got.LogLikelihood-want.LogLikelihood) > 1e-12 {
		t.Errorf("want %+v, got %+v", want, got)
	}
}

// An ensemble has members that differ, and its first one is the network that is
// trained alone.
func TestEnsemble(t *testing.T) {
	set := allSets[4]
	table, folds := load(t, set)
	trained := func(members int) *Record {
		trial := Trial{Method: deepEnsemble, Epochs: 2, Rate: 1e-2, Members: members, Seed: 3}
		r, err := train(context.Background(), trial, table, folds[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Check(); err != nil {
			t.Error(err)
		}
		return r
	}
	one, three := trained(1), trained(3)
	if one.Score != one.Members[0] || one.Score != three.Members[0] {
		t.Errorf("want the score %+v alone and in an ensemble, got %+v and %+v", one.Score, one.Members, three.Members)
	}
	if m := three.Members; m[0] == m[1] || m[1] == m[2] || three.Steps != 3*one.Steps {
		t.Errorf("want members that differ and %d updates, got %+v, %d", 3*one.Steps, m, three.Steps)
	}
	// The logarithm is concave: a mixture is at least as likely as the mean of
	// its members' logarithms, and its mean errs at most as their mean square.
	var likelihood, square float64
	for _, m := range three.Members {
		likelihood += m.LogLikelihood / 3
		square += m.RMSE * m.RMSE / 3
	}
	if three.Score.LogLikelihood <= likelihood || three.Score.RMSE >= math.Sqrt(square) {
		t.Errorf("the ensemble must be better than the mean of %+v, got %+v", three.Members, three.Score)
	}
	first := singles([]chosenTrial{{Record: *three}})[0]
	if first.Score != one.Score || first.Steps != one.Steps || first.Trial.Method != gaussianNLL || first.Members != nil || first.Time != three.Time/3 {
		t.Errorf("want the first member, got %+v", first)
	}
}

// The verdict of a claim is by the published standard error, and the interval
// says whether chance may have made it.
func TestClaims(t *testing.T) {
	set := allSets[0] // concrete: 4.82 ± 0.16 and -2.93 ± 0.02
	for _, c := range []struct {
		rmse [3]float64
		want string
	}{
		{[3]float64{4.70, 4.71, 4.72}, "| RMSE | concrete | MC dropout | -0.110 | -0.135 to -0.085 | 0.160 | reproduces |"},
		{[3]float64{4.80, 4.90, 5.00}, "| RMSE | concrete | MC dropout | +0.080 | -0.168 to +0.328 | 0.160 | reproduces, within chance |"},
		{[3]float64{4.90, 5.00, 5.10}, "| RMSE | concrete | MC dropout | +0.180 | -0.068 to +0.428 | 0.160 | does not, within chance |"},
		{[3]float64{5.20, 5.21, 5.22}, "| RMSE | concrete | MC dropout | +0.390 | +0.365 to +0.415 | 0.160 | does not |"},
	} {
		var trials []chosenTrial
		for _, v := range c.rmse {
			trials = append(trials, chosenTrial{Record: Record{Score: Score{RMSE: v, LogLikelihood: -v + 1.9}}})
		}
		l := &Run{Sets: []Set{set}}
		var text strings.Builder
		l.claims(results{set.Name: {monteCarloDropout: trials, deepEnsemble: trials}}).Write(&text)
		if !strings.Contains(text.String(), c.want+"\n") {
			t.Errorf("the claims must have %q, got\n%s", c.want, text.String())
		}
	}
	// More likelihood is better.
	trials := []chosenTrial{{Record: Record{Score: Score{LogLikelihood: -2.9}}}, {Record: Record{Score: Score{LogLikelihood: -2.902}}}}
	l := &Run{Sets: []Set{set}}
	var text strings.Builder
	l.claims(results{set.Name: {monteCarloDropout: trials, deepEnsemble: trials}}).Write(&text)
	if want := "| log-likelihood | concrete | MC dropout | -0.029 | -0.042 to -0.016 | 0.020 | reproduces |"; !strings.Contains(text.String(), want) {
		t.Errorf("the claims must have %q, got\n%s", want, text.String())
	}
}

// A run of some methods keeps their records and writes no page.
func TestMethods(t *testing.T) {
	dir := t.TempDir()
	l := runOf(t, dir, allSets[4])
	l.Methods = []string{deepEnsemble}
	var out strings.Builder
	if err := l.Run(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	if strings.Count(out.String(), "\n| ") != 2 || !strings.Contains(out.String(), "| yacht |  | deep ensemble |") {
		t.Errorf("the method must be shown, got\n%s", out.String())
	}
	if l.done != l.all() || l.done != 2*(4+1) {
		t.Errorf("want the 10 trials of the ensembles, got %d of %d", l.done, l.all())
	}
	if _, err := os.Stat(filepath.Join(l.Dir, "uci.md")); err == nil {
		t.Error("there must be no page")
	}
}
