package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/variant"
	"github.com/gorgonia-dropout/dropout/training"
)

// variantResults are results of three seeds in which dropout has 100 errors of
// 1000 on each set, and a method as many more as given, give or take one.
func variantResults(more map[string]int) *results {
	r := &results{study: variantsStudy, budget: variantsStudy.budgets["tiny"], arms: variantsStudy.arms(budget{}), workers: 1}
	for seed := range uint64(3) {
		for _, a := range r.arms {
			wrong := 100
			if a.Variant.Method != variant.Ordinary {
				wrong += more[a.Name] + int(seed) - 1
			}
			m := &training.Metrics{Examples: 1000, Correct: 1000 - wrong, NLL: 0.5}
			rec := record{
				Trial: trial{Arm: a, Seed: seed}, History: &training.History{Train: m, Test: m, Steps: 7},
				Extra: map[string][]float64{updateExtra: {0.004 - 0.001*float64(seed)}},
			}
			if a.Variant.Method == variant.Variational || a.Variant.Method == variant.Targeted {
				rec.Extra[sparsityExtra], rec.Extra[prunedErrorExtra] = []float64{80}, []float64{11}
			}
			if a.Variant.Set == variant.Transformer {
				rec.Extra[sparsityExtra], rec.Extra[prunedErrorExtra] = []float64{50}, []float64{20}
			}
			r.records = append(r.records, rec)
		}
	}
	return r
}

// A finding rests on the interval of the paired difference.
func TestVariantSummary(t *testing.T) {
	s, err := variantSummary(variantResults(map[string]int{"MNIST, none": 20, "MNIST, Gaussian": -20, "opticks, R-Drop": -20, "opticks, early": 2, "opticks with a Transformer, LayerDrop": -30}))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(s.findings, "\n")
	for _, want := range []string{
		"On MNIST the 95 % interval of the difference to Dropout, paired over 2 seeds, is below 0 for Gaussian (-2.25 to -1.75); above 0 for none (+1.75 to +2.25); the data do not tell Alpha with SELU, ",
		"On opticks the 95 % interval of the difference to Dropout, paired over 2 seeds, is below 0 for R-Drop (-2.25 to -1.75); above 0 for no method; the data do not tell none, Gaussian, ",
		"Superfluous for targeted: 80.00 ± 0.00 % of the weights from hidden units on MNIST, ",
		"Superfluous for variational (ARD): 80.00 ± 0.00 % of the weights from hidden units on MNIST, and without these the test error is 11.00 ± 0.00 instead of 10.00 ± 0.06 %; ",
		fmt.Sprintf("The first two tables have %d intervals each", len(variant.SetNamed(variant.MNIST).Methods)-1),
		"On opticks with a Transformer the 95 % interval of the difference to Dropout, paired over 2 seeds, is below 0 for LayerDrop (-3.25 to -2.75); ",
		"is with none 20.00 ± 0.00 instead of 10.00 ± 0.06; with Dropout 20.00 ± 0.00 instead of 10.00 ± 0.00; ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("findings must have %q, got\n%s", want, text)
		}
	}
	var table bytes.Buffer
	s.tables[1].Write(&table)
	for _, want := range []string{
		"| opticks, Dropout | 10.00 ± 0.00 | – | – | 0.5000 ± 0.0000 | 10.00 ± 0.00 | 7 | 2.00 | – | – |",
		"| opticks, R-Drop | 8.00 ± 0.06 | -2.00 | -2.25 to -1.75 |",
		"| opticks, variational (ARD) | 10.00 ± 0.06 | +0.00 | -0.25 to +0.25 | 0.5000 ± 0.0000 | 10.00 ± 0.06 | 7 | 2.00 | 80.00 ± 0.00 | 11.00 ± 0.00 |",
	} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("table must have %q, got\n%s", want, table.String())
		}
	}
	if len(s.figures) != 3 || s.figures[0].name != "variants-1" || s.figures[2].name != "variants-3" {
		t.Errorf("want a figure of each set, got %+v", s.figures)
	}
}

