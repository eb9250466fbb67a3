package compare_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorgonia-dropout/dropout/datasets/tabular"
	"github.com/gorgonia-dropout/dropout/internal/compare"
	"github.com/gorgonia-dropout/dropout/training"
)

// short is a training that is long enough to see something.
var short = compare.Length{Batch: 32, Epochs: 12, Patience: 4}

// table makes a table of text by its header and a function that returns the values of a row.
func table(t *testing.T, header string, rows int, row func(i int, r *rand.Rand) []any) *tabular.Table {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	fmt.Fprintln(&b, header)
	for i := range rows {
		fmt.Fprintln(&b, strings.Trim(strings.Join(strings.Fields(fmt.Sprint(row(i, r)...)), ","), ","))
	}
	of, err := tabular.Read(strings.NewReader(b.String()), tabular.Format{Header: "yes"})
	if err != nil {
		t.Fatal(err)
	}
	return of
}

func subject(t *testing.T, of *tabular.Table, w tabular.Wishes) *compare.Table {
	t.Helper()
	p, err := tabular.Guess(of, w)
	if err != nil {
		t.Fatal(err)
	}
	return &compare.Table{Table: of, Plan: p}
}

// points is a table whose class is the sign of a sum.
func points(t *testing.T, rows int) *compare.Table {
	return subject(t, table(t, "a,b,c,y", rows, func(_ int, r *rand.Rand) []any {
		a, b, c := r.NormFloat64(), r.NormFloat64(), r.NormFloat64()
		return []any{a, " ", b, " ", c, " ", map[bool]string{true: "yes", false: "no"}[a+b > 0]}
	}), tabular.Wishes{Targets: []string{"y"}})
}

// line is a table of numbers that are linear in others.
func line(t *testing.T, rows int) *compare.Table {
	return subject(t, table(t, "a,b,y", rows, func(_ int, r *rand.Rand) []any {
		a, b := r.NormFloat64(), r.NormFloat64()
		return []any{a, " ", b, " ", 100 + 3*a - 2*b + 0.1*r.NormFloat64()}
	}), tabular.Wishes{Targets: []string{"y"}})
}

