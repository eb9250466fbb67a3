package tabular

import (
	"cmp"
	"math"
	"slices"

	"github.com/pkg/errors"
	"gonum.org/v1/gonum/stat"
)

const (
	maxLevels  = 256 // of a category; the commonest ones
	rareLevel  = 2   // a level with fewer rows than this is among the others
	bigRare    = 5   // the same where there are many rows
	manyRows   = 2000
	maxOutputs = 1 << 16
)

// An Encoder turns rows into the inputs of a network: what [Fit] has learned from the rows
// that it was given.
type Encoder struct {
	Plan     *Plan     `json:"plan"`
	Features []Feature `json:"features"` // of the columns to learn from, in their order
	// TargetMean and TargetStd standardize numbers to predict.
	TargetMean []float64 `json:"target_mean,omitempty"`
	TargetStd  []float64 `json:"target_std,omitempty"`
}

// A Feature is what is learned of a column.
type Feature struct {
	Column
	// From and To are the places of its inputs.
	From int `json:"from"`
	To   int `json:"to"`
	// Median takes the place of missing numbers. Where Indicator is true, an input of its
	// own says that the number was missing.
	Median    float64 `json:"median,omitempty"`
	Indicator bool    `json:"indicator,omitempty"`
	// Mean and Std standardize each number of the column: one, or several of a date.
	Mean []float64 `json:"mean,omitempty"`
	Std  []float64 `json:"std,omitempty"`
	// Levels are those of a category, each with an input. Others says that there is one
	// more for rare levels, and MissingLevel one for missing values.
	Levels       []string `json:"levels,omitempty"`
	Others       bool     `json:"others,omitempty"`
	MissingLevel bool     `json:"missing_level,omitempty"`
}

// Width returns the number of inputs of the column.
func (f *Feature) Width() int { return f.To - f.From }

// Fit learns what it takes to encode rows from the given rows of a table, and from no
// others. It is an error if the plan does not fit the table, or if there are no rows.
func Fit(p *Plan, t *Table, rows []int) (*Encoder, error) {
	if err := p.Check(t); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errors.New("tabular: Fit: must have at least one row, got none")
	}
	e := &Encoder{Plan: p}
	at := 0
	for _, c := range p.Features() {
		i, err := t.Column(c.Name)
		if err != nil {
			return nil, err
		}
		f := Feature{Column: c, From: at}
		at += f.fit(t.Values[i], rows)
		f.To = at
		e.Features = append(e.Features, f)
	}
	if at == 0 || at > maxOutputs {
		return nil, errors.Errorf("tabular: Fit: columns must have 1 to %d inputs, got %d", maxOutputs, at)
	}
	if p.Task == Numbers {
		if err := e.fitTargets(t, rows); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// Inputs returns the number of inputs of an example.
func (e *Encoder) Inputs() int { return e.Features[len(e.Features)-1].To }

// Outputs returns the number of classes, or of numbers or labels to predict.
func (e *Encoder) Outputs() int {
	if e.Plan.Task == Classes {
		return len(e.Plan.ClassNames)
	}
	return len(e.Plan.Targets())
}

// fit returns the number of inputs.
func (f *Feature) fit(values []string, rows []int) int {
	if f.Use == Category || f.Use == Embedding {
		return f.fitLevels(values, rows)
	}
	n := f.numbers()
	columns := make([][]float64, n)
	missing := 0
	x := make([]float64, n)
	for _, r := range rows {
		if !f.read(values[r], x) {
			missing++
			continue
		}
		for k, v := range x {
			columns[k] = append(columns[k], v)
		}
	}
	if len(columns[0]) > 0 && n == 1 {
		slices.Sort(columns[0])
		x := columns[0]
		f.Median = (x[(len(x)-1)/2] + x[len(x)/2]) / 2
	}
	f.Mean, f.Std = make([]float64, n), make([]float64, n)
	for k, c := range columns {
		f.Mean[k], f.Std[k] = meanStd(c)
	}
	if f.Indicator = missing > 0; f.Indicator {
		return n + 1
	}
	return n
}

// meanStd returns the mean and the standard deviation of numbers, 0 and 1 of none, and 1 in
// place of a deviation of 0.
func meanStd(x []float64) (mean, std float64) {
	if len(x) == 0 {
		return 0, 1
	}
	mean, std = stat.PopMeanStdDev(x, nil)
	// Rounding seldom leaves a deviation of exactly 0.
	if !(std > 1e-12*math.Abs(mean)) || slices.Min(x) == slices.Max(x) {
		std = 1
	}
	return mean, std
}

func (f *Feature) fitLevels(values []string, rows []int) int {
	count := make(map[string]int)
	for _, r := range rows {
		if isMissing(values[r]) {
			f.MissingLevel = true
			continue
		}
		count[folded(values[r])]++
	}
	least := rareLevel
	if len(rows) >= manyRows {
		least = bigRare
	}
	for v, n := range count {
		if n >= least {
			f.Levels = append(f.Levels, v)
		}
	}
	slices.SortFunc(f.Levels, func(a, b string) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b))
	})
	if len(f.Levels) > maxLevels {
		f.Levels = f.Levels[:maxLevels]
	}
	slices.Sort(f.Levels)
	f.Others = len(f.Levels) < len(count)
	n := len(f.Levels)
	if f.Others {
		n++
	}
	if f.MissingLevel {
		n++
	}
	return n
}