// A record without the time of an update is of another version.
func TestVariantSummaryRejects(t *testing.T) {
	r := variantResults(nil)
	for i := range r.records {
		r.records[i].Extra = nil
	}
	if _, err := variantSummary(r); err == nil || !strings.Contains(err.Error(), "MNIST, none: every record must have the time of an update") {
		t.Errorf("got %v", err)
	}
}

// With --tune the page has the settings of the best validation error, and says how
// they were chosen; rows can be trained by themselves, with their own trials alone.
func TestVariantsTuned(t *testing.T) {
	var log bytes.Buffer
	l := tinyRun(t, variantsStudy, &log)
	l.tune, l.rows = true, []string{"MNIST, none", "opticks, Concrete"}
	var out bytes.Buffer
	if err := l.run(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| MNIST, none | – |", "| opticks, Concrete | – |", "Networks trained on: ", "| arm | paper, % | test error, % | test NLL |"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the rows must be shown, with %q, got\n%s", want, out.String())
		}
	}
	if tried, all := strings.Count(log.String(), "on validation"), strings.Count(log.String(), "\n"); tried != 2*2 || all != 2*2+2*2 {
		t.Errorf("want 2 trials and 2 seeds of 2 rows, got %d of %d in\n%s", tried, all, log.String())
	}
	for _, rec := range l.records.All() {
		each, result := rec.Extra[updateExtra], rec.Trial.Held == 0
		if result != (len(each) == 1) || result && !(each[0] > 0 && each[0] <= rec.Time.Seconds()) {
			t.Errorf("results must have the time of an update, got %v of %v in %+v", each, rec.Time, rec.Trial)
		}
	}
	if _, err := os.Stat(filepath.Join(l.dir, "variants.md")); err == nil {
		t.Error("some rows make no page")
	}
	r := variantResults(nil)
	r.budget.Trials = 2
	for _, correct := range []int{60, 40} {
		m := &training.Metrics{Examples: 100, Correct: correct}
		r.tuned = append(r.tuned, record{Trial: trial{Arm: r.arms[0], Held: 100, Seed: tuneSeed}, History: &training.History{Train: m, Test: m}})
	}
	var table bytes.Buffer
	r.settingsTable().Write(&table)
	if want := "| MNIST, none | – | – | – | 0.00158 | 0.0224 | 40.00 |"; !strings.Contains(table.String(), want) {
		t.Errorf("table must have %q, got\n%s", want, table.String())
	}
	if text := r.variantTraining(); !strings.Contains(text, "of 2 settings of a Latin hypercube in the spaces of rate 0.0005 to 0.005 (log), decay 0.001 to 0.5 (log)") ||
		!strings.Contains(text, "judged on 100 held-out images or characters") {
		t.Errorf("got %q", text)
	}
}

// A method is compared with dropout that has one seed as well: without an interval.
func TestVariantSummaryOfOneSeed(t *testing.T) {
	r := variantResults(nil)
	r.records, r.budget.Seeds = r.records[:len(r.arms)], 1
	s, err := variantSummary(r)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	for _, table := range s.tables {
		table.Write(&text)
	}
	fmt.Fprintln(&text, s.findings)
	if strings.Contains(text.String(), "NaN") || !strings.Contains(text.String(), "below 0 for no method; above 0 for no method") {
		t.Errorf("got\n%s", text.String())
	}
}

func TestLowestTenth(t *testing.T) {
	for _, tt := range []struct {
		x    []float64
		want float64
	}{
		{[]float64{3}, 3},
		{[]float64{5, 4, 3, 2, 1}, 1},
		{[]float64{20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, 2},
	} {
		if got := lowestTenth(tt.x); got != tt.want {
			t.Errorf("%v: want %v, got %v", tt.x, tt.want, got)
		}
	}
}
