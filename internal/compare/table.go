package compare

import (
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/datasets/tabular"
	"github.com/gorgonia-dropout/dropout/models"
)

// A Table is a table with a plan, as a subject.
type Table struct {
	Table *tabular.Table
	Plan  *tabular.Plan
}

// Kind implements [Subject].
func (t *Table) Kind() Kind { return Kind(t.Plan.Task) }

// Outputs implements [Subject].
func (t *Table) Outputs() int {
	if t.Plan.Task == tabular.Classes {
		return len(t.Plan.ClassNames)
	}
	return len(t.Plan.Targets())
}

// Names implements [Subject].
func (t *Table) Names() []string {
	if t.Plan.Task == tabular.Classes {
		return t.Plan.ClassNames
	}
	return t.Plan.Targets()
}

// Space implements [Subject].
func (t *Table) Space() Space {
	space := Space{
		First:       Settings{Hidden: []int{128, 128}, LR: 0.003, WeightDecay: 0.01, HiddenP: 0.2},
		Hidden:      [][]int{{64}, {128}, {256}, {64, 64}, {128, 128}, {128, 128}, {256, 128}, {128, 128, 64}},
		LR:          [2]float64{0.0007, 0.02},
		WeightDecay: [2]float64{0.0001, 1},
		InputP:      [2]float64{0.01, 0.2},
		HiddenP:     [2]float64{0.02, 0.6},
		LinearLR:    0.02,
	}
	if len(t.Plan.Features()) > 100 {
		space.LinearLR = 0.003
	}
	if t.Plan.Task == tabular.Numbers {
		space.First.HiddenP, space.HiddenP, space.LogP = 0.05, [2]float64{0.005, 0.5}, true
	}
	return space
}

// Length implements [Subject].
func (t *Table) Length(n int) Length { return lengthFor(n, 4000, 300) }

// Part implements [Subject]: the encoding is fitted to the training part.
func (t *Table) Part(s Split) (*Part, error) {
	p, e, err := t.fit(s)
	if err != nil {
		return nil, err
	}
	if p.Train, err = e.Examples(t.Table, s.Train); err != nil {
		return nil, err
	}
	if p.Validation, err = e.Examples(t.Table, s.Validation); err != nil {
		return nil, err
	}
	if len(s.Test) > 0 {
		p.Test, err = e.Examples(t.Table, s.Test)
	}
	return p, err
}

// fit returns a part without its data.
func (t *Table) fit(s Split) (*Part, *tabular.Encoder, error) {
	e, err := tabular.Fit(t.Plan, t.Table, s.Train)
	if err != nil {
		return nil, nil, err
	}
	p := &Part{Input: []int{e.Inputs()}, Fitted: e, Std: e.TargetStd}
	if t.Plan.Task == tabular.Numbers {
		p.Scale = e
	}
	return p, e, nil
}

// Sketch implements [Subject].
func (t *Table) Sketch(s Split) (*Part, int64, error) {
	p, e, err := t.fit(s)
	if err != nil {
		return nil, 0, err
	}
	one, err := e.Examples(t.Table, s.Train[:1])
	if err != nil {
		return nil, 0, err
	}
	if p.Train, err = repeated(one, len(s.Train)); err != nil {
		return nil, 0, err
	}
	p.Validation, err = repeated(one, len(s.Validation))
	const each = 4 // bytes of a float32
	return p, each * int64(valuesOf(p.Input, s)), err
}

// Network implements [Subject].
func (t *Table) Network(s Settings, p *Part) models.Layer {
	return Tabular(p.Fitted.(*tabular.Encoder), t.Outputs(), s)
}

// Tabular returns the network for rows of an encoder.
func Tabular(e *tabular.Encoder, outputs int, s Settings) models.Layer {
	net := models.MLP{Hidden: s.Hidden, Outputs: outputs, InputDropout: s.InputP, HiddenDropout: s.HiddenP}
	widths := embedded(e)
	if widths == nil || len(s.Hidden) == 0 {
		net.Inputs = e.Inputs()
		return net
	}
	return append(models.Sequential{blocks(widths)}, net.Layers()...)
}

// Splits implements [Subject].
func (t *Table) Splits(s Splitting) ([]Split, error) {
	rows, err := t.Plan.Rows(t.Table)
	if err != nil {
		return nil, err
	}
	if t.Plan.One(tabular.Order) != "" {
		if t.Plan.One(tabular.Group) != "" {
			return nil, errors.New("rows must be split by group or by order, got both")
		}
		at, err := t.Plan.Sequence(t.Table, rows)
		if err != nil {
			return nil, err
		}
		return s.byOrder(rows, at)
	}
	blocks, err := t.Plan.Blocks(t.Table, rows)
	if err != nil {
		return nil, err
	}
	if t.Plan.One(tabular.Group) != "" {
		return s.byGroup(rows, blocks)
	}
	strata, err := t.strata(rows)
	if err != nil {
		return nil, err
	}
	return s.byBlock(rows, blocks, strata)
}

// strata returns the class of each row, or which tenth of the numbers its number is in.
func (t *Table) strata(rows []int) ([]int, error) {
	switch t.Plan.Task {
	case tabular.Classes:
		return t.Plan.Labels(t.Table, rows)
	case tabular.Numbers:
		numbers, err := t.Plan.Numbers(t.Table, rows)
		if err != nil {
			return nil, err
		}
		first := make([]float64, len(rows))
		for i := range first {
			first[i] = numbers[i*t.Outputs()]
		}
		return tenths(first), nil
	}
	return make([]int, len(rows)), nil
}
