package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

func TestWriteTable(t *testing.T) {
	for _, tt := range []struct {
		name    string
		results []experiment.Result
		want    string
	}{
		{"three seeds", runs(), `
                        train error       test error             test NLL   generalization gap
   without dropout    0.03 ± 0.03 %    7.23 ± 0.15 %      0.2893 ± 0.0058        7.20 ± 0.12 %
      with dropout    1.40 ± 0.06 %    6.10 ± 0.15 %      0.2440 ± 0.0061        4.70 ± 0.10 %
        difference            +1.37            -1.13              -0.0453                -2.50
     95 % interval   +1.22 to +1.51   -1.28 to -0.99   -0.0511 to -0.0396       -2.75 to -2.25
`},
		{"one seed with both arms", append(runs()[:2], run(without, 9, 1, 0, 1), run("other", 1, 1, 0, 0)), `
                       train error      test error        test NLL   generalization gap
   without dropout          0.00 %          7.20 %          0.2880               7.20 %
      with dropout          1.40 %          6.00 %          0.2400               4.60 %
        difference           +1.40           -1.20         -0.0480                -2.60
     95 % interval   needs 2 seeds   needs 2 seeds   needs 2 seeds        needs 2 seeds
`},
	} {
		var b strings.Builder
		b.WriteByte('\n')
		if err := comparison(tt.results).WriteTable(&b); err != nil || b.String() != tt.want {
			t.Errorf("%s: %v, got:%swant:%s", tt.name, err, b.String(), tt.want)
		}
	}
	wantError(t, comparison(runs()).WriteTable(failing{}), "disk full")
	wantError(t, comparison(nil).WriteTable(failing{}), `report: WriteTable: must have a seed that "without dropout" and "with dropout" have both finished, got none`)
}

func TestWriteTableOfNaN(t *testing.T) {
	results := runs()
	results[0].History.Test.NLL = math.NaN()
	var b strings.Builder
	if err := comparison(results).WriteTable(&b); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); !strings.Contains(got, "NaN to NaN") || strings.Contains(got, "+NaN") || strings.Contains(got, "needs") {
		t.Errorf("NaN must be shown as it is, got:\n%s", got)
	}
}

// A run that is there twice, as after a restart, counts once; an arm compared
// with itself is no pair of runs of two arms.
func TestRepeatedRuns(t *testing.T) {
	unfinished := run(without, 2, 1, 0, 0)
	unfinished.History.Test = nil
	again := append([]experiment.Result{unfinished}, append(runs(), run(without, 1, 1, 0, 900), unfinished)...)
	var once, twice strings.Builder
	if err := errors.Join(comparison(runs()).WriteTable(&once), comparison(again).WriteTable(&twice)); err != nil || once.String() != twice.String() {
		t.Errorf("%v, want\n%s got\n%s", err, once.String(), twice.String())
	}
	f, err := comparison(again).SeedErrors()
	check(t, f, err, "Test error of 3 seeds: mean 7.23 %")
	same := report.Comparison{Results: runs(), Without: with, With: with}
	_, err = same.SeedErrors()
	wantError(t, err, `arms must be two different ones, got "with dropout" twice`)
}

