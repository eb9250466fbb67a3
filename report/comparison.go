// Package report presents the results of experiments: as tables, figures and
// pages for people, as CSV and JSON for programs.
//
//	results, err := experiment.Run(ctx, arms, seeds, 2, nil)
//	...
//	page := report.Page{
//		Title:      "Dropout on MNIST",
//		Comparison: &report.Comparison{Results: results, Without: "without dropout", With: "with dropout"},
//	}
//	err = page.WriteHTML(file)
//
// A [Comparison] has the table and the finding, [ErrorCurves], [Calibration]
// and others return a [Figure], and a [Page] puts all of it into one HTML file.
// Output is a function of its input: the same results give the same bytes.
package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// Level is the confidence level of the intervals in reports.
const Level = 0.95

// A Comparison compares two arms of an experiment over the same seeds.
type Comparison struct {
	Results []experiment.Result
	Without string // the arm to compare with, such as "without dropout"
	With    string // the arm compared with it
}

// measures are the columns of the table.
var measures = []experiment.Measure{experiment.TrainError, experiment.TestError, experiment.TestNLL, experiment.Gap}

// pairs returns the runs to compare: for each seed that both arms have
// finished, the first run of each arm. It is an error if there are none.
func (c Comparison) pairs() ([]experiment.Result, error) {
	if c.With == c.Without {
		return nil, errors.Errorf("arms must be two different ones, got %q twice", c.With)
	}
	pairs := experiment.Pairs(c.Results, c.Without, c.With)
	if len(pairs) == 0 {
		return nil, errors.Errorf("must have a seed that %q and %q have both finished, got none", c.Without, c.With)
	}
	return pairs, nil
}

// WriteTable writes the mean of each measure for both arms with its standard
// error, and the paired difference with its confidence interval of [Level],
// over the seeds that both arms have finished. It is an error if there are
// none.
func (c Comparison) WriteTable(w io.Writer) error {
	rows, err := c.rows()
	if err != nil {
		return errors.WithMessage(err, "report: WriteTable")
	}
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', tabwriter.AlignRight)
	for _, row := range rows {
		for _, cell := range row {
			fmt.Fprint(t, cell, "\t")
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}

// rows returns the table; the first row and column are names.
func (c Comparison) rows() ([][]string, error) {
	pairs, err := c.pairs()
	if err != nil {
		return nil, err
	}
	row := func(name string, cell func(experiment.Measure) string) []string {
		cells := []string{name}
		for _, m := range measures {
			cells = append(cells, cell(m))
		}
		return cells
	}
	difference := func(m experiment.Measure) experiment.Estimate {
		return experiment.Difference(pairs, c.With, c.Without, m)
	}
	return [][]string{
		row("", func(m experiment.Measure) string { return m.Name }),
		row(c.Without, func(m experiment.Measure) string { return plusMinus(experiment.Mean(pairs, c.Without, m), m) }),
		row(c.With, func(m experiment.Measure) string { return plusMinus(experiment.Mean(pairs, c.With, m), m) }),
		row("difference", func(m experiment.Measure) string { return number(difference(m).Mean, m, "%+.*f") }),
		row(fmt.Sprintf("%.0f %% interval", 100*Level), func(m experiment.Measure) string {
			d := difference(m)
			if d.N < 2 {
				return "needs 2 seeds"
			}
			low, high := d.Interval(Level)
			return number(low, m, "%+.*f") + " to " + number(high, m, "%+.*f")
		}),
	}, nil
}

// A resultRow is a measure of both arms on a page. Its cells are in parts that
// stay on one line.
type resultRow struct {
	Name  string
	Main  bool
	Cells [][]string
}

// results returns the columns and rows of the table on a page. It has a row for
// each measure, the test error first, so that a phone has room for it.
func (c Comparison) results(pairs []experiment.Result) (head []string, rows []resultRow) {
	head = []string{c.Without, c.With, fmt.Sprintf("difference, %.0f %% interval", 100*Level)}
	for _, m := range []experiment.Measure{experiment.TestError, experiment.TrainError, experiment.Gap, experiment.TestNLL} {
		row := resultRow{Name: m.Name, Main: len(rows) == 0}
		for _, arm := range head[:2] {
			mean, err, both := strings.Cut(plusMinus(experiment.Mean(pairs, arm, m), m), " ± ")
			if row.Cells = append(row.Cells, []string{mean}); both {
				row.Cells[len(row.Cells)-1] = []string{mean, "± " + err}
			}
		}
		d := experiment.Difference(pairs, c.With, c.Without, m)
		change := []string{number(d.Mean, m, "%+.*f")}
		if d.N < 2 {
			change = append(change, "(needs 2 seeds)")
		} else {
			low, high := d.Interval(Level)
			change = append(change, "("+number(low, m, "%+.*f"), "to "+number(high, m, "%+.*f")+")")
		}
		row.Cells = append(row.Cells, change)
		rows = append(rows, row)
	}
	return head, rows
}

// Finding returns one sentence that says what the comparison found, over the
// seeds that both arms have finished.
func (c Comparison) Finding() string {
	pairs, err := c.pairs()
	if err != nil {
		return "There is nothing to compare yet: no seed has finished both arms."
	}
	d := experiment.Difference(pairs, c.With, c.Without, experiment.TestError)
	before := experiment.Mean(pairs, c.Without, experiment.TestError).Mean
	after := experiment.Mean(pairs, c.With, experiment.TestError).Mean
	if !finite(d.Mean) {
		return "The test error of some run is not a number: there is nothing to compare."
	}
	low, high := d.Interval(Level)
	change := fmt.Sprintf("from %.2f %% to %.2f %%, a change of %+.2f percentage points", 100*before, 100*after, 100*d.Mean)
	if d.N < 2 {
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
	if math.IsNaN(x) {
		return "NaN" // has no sign
	}
	if m.Percent {
		return fmt.Sprintf(format, 2, 100*x)
	}
	return fmt.Sprintf(format, 4, x)
}

// WriteCSV writes a line for each run: arm, seed and the measures as fractions.
// A run that is not finished is an error.
func WriteCSV(w io.Writer, results []experiment.Result) error {
	out := csv.NewWriter(w)
	out.Write([]string{"arm", "seed", "steps", "seconds", "train_error", "train_nll", "test_error", "test_nll"})
	for _, r := range results {
		if !r.Finished() {
			return errors.Errorf("report: WriteCSV: run of %s with seed %d must be finished, got no final metrics", r.Arm, r.Seed)
		}
		h := r.History
		f := func(x float64) string { return strconv.FormatFloat(x, 'g', 8, 64) }
		out.Write([]string{
			r.Arm, strconv.FormatUint(r.Seed, 10), strconv.FormatInt(h.Steps, 10), f(h.Time.Seconds()),
			f(h.Train.Error()), f(h.Train.NLL), f(h.Test.Error()), f(h.Test.NLL),
		})
	}
	out.Flush()
	return errors.Wrap(out.Error(), "report: WriteCSV")
}

// WriteJSON writes the results with their whole histories. It is an error if a
// run has NaN or an infinity, which JSON cannot represent.
func WriteJSON(w io.Writer, results []experiment.Result) error {
	for _, r := range results {
		if _, err := json.Marshal(r); err != nil {
			return errors.Wrapf(err, "report: WriteJSON: run of %s with seed %d", r.Arm, r.Seed)
		}
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return errors.Wrap(e.Encode(results), "report: WriteJSON")
}
