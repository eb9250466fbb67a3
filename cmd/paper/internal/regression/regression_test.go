package regression

import (
	"context"
	"encoding/csv"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

// runOf returns a tiny run of some sets with records in a directory.
func runOf(t *testing.T, dir string, sets ...Set) *Run {
	t.Helper()
	records, err := OpenRecords(dir, sets)
	if err != nil {
		t.Fatal(err)
	}
	return &Run{
		Sets: sets, Budget: budgets["tiny"], Label: "tiny", Seed: 1, Workers: 2, Dir: filepath.Join(dir, Name), Records: records,
		Log: io.Discard, BLAS: "BLAS: some", Args: []string{Name, "--budget", "tiny"},
	}
}

// load returns a set and its splits.
func load(t *testing.T, s Set) (*datasets.Table, []datasets.Fold) {
	t.Helper()
	table, err := s.Load()
	if err != nil {
		t.Fatal(err)
	}
	folds, err := s.Splits()
	if err != nil {
		t.Fatal(err)
	}
	return table, folds
}

// A run writes a page and a table; another one finds all records and writes the
// same.
func TestRun(t *testing.T) {
	yacht, dir := allSets[4], t.TempDir()
	var first, second strings.Builder
	l := runOf(t, dir, yacht)
	if err := l.Run(context.Background(), &first); err != nil {
		t.Fatal(err)
	}
	const trials = 2 * (3 + 1 + 12 + 1 + 12 + 1 + 4 + 1 + 2 + 1)
	if l.done != l.all() || l.done != trials {
		t.Errorf("want %d trials, got %d of %d", trials, l.done, l.all())
	}
	for _, want := range []string{
		"Of the 5 sets, yacht.\n", "| yacht |  | without dropout |", "| yacht |  | MC dropout |", "| yacht |  | MC dropout (He) |", "| yacht |  | Gaussian NLL |", "| yacht |  | deep ensemble |", "| yacht |  | Concrete dropout |",
		"0.67 ± 0.05", "1.58 ± 0.11", "| RMSE | yacht | MC dropout | +", "| 0.050 | does not", "Concrete dropout learned p of 0.", "go run ./cmd/paper uci --budget tiny\n",
	} {
		if !strings.Contains(first.String(), want) {
			t.Errorf("the page must have %q, got\n%s", want, first.String())
		}
	}
	var log strings.Builder
	again := runOf(t, dir, yacht)
	again.Log = &log
	if err := again.Run(context.Background(), &second); err != nil {
		t.Fatal(err)
	}
	if strings.Count(log.String(), ", kept\n") != trials {
		t.Errorf("every record must be found, got\n%s", log.String())
	}
	page := func(s string) string { before, _, _ := strings.Cut(s, "\nThe trainings"); return before }
	if page(first.String()) != page(second.String()) {
		t.Errorf("the page of the records must be\n%s, got\n%s", first.String(), second.String())
	}
	file, err := os.Open(filepath.Join(l.Dir, "uci.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil || len(rows) != 1+6*2 {
		t.Errorf("want a row for each split and method, got %v, %v", rows, err)
	}
}

// Networks with He's weights at first are others than those with Glorot's, and their
// records are those of networks that do not say which they have.
func TestInit(t *testing.T) {
	yacht := allSets[4]
	table, folds := load(t, yacht)
	b := budgets["tiny"]
	b.Epochs = 200
	var rmse []float64
	for _, name := range []string{monteCarloDropout, heDropout} {
		m := methods[slices.IndexFunc(methods, func(m method) bool { return m.name == name })]
		c := m.candidates(yacht, 0, b, 1)[0]
		if c.Method != monteCarloDropout || (c.Init == "") != (name == heDropout) {
			t.Errorf("%s: got the trial %+v", name, c)
		}
		r, err := train(context.Background(), c, table, folds[0])
		if err != nil {
			t.Fatal(err)
		}
		rmse = append(rmse, r.Score.RMSE)
	}
	if rmse[0] == rmse[1] {
		t.Errorf("the weights at first must matter, got %v", rmse)
	}
	_, err := train(context.Background(), Trial{Init: "other", Tau: 1, Epochs: 1}, table, folds[0])
	if err == nil || err.Error() != `init must be Glorot uniform or none, got "other"` {
		t.Errorf("got %v", err)
	}
}

// The settings of a test are those that are most likely on the held-out part.
func TestChoice(t *testing.T) {
	yacht, dir := allSets[4], t.TempDir()
	l := runOf(t, dir, yacht)
	// Records of trials that were never run: one p and tau is better by far.
	for _, c := range methods[1].candidates(yacht, 0, l.Budget, l.Seed) {
		r := Record{Trial: c, Score: Score{RMSE: 1, LogLikelihood: -3}, Steps: 1}
		if c.P == 0.01 && c.Tau == 0.5 {
			r.Score.LogLikelihood = -1
		}
		if _, err := l.Records[yacht.Name].Add(r); err != nil {
			t.Fatal(err)
		}
	}
	table, folds := load(t, yacht)
	chosen, err := l.method(context.Background(), yacht, methods[1], table, folds[:1])
	if err != nil {
		t.Fatal(err)
	}
	if c := chosen[0]; c.Trial.P != 0.01 || c.Trial.Tau != 0.5 || c.Trial.Held || c.held.LogLikelihood != -1 {
		t.Errorf("want p 0.01 and tau 0.5 on the test part, got %+v", c)
	}
}

// The held-out part and the rest are the training part, and differ by seed.
func TestHeldOut(t *testing.T) {
	folds, err := allSets[4].Splits()
	if err != nil {
		t.Fatal(err)
	}
	four, fifth := heldOut(folds[0], 1)
	if len(fifth) != 56 || len(four) != 221 {
		t.Errorf("want 221 and 56 examples, got %d and %d", len(four), len(fifth))
	}
	all := slices.Sorted(slices.Values(slices.Concat(four, fifth)))
	if !slices.Equal(all, folds[0].Train) {
		t.Errorf("want the training part, got %v", all)
	}
	if other, _ := heldOut(folds[0], 2); slices.Equal(four, other) {
		t.Error("another seed must hold out others")
	}
}

// RMSE and likelihood are in the target's own unit.
func TestMeasure(t *testing.T) {
	set := allSets[4]
	table, folds := load(t, set)
	_, test, scale, err := standardized(table, folds[0].Train, folds[0].Test)
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.New(models.MLP{Inputs: 6, Hidden: []int{5}, Outputs: 1}, []int{6}, models.WithSeed(1))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Trial{Tau: 0.25, Passes: 3}.measure(context.Background(), m, test, scale)
	if err != nil {
		t.Fatal(err)
	}
	said, err := (&uncertainty.Predictor{Model: m}).PredictValuesDeterministic(context.Background(), test, scale)
	if err != nil {
		t.Fatal(err)
	}
	var want Score
	for i, v := range said {
		y := float64(table.Targets[folds[0].Test[i]])
		d := y - v.Mean[0]
		want.RMSE += d * d / float64(len(said))
		want.LogLikelihood += (math.Log(0.25/(2*math.Pi))/2 - 0.25*d*d/2) / float64(len(said))
	}
	want.RMSE = math.Sqrt(want.RMSE)
	if math.Abs(got.RMSE-want.RMSE) > 1e-4*want.RMSE || math.Abs(got.LogLikelihood-want.LogLikelihood) > 1e-4*math.Abs(want.LogLikelihood) {
		t.Errorf("want %+v, got %+v", want, got)
	}
}

// Records that lack something are refused, and Ctrl-C ends a run.
func TestErrors(t *testing.T) {
	for _, r := range []Record{
		{Score: Score{RMSE: math.NaN()}, Steps: 1}, {Score: Score{LogLikelihood: math.Inf(-1)}, Steps: 1}, {},
		{Trial: Trial{Members: 2}, Members: []Score{{}}, Steps: 1}, {Trial: Trial{Members: 1}, Members: []Score{{RMSE: math.Inf(1)}}, Steps: 1},
	} {
		if r.Check() == nil {
			t.Errorf("%+v must be an error", r)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := runOf(t, t.TempDir(), allSets[4]).Run(ctx, io.Discard); err == nil {
		t.Error("a cancelled run must be an error")
	}
}
