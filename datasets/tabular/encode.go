package tabular

import (
	"math"
	"slices"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/training"
)

// partsOfDate is the number of numbers of a date: the days, and sine and cosine of the time
// in the year, in the week and in the day.
const partsOfDate = 7

// numbers returns how many numbers a value of the column has.
func (f *Feature) numbers() int {
	if f.Use == Date {
		return partsOfDate
	}
	return 1
}

// read reads a value into x, and reports whether there is one.
func (f *Feature) read(value string, x []float64) bool {
	if isMissing(value) {
		return false
	}
	switch f.Use {
	case Boolean:
		yes, ok := boolean(value)
		x[0] = 0
		if yes {
			x[0] = 1
		}
		return ok
	case Date:
		at, err := time.Parse(f.Layout, value)
		if err != nil {
			return false
		}
		seconds := float64(at.Hour()*3600 + at.Minute()*60 + at.Second())
		x[0] = float64(at.Unix()) / (24 * 60 * 60)
		x[1], x[2] = math.Sincos(2 * math.Pi * float64(at.YearDay()-1) / 365.25)
		x[3], x[4] = math.Sincos(2 * math.Pi * float64(at.Weekday()) / 7)
		x[5], x[6] = math.Sincos(2 * math.Pi * seconds / (24 * 60 * 60))
		return true
	}
	v, ok := f.number(value)
	x[0] = v
	return ok
}

// Examples returns the given rows as examples. Rows without a target have none: see
// [Plan.Rows].
func (e *Encoder) Examples(t *Table, rows []int) (*training.Examples, error) {
	x, err := e.Encode(t, rows)
	if err != nil {
		return nil, err
	}
	ex := &training.Examples{Shape: []int{e.Inputs()}, X: x}
	targets, err := e.Plan.targets(t)
	if err != nil {
		return nil, err
	}
	if e.Plan.Task == Classes {
		if ex.Y, err = e.Plan.Labels(t, rows); err != nil {
			return nil, err
		}
		return ex, nil
	}
	ex.TargetShape = []int{len(targets)}
	for _, r := range rows {
		for k, i := range targets {
			v, ok := e.Plan.target(t, i, r)
			if !ok {
				return nil, errors.Errorf("tabular: Examples: row %d must have a target, got %s", r+1, quoted(t.Values[i][r]))
			}
			if e.Plan.Task == Numbers {
				v = (v - e.TargetMean[k]) / e.TargetStd[k]
			}
			ex.Targets = append(ex.Targets, float32(v))
		}
	}
	return ex, nil
}

// Standardization returns the mean and the standard deviation by which each input
// is standardized, 0 and 1 for those of categories and of missing values, which
// are not.
func (e *Encoder) Standardization() (mean, std []float32) {
	mean, std = make([]float32, e.Inputs()), slices.Repeat([]float32{1}, e.Inputs())
	for k := range e.Features {
		f := &e.Features[k]
		for i := range f.Mean {
			mean[f.From+i], std[f.From+i] = float32(f.Mean[i]), float32(f.Std[i])
		}
	}
	return mean, std
}

// Encode returns the inputs of the given rows, one after another.
func (e *Encoder) Encode(t *Table, rows []int) ([]float32, error) {
	width := e.Inputs()
	out := make([]float32, width*len(rows))
	for k := range e.Features {
		f := &e.Features[k]
		i, err := t.Column(f.Name)
		if err != nil {
			return nil, err
		}
		places := make(map[string]int)
		for k, v := range f.Levels {
			places[v] = k
		}
		for n, r := range rows {
			f.encode(t.Values[i][r], places, out[n*width+f.From:n*width+f.To])
		}
	}
	return out, nil
}

// encode writes the inputs of a value, given the places of the levels.
func (f *Feature) encode(value string, places map[string]int, to []float32) {
	if f.Use == Category || f.Use == Embedding {
		if k := f.level(value, places); k >= 0 {
			to[k] = 1
		}
		return
	}
	var memory [partsOfDate]float64
	x := memory[:f.numbers()]
	ok := f.read(value, x)
	if f.Indicator {
		to[len(x)] = 0
		if !ok {
			to[len(x)] = 1
		}
	}
	for k := range x {
		switch {
		case !ok && len(x) > 1:
			to[k] = 0 // the mean
			continue
		case !ok:
			x[k] = f.Median
		}
		to[k] = float32((x[k] - f.Mean[k]) / f.Std[k])
	}
}

// level returns the input of a level, -1 for none.
func (f *Feature) level(value string, places map[string]int) int {
	if isMissing(value) {
		if !f.MissingLevel {
			return -1
		}
		return f.Width() - 1
	}
	if k, ok := places[folded(value)]; ok {
		return k
	}
	if f.Others {
		return len(f.Levels)
	}
	return -1
}