func (e *Encoder) fitTargets(t *Table, rows []int) error {
	for _, c := range e.Plan.Columns {
		if c.Use != Target {
			continue
		}
		i, err := t.Column(c.Name)
		if err != nil {
			return err
		}
		var x []float64
		for _, r := range rows {
			if v, ok := c.number(t.Values[i][r]); ok {
				x = append(x, v)
			}
		}
		mean, std := meanStd(x)
		e.TargetMean, e.TargetStd = append(e.TargetMean, mean), append(e.TargetStd, std)
	}
	return nil
}

// Restore brings standardized numbers to predict, those of one example after those of
// another, back to their own units, in place.
func (e *Encoder) Restore(values []float64) error {
	n := len(e.TargetMean)
	if n == 0 || len(values)%n != 0 {
		return errors.Errorf("tabular: Encoder: Restore: must have %d values for each example, got %d", n, len(values))
	}
	for i, v := range values {
		values[i] = v*e.TargetStd[i%n] + e.TargetMean[i%n]
	}
	return nil
}

// Check returns an error unless the encoder, read from a file, is one that Fit may have
// returned.
func (e *Encoder) Check() error {
	if e.Plan == nil || len(e.Features) == 0 {
		return errors.New("tabular: Encoder: must have a plan and features, got none")
	}
	at := 0
	for i := range e.Features {
		f := &e.Features[i]
		n := f.numbers()
		if f.Use == Category || f.Use == Embedding {
			n = len(f.Levels)
			if f.Others {
				n++
			}
			if f.MissingLevel {
				n++
			}
		} else if len(f.Mean) != n || len(f.Std) != n {
			return errors.Errorf("tabular: Encoder: column %s must have %d means and deviations, got %d and %d", quoted(f.Name), n, len(f.Mean), len(f.Std))
		} else if f.Indicator {
			n++
		}
		if f.From != at || f.To != at+n {
			return errors.Errorf("tabular: Encoder: column %s must have the inputs %d to %d, got %d to %d", quoted(f.Name), at, at+n, f.From, f.To)
		}
		at = f.To
	}
	if targets := len(e.Plan.Targets()); e.Plan.Task == Numbers && (len(e.TargetMean) != targets || len(e.TargetStd) != targets) {
		return errors.Errorf("tabular: Encoder: must have means and deviations of %d targets, got %d and %d", targets, len(e.TargetMean), len(e.TargetStd))
	}
	return nil
}
