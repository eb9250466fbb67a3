package tabular

import (
	"fmt"

	"github.com/pkg/errors"
)

// Fits returns an error unless the encoder can read the table: it has each column to learn
// from, and nearly all values that are there are of its kind. It returns notes of what is
// less than it could be, such as levels that were not there to learn from.
func (e *Encoder) Fits(t *Table) ([]string, error) {
	var absent []string
	for _, f := range e.Features {
		if _, err := t.Column(f.Name); err != nil {
			absent = append(absent, f.Name)
		}
	}
	if len(absent) > 0 {
		return nil, errors.Errorf("tabular: table must have the %s %s, and has %s", plural(len(absent), "column", "columns"), listed(absent), listed(t.Names))
	}
	var notes []string
	for i := range e.Features {
		f := &e.Features[i]
		k, err := t.Column(f.Name)
		if err != nil {
			return nil, err
		}
		note, err := f.fits(t.Values[k])
		if err != nil {
			return nil, err
		}
		if note != "" {
			notes = append(notes, note)
		}
	}
	return notes, nil
}

func (f *Feature) fits(values []string) (note string, err error) {
	levels := f.Use == Category || f.Use == Embedding
	places := make(map[string]int)
	for k, v := range f.Levels {
		places[v] = k
	}
	present, odd, first := 0, 0, -1
	var memory [partsOfDate]float64
	for r, v := range values {
		if isMissing(v) {
			continue
		}
		present++
		ok := f.Use != Category && f.Use != Embedding && f.read(v, memory[:f.numbers()])
		if levels {
			_, ok = places[folded(v)]
		}
		if !ok {
			if odd++; first < 0 {
				first = r
			}
		}
	}
	switch {
	case odd == 0:
		return "", nil
	case levels:
		return fmt.Sprintf("Column %s: %d %s not among the levels to learn from, such as %s in row %d.",
			quoted(f.Name), odd, plural(odd, "value is", "values are"), quoted(values[first]), first+1), nil
	case float64(odd) > (1-shareOfNumber)*float64(present):
		return "", errors.Errorf("tabular: column %s must have values of the kind %s, got %s in row %d", quoted(f.Name), f.Use, quoted(values[first]), first+1)
	}
	return fmt.Sprintf("Column %s: %d %s taken as missing, such as %s in row %d.",
		quoted(f.Name), odd, plural(odd, "value is", "values are"), quoted(values[first]), first+1), nil
}
