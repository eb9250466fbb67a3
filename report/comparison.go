// Package report writes what experiments found: as tables for people, as CSV
// and JSON for machines.
package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"text/tabwriter"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// Level is the confidence level of the intervals in reports.
const Level = 0.95

// A Comparison is two arms of an experiment over the same seeds.
type Comparison struct {
	Results []experiment.Result
	Without string // the arm to compare with, such as "without dropout"
	With    string // the arm in question
}

// measures are the columns of the table.
var measures = []experiment.Measure{experiment.TrainError, experiment.TestError, experiment.TestNLL, experiment.Gap}

// WriteTable writes the mean of each measure for both arms with its standard
// error, and the paired difference with its confidence interval.
func (c Comparison) WriteTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', tabwriter.AlignRight)
	row := func(name string, cell func(experiment.Measure) string) {
		fmt.Fprint(t, name, "\t")
		for _, m := range measures {
			fmt.Fprint(t, cell(m), "\t")
		}
		fmt.Fprintln(t)
	}
	row("", func(m experiment.Measure) string { return m.Name })
	for _, arm := range []string{c.Without, c.With} {
		row(arm, func(m experiment.Measure) string { return plusMinus(experiment.Mean(c.Results, arm, m), m) })
	}
	row("difference", func(m experiment.Measure) string {
		return number(experiment.Difference(c.Results, c.With, c.Without, m).Mean, m, "%+.*f")
	})
	row(fmt.Sprintf("%.0f %% interval", 100*Level), func(m experiment.Measure) string {
		low, high := experiment.Difference(c.Results, c.With, c.Without, m).Interval(Level)
		if math.IsNaN(low) {
			return "needs 2 seeds"
		}
		return number(low, m, "%+.*f") + " to " + number(high, m, "%+.*f")
	})
	return t.Flush()
}

// Finding says in one sentence what the comparison found.
func (c Comparison) Finding() string {
	d := experiment.Difference(c.Results, c.With, c.Without, experiment.TestError)
	before := experiment.Mean(c.Results, c.Without, experiment.TestError).Mean
	after := experiment.Mean(c.Results, c.With, experiment.TestError).Mean
	low, high := d.Interval(Level)
	change := fmt.Sprintf("from %.2f %% to %.2f %%, a change of %+.2f percentage points", 100*before, 100*after, 100*d.Mean)
	if math.IsNaN(low) {
		return fmt.Sprintf("With dropout the test error went %s; one seed says nothing about the noise.", change)
	}
	change += fmt.Sprintf(" (%.0f %% confidence interval %+.2f to %+.2f, %d seeds)", 100*Level, 100*low, 100*high, d.N)
	switch {
	case high < 0:
		return fmt.Sprintf("Dropout lowered the test error %s.", change)
	case low > 0:
		return fmt.Sprintf("Dropout raised the test error %s.", change)
	}
	return fmt.Sprintf("With dropout the test error went %s: no difference that these seeds can tell from noise.", change)
}

func plusMinus(e experiment.Estimate, m experiment.Measure) string {
	s := number(e.Mean, m, "%.*f")
	if !math.IsNaN(e.StdErr) {
		s += " ± " + number(e.StdErr, m, "%.*f")
	}
	if m.Percent {
		s += " %"
	}
	return s
}

func number(x float64, m experiment.Measure, format string) string {
	if m.Percent {
		return fmt.Sprintf(format, 2, 100*x)
	}
	return fmt.Sprintf(format, 4, x)
}

// WriteCSV writes one line for each run: arm, seed and the measures as
// fractions.
func WriteCSV(w io.Writer, results []experiment.Result) error {
	out := csv.NewWriter(w)
	out.Write([]string{"arm", "seed", "steps", "seconds", "train_error", "train_nll", "test_error", "test_nll"})
	for _, r := range results {
		h := r.History
		if h.Train == nil || h.Test == nil {
			return errors.Errorf("report: WriteCSV: run of %s with seed %d must be finished, got no final metrics", r.Arm, r.Seed)
		}
		f := func(x float64) string { return strconv.FormatFloat(x, 'g', 8, 64) }
		out.Write([]string{
			r.Arm, strconv.FormatUint(r.Seed, 10), strconv.FormatInt(h.Steps, 10), f(h.Time.Seconds()),
			f(h.Train.Error()), f(h.Train.NLL), f(h.Test.Error()), f(h.Test.NLL),
		})
	}
	out.Flush()
	return errors.Wrap(out.Error(), "report: WriteCSV")
}

// WriteJSON writes the results with their whole histories.
func WriteJSON(w io.Writer, results []experiment.Result) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return errors.Wrap(e.Encode(results), "report: WriteJSON")
}
