package metrics

import (
	"encoding/json"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/exactsum"
)

// A Confusion counts the labels of each class by the predicted class, the one
// with the largest output. Its zero value has seen nothing. It is an
// [Accumulator] whose value is the accuracy.
type Confusion struct {
	classes int
	cells   map[int]*exactsum.Sum // by label*(classes+1) + decision; that of NaN is classes
}

// Add adds the labels of a batch.
func (c *Confusion) Add(b Batch) error {
	l, err := b.byLabels()
	if err == nil {
		err = c.fit(l.classes)
	}
	if err != nil {
		return errors.Wrap(err, "metrics: Confusion")
	}
	l.each(func(row []float64, label int, weight float64) {
		k, ok := decision(row)
		if !ok {
			k = c.classes
		}
		c.cell(label*(c.classes+1) + k).Add(weight)
	})
	return nil
}

// cell returns a cell, which it makes if necessary.
func (c *Confusion) cell(at int) *exactsum.Sum {
	if c.cells[at] == nil {
		if c.cells == nil {
			c.cells = make(map[int]*exactsum.Sum)
		}
		c.cells[at] = new(exactsum.Sum)
	}
	return c.cells[at]
}

func (c *Confusion) fit(classes int) error {
	if c.classes != 0 && classes != c.classes {
		return errors.Errorf("classes must be %d as before, got %d", c.classes, classes)
	}
	c.classes = classes
	return nil
}

// Merge adds what another Confusion has seen.
func (c *Confusion) Merge(a Accumulator) error {
	other, err := same(c, a)
	if err != nil || other.classes == 0 {
		return err
	}
	if err := c.fit(other.classes); err != nil {
		return errors.Wrap(err, "metrics: Confusion")
	}
	for at, s := range other.cells {
		c.cell(at).Merge(s)
	}
	return nil
}

// Counts returns the weight of the labels by true class (rows) and predicted
// class (columns). The last column, after those of the classes, has the labels
// without a prediction because an output was NaN.
func (c *Confusion) Counts() [][]float64 {
	rows := make([][]float64, c.classes)
	for y := range rows {
		rows[y] = make([]float64, c.classes+1)
		for k := range rows[y] {
			if s := c.cells[y*(c.classes+1)+k]; s != nil {
				rows[y][k] = s.Float64()
			}
		}
	}
	return rows
}

// confusionState is a Confusion in JSON.
type confusionState struct {
	Classes int                   `json:"classes"`
	Cells   map[int]*exactsum.Sum `json:"cells"`
}

// MarshalJSON writes the state.
func (c *Confusion) MarshalJSON() ([]byte, error) {
	return json.Marshal(confusionState{c.classes, c.cells})
}

// UnmarshalJSON replaces the state by that of another Confusion.
func (c *Confusion) UnmarshalJSON(data []byte) error {
	var s confusionState
	if err := json.Unmarshal(data, &s); err != nil {
		return errors.Wrap(err, "metrics: Confusion: state")
	}
	if s.Classes < 0 {
		return errors.Errorf("metrics: Confusion: state must not have fewer classes than none, got %d", s.Classes)
	}
	for at, sum := range s.Cells {
		if sum == nil || at < 0 || at/(s.Classes+1) >= s.Classes {
			return errors.Errorf("metrics: Confusion: state must have cells of %d classes, got cell %d", s.Classes, at)
		}
	}
	c.classes, c.cells = s.Classes, s.Cells
	return nil
}

// Value returns the accuracy.
func (c *Confusion) Value() float64 {
	var right, all exactsum.Sum
	for at, s := range c.cells {
		all.Merge(s)
		if at/(c.classes+1) == at%(c.classes+1) {
			right.Merge(s)
		}
	}
	return exactsum.Ratio(&right, &all)
}
