package compare

import (
	"math"

	"github.com/pkg/errors"
	"gonum.org/v1/gonum/mat"

	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

// guess returns the predictions of who knows nothing but how often there is what in the
// training part: of classes and labels their shares, with one more example of each so that
// none is impossible, of numbers mean and variance, of text the shares of characters.
func guess(k Kind, outputs int, p *Part) (*Predictions, error) {
	all := &Predictions{Kind: k, Outputs: outputs}
	switch k {
	case Text:
		return guessText(outputs, p, false)
	case Classes:
		shares := make([]float64, outputs)
		labels, err := labelsOf(p.Train)
		if err != nil {
			return nil, err
		}
		for c := range shares {
			shares[c] = 1 / float64(len(labels)+outputs)
		}
		for _, y := range labels {
			shares[y] += 1 / float64(len(labels)+outputs)
		}
		if all.Classes, err = labelsOf(p.Test); err != nil {
			return nil, err
		}
		for range all.Classes {
			all.Probabilities = append(all.Probabilities, shares)
		}
		return all, nil
	}
	train, err := numbersOf(p.Train, outputs)
	if err != nil {
		return nil, err
	}
	test, err := numbersOf(p.Test, outputs)
	if err != nil {
		return nil, err
	}
	mean := make([]float64, outputs)
	for _, row := range train {
		for c, y := range row {
			mean[c] += y / float64(len(train))
		}
	}
	if k == Labels {
		all.Truth = test
		for c := range mean {
			mean[c] = (mean[c]*float64(len(train)) + 1) / float64(len(train)+2)
		}
		for range test {
			all.Probabilities = append(all.Probabilities, mean)
		}
		return all, nil
	}
	said := make([][]float64, len(test))
	for i := range said {
		said[i] = mean
	}
	validation, err := numbersOf(p.Validation, outputs)
	if err != nil {
		return nil, err
	}
	checked := make([][]float64, len(validation))
	for i := range checked {
		checked[i] = mean
	}
	return all, all.numbers(p.Scale, said, test, checked, validation)
}

// numbers fills in predictions of standardized numbers, with the noise that the validation
// part gives.
func (p *Predictions) numbers(scale uncertainty.Scale, said, test, checked, validation [][]float64) error {
	noise := make([]float64, p.Outputs)
	valuesOf := func(said, truth [][]float64) ([]uncertainty.Values, error) {
		var all []uncertainty.Values
		for i := range said {
			mean, target := append([]float64(nil), said[i]...), append([]float64(nil), truth[i]...)
			for _, v := range [][]float64{mean, target} {
				if err := scale.Restore(v); err != nil {
					return nil, err
				}
			}
			all = append(all, uncertainty.Values{Target: target, Passes: [][]float64{mean}, Mean: mean, Variance: make([]float64, len(mean))})
		}
		return all, nil
	}
	held, err := valuesOf(checked, validation)
	if err != nil {
		return err
	}
	for k := range noise {
		if noise[k], err = Noise(held, k); err != nil {
			return err
		}
	}
	if p.Values, err = valuesOf(said, test); err != nil {
		return err
	}
	for range p.Values {
		p.Noise = append(p.Noise, noise)
	}
	return nil
}

// ridges are the penalties that linear regression chooses from, for each example.
var ridges = []float64{1e-6, 1e-4, 1e-3, 1e-2, 1e-1, 1}

// linear returns the predictions of linear regression with the penalty that the validation
// part prefers (Hoerl and Kennard 1970).
func linear(outputs int, p *Part) (*Predictions, error) {
	var x, y [3]*mat.Dense
	for i, d := range []training.Dataset{p.Train, p.Validation, p.Test} {
		rows, err := inputsOf(d)
		if err != nil {
			return nil, err
		}
		numbers, err := numbersOf(d, outputs)
		if err != nil {
			return nil, err
		}
		width := len(rows) / d.Len()
		x[i], y[i] = mat.NewDense(d.Len(), width+1, nil), mat.NewDense(d.Len(), outputs, nil)
		for r := range d.Len() {
			for c := range width {
				x[i].Set(r, c, float64(rows[r*width+c]))
			}
			x[i].Set(r, width, 1)
			y[i].SetRow(r, numbers[r])
		}
	}
	n, width := x[0].Dims()
	var gram, right mat.Dense
	gram.Mul(x[0].T(), x[0])
	right.Mul(x[0].T(), y[0])
	var best *mat.Dense
	least := math.Inf(1)
	for _, ridge := range ridges {
		s := mat.NewSymDense(width, nil)
		for i := range width {
			for j := i; j < width; j++ {
				s.SetSym(i, j, gram.At(i, j))
			}
			if i < width-1 { // not the constant
				s.SetSym(i, i, s.At(i, i)+ridge*float64(n))
			}
		}
		var c mat.Cholesky
		var w, said mat.Dense
		if !c.Factorize(s) || c.SolveTo(&w, &right) != nil {
			continue // a stronger penalty may do
		}
		said.Mul(x[1], &w)
		said.Sub(&said, y[1])
		if e := mat.Norm(&said, 2); e < least {
			best, least = &w, e
		}
	}
	if best == nil {
		return nil, errors.New("compare: linear regression must have a solution, got none")
	}
	var checked, said mat.Dense
	checked.Mul(x[1], best)
	said.Mul(x[2], best)
	all := &Predictions{Kind: Numbers, Outputs: outputs}
	return all, all.numbers(p.Scale, rowsOf(&said), rowsOf(y[2]), rowsOf(&checked), rowsOf(y[1]))
}

func rowsOf(m *mat.Dense) [][]float64 {
	n, _ := m.Dims()
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = mat.Row(nil, i, m)
	}
	return rows
}