func run(t *testing.T, s compare.Subject, split compare.Splitting, dir string, limit compare.Limit) *compare.Experiment {
	t.Helper()
	e, err := compare.New(s, split, short, &compare.Store{Dir: dir}, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Run(context.Background(), limit, nil); err != nil {
		t.Fatal(err)
	}
	return e
}

// untimed returns trials as JSON without how long they took, in order.
func untimed(t *testing.T, trials []compare.Trial) string {
	t.Helper()
	trials = slices.Clone(trials)
	for i := range trials {
		trials[i].Seconds = 0
	}
	slices.SortFunc(trials, func(a, b compare.Trial) int {
		return strings.Compare(fmt.Sprint(a.Split, a.Arm, a.Round), fmt.Sprint(b.Split, b.Arm, b.Round))
	})
	b, err := json.Marshal(trials)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestCompareClasses(t *testing.T) {
	e := run(t, points(t, 120), compare.Splitting{Folds: 3, Repeats: 1, Seed: 1}, t.TempDir(), compare.Limit{Rounds: 2})
	o, err := e.Evaluate(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{compare.Frequent, string(compare.Linear), string(compare.Without), string(compare.With), compare.Sampled} {
		w := o.Way(name)
		if w == nil {
			t.Errorf("there must be a way %q", name)
			continue
		}
		if len(w.Splits) != 3 || w.Predictions.Scores().Examples != 120 {
			t.Errorf("%s must have tested 120 rows in 3 splits, got %d in %d", name, w.Predictions.Scores().Examples, len(w.Splits))
		}
		if low := name != compare.Frequent; low != (w.Error.Mean < 0.25) {
			t.Errorf("%s: error must be below 0.25: %v, got %v", name, low, w.Error.Mean)
		}
	}
	if d := o.Way(string(compare.With)).Error.Mean - o.Way(string(compare.Without)).Error.Mean; math.Abs(d-o.Error.Mean) > 1e-12 {
		t.Errorf("difference must be %v, got %v", d, o.Error.Mean)
	}
	f, err := e.Final(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	said, err := f.Network(10).Predict(context.Background(), &training.Examples{Shape: []int{3}, X: []float32{2, 2, 0, -2, -2, 0}, Y: []int{0, 0}})
	if err != nil {
		t.Fatal(err)
	}
	if yes := said.Probabilities[0][1]; yes < 0.7 {
		t.Errorf("a clear yes must be probable, got %v", yes)
	}
	if no := said.Probabilities[1][0]; no < 0.7 {
		t.Errorf("a clear no must be probable, got %v", no)
	}
}

func TestCompareNumbers(t *testing.T) {
	s := line(t, 120)
	e := run(t, s, compare.Splitting{Folds: 3, Repeats: 1, Seed: 1}, t.TempDir(), compare.Limit{Rounds: 1})
	o, err := e.Evaluate(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if rmse := o.Way(compare.Straight).Error.Mean; rmse < 0.08 || rmse > 0.13 {
		t.Errorf("linear regression must find the noise of 0.1, got %v", rmse)
	}
	if rmse := o.Way(compare.Constant).Error.Mean; rmse < 3 || rmse > 4.5 {
		t.Errorf("the mean must have the deviation of the numbers, sqrt(13), got %v", rmse)
	}
	// Of a normal distribution of that deviation.
	if nll, want := o.Way(compare.Straight).NLL.Mean, 0.5*math.Log(2*math.Pi*math.E*0.01); math.Abs(nll-want) > 0.2 {
		t.Errorf("NLL must be about %v, got %v", want, nll)
	}
	if c := o.Way(compare.Straight).Calibration; c < 0.8 || c > 0.98 {
		t.Errorf("about 90 %% must be in the intervals, got %v", c)
	}
	importances, err := e.Importances(context.Background(), o, compare.With)
	if err != nil {
		t.Fatal(err)
	}
	if len(importances) != 2 || importances[0].Column != "a" || !(importances[0].Error.Mean > importances[1].Error.Mean) {
		t.Errorf("a must matter more than b, got %+v", importances)
	}
}

func TestCompareLabels(t *testing.T) {
	s := subject(t, table(t, "a,b,p,q", 90, func(_ int, r *rand.Rand) []any {
		a, b := r.NormFloat64(), r.NormFloat64()
		word := map[bool]string{true: "yes", false: "no"}
		return []any{a, " ", b, " ", word[a > 0], " ", word[b > 0]}
	}), tabular.Wishes{Targets: []string{"p", "q"}})
	e := run(t, s, compare.Splitting{Folds: 3, Repeats: 1, Seed: 1}, t.TempDir(), compare.Limit{Rounds: 1})
	o, err := e.Evaluate(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	shares := o.Way(compare.Shares)
	for _, name := range []string{string(compare.Linear), string(compare.Without), string(compare.With), compare.Sampled} {
		if w := o.Way(name); w.Error.Mean > 0.3 || w.NLL.Mean >= shares.NLL.Mean {
			t.Errorf("%s must be better than the shares, got %+v", name, w)
		}
	}
}

// TestResume ends a comparison, cuts off its last line, and goes on: it must come out as if
// it had not ended, in the same trials and the same predictions.
func TestResume(t *testing.T) {
	s := points(t, 60)
	split := compare.Splitting{Folds: 2, Repeats: 1, Seed: 3}
	whole := run(t, s, split, t.TempDir(), compare.Limit{Rounds: 2})
	dir := t.TempDir()
	run(t, s, split, dir, compare.Limit{Rounds: 1})
	path := filepath.Join(dir, "trials.jsonl")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data[:len(data)-20], 0o666); err != nil {
		t.Fatal(err)
	}
	again := run(t, s, split, dir, compare.Limit{Rounds: 2})
	if got, want := untimed(t, again.Trials()), untimed(t, whole.Trials()); got != want {
		t.Errorf("trials must be\n%s\ngot\n%s", want, got)
	}
	var outcomes []string
	for _, e := range []*compare.Experiment{whole, again} {
		o, err := e.Evaluate(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for i := range o.Chosen {
			o.Chosen[i].Seconds = 0
		}
		b, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		outcomes = append(outcomes, string(b))
	}
	if outcomes[0] != outcomes[1] {
		t.Errorf("outcome must be\n%s\ngot\n%s", outcomes[0], outcomes[1])
	}
}

// TestTestRowsAreNotLearnedFrom changes all test rows of a split, and finds its trainings
// unchanged to the bit.
func TestTestRowsAreNotLearnedFrom(t *testing.T) {
	s := points(t, 60)
	split := compare.Splitting{Folds: 2, Repeats: 1, Seed: 3}
	splits, err := s.Splits(split)
	if err != nil {
		t.Fatal(err)
	}
	other := &tabular.Table{Names: s.Table.Names}
	for i, values := range s.Table.Values {
		values = slices.Clone(values)
		for _, r := range splits[1].Test {
			if values[r] = fmt.Sprint(1000 + 17*r); i == 3 {
				values[r] = s.Table.Values[i][r] // the splits are stratified by it
			}
		}
		other.Values = append(other.Values, values)
	}
	first := run(t, s, split, t.TempDir(), compare.Limit{Rounds: 1})
	second := run(t, &compare.Table{Table: other, Plan: s.Plan}, split, t.TempDir(), compare.Limit{Rounds: 1})
	of := func(e *compare.Experiment, split int) []compare.Trial {
		return slices.DeleteFunc(e.Trials(), func(t compare.Trial) bool { return t.Split != split })
	}
	if got, want := untimed(t, of(second, 1)), untimed(t, of(first, 1)); got != want {
		t.Errorf("trainings must not depend on test rows:\n%s\ngot\n%s", want, got)
	}
	if untimed(t, of(second, 2)) == untimed(t, of(first, 2)) {
		t.Error("trainings of the other split, which learns from these rows, must change")
	}
}

// TestGroupsDoNotLeak plants a column that tells the group, and classes that only who has
// seen the group can know.
func TestGroupsDoNotLeak(t *testing.T) {
	class := rand.New(rand.NewPCG(5, 6)).Perm(40)
	of := table(t, "person,height,noise,y", 240, func(i int, r *rand.Rand) []any {
		p := i % 40
		return []any{"p", p, " ", 150 + float64(p) + 0.01*r.NormFloat64(), " ", r.NormFloat64(), " ", []string{"ill", "well"}[class[p]%2]}
	})
	errorOf := func(w tabular.Wishes, seed uint64) float64 {
		w.Targets, w.Uses = []string{"y"}, map[string]tabular.Use{"height": tabular.Category}
		if w.Group == "" {
			w.Uses["person"] = tabular.Category
		}
		// Heights name the persons.
		named := &tabular.Table{Names: of.Names, Values: slices.Clone(of.Values)}
		named.Values[1] = of.Values[0]
		s := subject(t, named, w)
		e := run(t, s, compare.Splitting{Folds: 3, Repeats: 1, Seed: seed}, t.TempDir(), compare.Limit{Rounds: 1})
		o, err := e.Evaluate(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return o.Way(string(compare.Without)).Error.Mean
	}
	if leaky := errorOf(tabular.Wishes{}, 1); leaky > 0.1 {
		t.Errorf("without groups the column must give classes away, got an error of %v", leaky)
	}
	if honest := errorOf(tabular.Wishes{Group: "person"}, 1); honest < 0.3 {
		t.Errorf("with groups the column must be of no use, got an error of %v", honest)
	}
}

func TestTimeIsKept(t *testing.T) {
	start := time.Now()
	e := run(t, points(t, 60), compare.Splitting{Folds: 2, Seed: 1}, t.TempDir(), compare.Limit{Until: start.Add(1500 * time.Millisecond)})
	if _, err := e.Evaluate(context.Background()); err != nil && !strings.Contains(err.Error(), "give it more --time") {
		t.Errorf("what there is must be evaluated: %v", err)
	}
	if !e.Fixed && e.Rounds() > 0 {
		t.Error("the number of splits must be decided")
	}
}

func TestCancelKeeps(t *testing.T) {
	dir := t.TempDir()
	e, err := compare.New(points(t, 60), compare.Splitting{Folds: 2, Repeats: 1, Seed: 1}, short, &compare.Store{Dir: dir}, 1)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	err = e.Run(ctx, compare.Limit{Rounds: 5}, func(p compare.Progress) {
		if p.Round == 0 && p.Done == 7 {
			cancel()
		}
	})
	if err == nil || ctx.Err() == nil {
		t.Errorf("must end by the cancellation, got %v", err)
	}
	trials, err := (&compare.Store{Dir: dir}).Trials()
	if err != nil || len(trials) < 7 {
		t.Errorf("at least 7 trials must be kept, got %d and %v", len(trials), err)
	}
}

func TestCorrected(t *testing.T) {
	// Nadeau and Bengio: the variance is (1/J + n2/n1) times that of the differences.
	x := []float64{1, 2, 4, 7}
	e := compare.Corrected(x, 0.25)
	variance := ((1-3.5)*(1-3.5) + (2-3.5)*(2-3.5) + (4-3.5)*(4-3.5) + (7-3.5)*(7-3.5)) / 3
	if want := math.Sqrt((1.0/4 + 0.25) * variance); math.Abs(e.StdErr-want) > 1e-12 || e.Mean != 3.5 {
		t.Errorf("must be 3.5 ± %v, got %v ± %v", want, e.Mean, e.StdErr)
	}
}

func TestProposalsArePaired(t *testing.T) {
	space := points(t, 60).Space()
	for round := range 5 {
		a, b := space.Propose(1, 2, round, compare.Without, nil), space.Propose(1, 2, round, compare.With, nil)
		if a.HiddenP != 0 || a.InputP != 0 || !(b.HiddenP > 0) {
			t.Errorf("rates must be 0 without and positive with, got %+v and %+v", a, b)
		}
		b.HiddenP, b.InputP = 0, 0
		if fmt.Sprint(a) != fmt.Sprint(b) {
			t.Errorf("the other settings must be the same, got %+v and %+v", a, b)
		}
	}
	earlier := []compare.Trial{{Score: 2, Settings: compare.Settings{Hidden: []int{7}, LR: 0.001, HiddenP: 0.3}}, {Score: 1, Settings: compare.Settings{Hidden: []int{9}, LR: 0.005, WeightDecay: 0.001, HiddenP: 0.5}}}
	near := 0
	for seed := range uint64(20) {
		if s := space.Propose(seed, 1, 7, compare.With, earlier); s.Hidden[0] == 9 {
			near++
		}
	}
	if near < 10 {
		t.Errorf("most later proposals must be near the best, got %d of 20", near)
	}
}