func TestFinding(t *testing.T) {
	pair := func(seed uint64, before, after int) []experiment.Result {
		return []experiment.Result{run(without, seed, 1, 0, before), run(with, seed, 1, 0, after)}
	}
	unfinished, empty := runs(), runs()
	unfinished[4].History.Test, unfinished[1].History = nil, nil
	empty[0].History.Test = &training.Metrics{}
	for _, tt := range []struct {
		results []experiment.Result
		want    string
	}{
		{nil, "There is nothing to compare yet: no seed has finished both arms."},
		{unfinished, "With dropout the test error went from 7.50 % to 6.40 %, a change of -1.10 percentage points; one seed says nothing about the noise."},
		{empty, "The test error of some run is not a number: there is nothing to compare."},
		{runs(), "Dropout lowered the test error from 7.23 % to 6.10 %, a change of -1.13 percentage points " +
			"(95 % confidence interval -1.28 to -0.99, 3 seeds)."},
		{append(pair(1, 50, 70), pair(2, 52, 71)...), "Dropout raised the test error from 5.10 % to 7.05 %, a change of +1.95 percentage points " +
			"(95 % confidence interval +1.31 to +2.59, 2 seeds)."},
		{append(pair(1, 50, 70), pair(2, 70, 52)...), "With dropout the test error went from 6.00 % to 6.10 %, a change of +0.10 percentage points " +
			"(95 % confidence interval -24.04 to +24.24, 2 seeds): no difference that these seeds can tell from noise."},
		{pair(1, 50, 40), "With dropout the test error went from 5.00 % to 4.00 %, a change of -1.00 percentage points; one seed says nothing about the noise."},
	} {
		if got := comparison(tt.results).Finding(); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

func TestWriteCSV(t *testing.T) {
	var b strings.Builder
	if err := report.WriteCSV(&b, runs()[:2]); err != nil {
		t.Fatal(err)
	}
	want := "arm,seed,steps,seconds,train_error,train_nll,test_error,test_nll\n" +
		"without dropout,1,120,1.5,0,0,0.072,0.288\n" +
		"with dropout,1,120,1.5,0.014,0.056,0.06,0.24\n"
	if b.String() != want {
		t.Errorf("got:\n%swant:\n%s", b.String(), want)
	}
	unfinished := runs()
	unfinished[1].History.Test = nil
	wantError(t, report.WriteCSV(&b, unfinished), "report: WriteCSV: run of with dropout with seed 1 must be finished, got no final metrics")
	wantError(t, report.WriteCSV(&b, []experiment.Result{{Arm: "a", Seed: 3}}), "report: WriteCSV: run of a with seed 3 must be finished")
	wantError(t, report.WriteCSV(failing{}, runs()), "report: WriteCSV: disk full")
}

func TestWriteCSVQuotes(t *testing.T) {
	var b strings.Builder
	if err := report.WriteCSV(&b, []experiment.Result{run(`p = 0,5 "half"`, 1, 1, 0, 1)}); err != nil || !strings.Contains(b.String(), `"p = 0,5 ""half""",1,`) {
		t.Errorf("commas and quotes must be quoted, got %v:\n%s", err, b.String())
	}
}

func TestWriteJSON(t *testing.T) {
	var b bytes.Buffer
	if err := report.WriteJSON(&b, runs()); err != nil {
		t.Fatal(err)
	}
	var back []experiment.Result
	if err := json.Unmarshal(b.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if len(back) != 6 || len(back[0].History.Epochs) != 12 || !reflect.DeepEqual(*back[5].History.Epochs[3].Validation, *runs()[5].History.Epochs[3].Validation) {
		t.Errorf("results must come back whole, got %+v", back)
	}
	wantError(t, report.WriteJSON(failing{}, runs()), "report: WriteJSON: disk full")
}

func TestWriteJSONOfNaN(t *testing.T) {
	results := runs()
	results[1].History.Epochs[2].Loss = math.NaN()
	var b bytes.Buffer
	wantError(t, report.WriteJSON(&b, results), "report: WriteJSON: run of with dropout with seed 1: json: unsupported value: NaN")
	if b.Len() > 0 {
		t.Errorf("want nothing written, got %d bytes", b.Len())
	}
}

func ExampleComparison_Finding() {
	c := report.Comparison{Results: runs(), Without: without, With: with}
	os.Stdout.WriteString(c.Finding() + "\n")
	// Output:
	// Dropout lowered the test error from 7.23 % to 6.10 %, a change of -1.13 percentage points (95 % confidence interval -1.28 to -0.99, 3 seeds).
}

func ExampleWriteCSV() {
	if err := report.WriteCSV(os.Stdout, runs()[:2]); err != nil {
		panic(err)
	}
	// Output:
	// arm,seed,steps,seconds,train_error,train_nll,test_error,test_nll
	// without dropout,1,120,1.5,0,0,0.072,0.288
	// with dropout,1,120,1.5,0.014,0.056,0.06,0.24
}