func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func inputsOf(d training.Dataset) ([]float32, error) {
	size := 1
	for _, n := range d.InputShape() {
		size *= n
	}
	x := make([]float32, size*d.Len())
	var y []int
	if training.FieldsOf(d).Target == nil {
		y = make([]int, d.Len())
	}
	return x, d.Gather(indices(d.Len()), x, y)
}

func labelsOf(d training.Dataset) ([]int, error) {
	size := 1
	for _, n := range d.InputShape() {
		size *= n
	}
	y := make([]int, d.Len())
	return y, d.Gather(indices(d.Len()), make([]float32, size*d.Len()), y)
}

func numbersOf(d training.Dataset, outputs int) ([][]float64, error) {
	y := make([]float32, outputs*d.Len())
	if err := training.GatherFields(d, indices(d.Len()), y, nil); err != nil {
		return nil, err
	}
	rows := make([][]float64, d.Len())
	for i := range rows {
		for _, v := range y[i*outputs : (i+1)*outputs] {
			rows[i] = append(rows[i], float64(v))
		}
	}
	return rows, nil
}

// guessText returns what predictions of the next character are worth by the shares of
// characters or, with pairs, by those after the last one.
func guessText(vocabulary int, p *Part, pairs bool) (*Predictions, error) {
	last := func(id int) int {
		if pairs {
			return id
		}
		return 0
	}
	count := make([]float64, vocabulary*vocabulary)
	total := make([]float64, vocabulary)
	if err := eachCharacter(p.Train, func(id, next int) {
		count[last(id)*vocabulary+next]++
		total[last(id)]++
	}); err != nil {
		return nil, err
	}
	s := &Scores{Calibration: -1}
	err := eachCharacter(p.Test, func(id, next int) {
		row := count[last(id)*vocabulary : (last(id)+1)*vocabulary]
		s.NLL -= math.Log((row[next] + 1) / (total[last(id)] + float64(vocabulary)))
		if top(row) != next {
			s.Error++
		}
		s.Examples++
	})
	s.NLL /= float64(s.Examples)
	s.Error /= float64(s.Examples)
	return &Predictions{Kind: Text, Outputs: vocabulary, text: s}, err
}

func eachCharacter(d training.Dataset, f func(id, next int)) error {
	n := d.InputShape()[0]
	x, y := make([]float32, n), make([]int, n)
	for i := range d.Len() {
		if err := d.Gather([]int{i}, x, y); err != nil {
			return err
		}
		for k := range x {
			f(int(x[k]), y[k])
		}
	}
	return nil
}
