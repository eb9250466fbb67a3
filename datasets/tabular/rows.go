package tabular

import (
	"strings"

	"github.com/pkg/errors"
)

// targets returns the places of the columns to predict.
func (p *Plan) targets(t *Table) ([]int, error) {
	var places []int
	for _, c := range p.Columns {
		if c.Use != Target {
			continue
		}
		i, err := t.Column(c.Name)
		if err != nil {
			return nil, err
		}
		places = append(places, i)
	}
	return places, nil
}

// target reads a number or a label.
func (p *Plan) target(t *Table, column, row int) (float64, bool) {
	value := t.Values[column][row]
	if p.Task == Labels {
		yes, ok := boolean(value)
		if yes {
			return 1, ok
		}
		return 0, ok
	}
	for _, c := range p.Columns {
		if c.Name == t.Names[column] {
			return c.number(value)
		}
	}
	return number(value, false)
}

// Rows returns the rows that have what is to be predicted.
func (p *Plan) Rows(t *Table) ([]int, error) {
	targets, err := p.targets(t)
	if err != nil {
		return nil, err
	}
	var rows []int
	for r := range t.Len() {
		has := true
		for _, i := range targets {
			if p.Task == Classes {
				has = has && !isMissing(t.Values[i][r])
				continue
			}
			_, ok := p.target(t, i, r)
			has = has && ok
		}
		if has {
			rows = append(rows, r)
		}
	}
	if len(rows) == 0 {
		return nil, errors.New("tabular: must have a row with a target, got none")
	}
	return rows, nil
}

// Labels returns the classes of rows.
func (p *Plan) Labels(t *Table, rows []int) ([]int, error) {
	targets, err := p.targets(t)
	if err != nil {
		return nil, err
	}
	at := make(map[string]int)
	for k, name := range p.ClassNames {
		at[name] = k
	}
	// Rare spellings of a class.
	folds := make(map[string]int)
	for k, name := range p.ClassNames {
		if _, ok := folds[folded(name)]; !ok {
			folds[folded(name)] = k
		}
	}
	labels := make([]int, len(rows))
	for n, r := range rows {
		value := t.Values[targets[0]][r]
		k, ok := at[value]
		if !ok {
			k, ok = folds[folded(value)]
		}
		if !ok {
			return nil, errors.Errorf("tabular: row %d: target must be one of the classes %s, got %s", r+1, listed(p.ClassNames), quoted(value))
		}
		labels[n] = k
	}
	return labels, nil
}

// Numbers returns the numbers to predict, or the labels as 0 and 1, of rows: of one row
// after another.
func (p *Plan) Numbers(t *Table, rows []int) ([]float64, error) {
	targets, err := p.targets(t)
	if err != nil {
		return nil, err
	}
	var all []float64
	for _, r := range rows {
		for _, i := range targets {
			v, ok := p.target(t, i, r)
			if !ok {
				return nil, errors.Errorf("tabular: row %d must have a target, got %s", r+1, quoted(t.Values[i][r]))
			}
			all = append(all, v)
		}
	}
	return all, nil
}

// Blocks returns for each of the given rows the number of the block that it is in. Rows of a
// block belong together: they have the same group or, without groups, the same value in
// every column that is used, so that a copy of a row cannot be in another part.
func (p *Plan) Blocks(t *Table, rows []int) ([]int, error) {
	var columns []int
	for _, c := range p.Columns {
		if c.Use == Out || p.One(Group) != "" && c.Use != Group {
			continue
		}
		i, err := t.Column(c.Name)
		if err != nil {
			return nil, err
		}
		columns = append(columns, i)
	}
	blocks := make([]int, len(rows))
	number := make(map[string]int)
	var key strings.Builder
	for n, r := range rows {
		key.Reset()
		for _, i := range columns {
			key.WriteString(folded(t.Values[i][r]))
			key.WriteByte(0)
		}
		k, ok := number[key.String()]
		if !ok {
			k = len(number)
			number[key.String()] = k
		}
		blocks[n] = k
	}
	return blocks, nil
}

// Sequence returns the values of the column that orders the rows, as numbers.
func (p *Plan) Sequence(t *Table, rows []int) ([]float64, error) {
	i, err := t.Column(p.One(Order))
	if err != nil {
		return nil, err
	}
	c := look(t.Names[i], t.Values[i])
	layout := ""
	if c.asDate(t.Values[i], inspect(t.Values[i])) {
		layout = c.Layout
	}
	at := make([]float64, len(rows))
	for n, r := range rows {
		value := t.Values[i][r]
		x, ok := anyNumber(value)
		if layout != "" {
			x, ok = date(value, layout)
		}
		if !ok {
			return nil, errors.Errorf("tabular: order: column %s must have a number or a date in each row, got %s in row %d", quoted(t.Names[i]), quoted(value), r+1)
		}
		at[n] = x
	}
	return at, nil
}
